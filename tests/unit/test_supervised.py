"""Programs under a supervisor: how each end is told, and that nothing of them is left."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from pocketfit.errors import CommandError
from pocketfit.process import Finished, pool_of_threads, run
from pocketfit.sandbox.order import ResourceLimits, Walls, describe_hit
from pocketfit.sandbox.paths import of_interpreter, of_system
from pocketfit.supervised import finish_supervised

LIMITS = ResourceLimits()
ROOT = Path(__file__).resolve().parents[2]


def supervised(code: str, *, timeout: float = 60, limits: ResourceLimits = LIMITS, cwd: Path | None = None) -> Finished:
    return finish_supervised([sys.executable, "-c", code], timeout=timeout, limits=limits, cwd=cwd)


def is_gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "zombie" in status.read_text()
    except OSError:
        return True


def test_a_program_that_ends_has_its_output_and_code() -> None:
    done = supervised("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert done == Finished(3, "out\n", "err\n")


def test_a_signal_has_a_name() -> None:
    assert supervised("import os; os.kill(os.getpid(), 11)").signal_name == "SIGSEGV"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no-such-program"], "no-such-program exited with 127: no-such-program not found"),
        (["/etc/passwd"], "/etc/passwd exited with 126: /etc/passwd may not be run"),
    ],
)
def test_a_program_that_can_not_be_started(args: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        finish_supervised(args, timeout=20, limits=LIMITS)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"exited with 127: .*/nowhere not found"):
        supervised("pass", cwd=tmp_path / "nowhere")


def test_the_environment_is_replaced() -> None:
    done = finish_supervised(["env"], timeout=20, limits=LIMITS, env={"A": "1", "PATH": os.environ["PATH"]})
    assert sorted(done.stdout.split()) == ["A=1", f"PATH={os.environ['PATH']}"]


def test_a_pipe_that_a_daemon_holds_is_not_waited_for(tmp_path: Path) -> None:
    """One Popen in a session of its own, which inherits stdout, once made a run hang for ever."""
    code = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '3600'], start_new_session=True)\n"
        "open('pid', 'w').write(str(child.pid)); print('done')"
    )
    began = time.monotonic()
    done = supervised(code, cwd=tmp_path)
    assert (done.code, done.stdout, done.left) == (0, "done\n", 1)
    assert time.monotonic() - began < 50
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_hangs_with_a_daemon_ends_at_its_time(tmp_path: Path) -> None:
    code = (
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '3600'], start_new_session=True)\n"
        "open('pid', 'w').write(str(child.pid)); time.sleep(3600)"
    )
    done = supervised(code, timeout=3, cwd=tmp_path)
    assert (done.timed_out, done.hit, done.signal_name) == (True, "time", "SIGKILL")
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_is_out_of_time_can_say_where_it_is() -> None:
    code = "import faulthandler, time\nfaulthandler.enable()\ndef forward(): time.sleep(3600)\nforward()"
    words = [sys.executable, "-c", code]
    done = finish_supervised(words, timeout=3, limits=LIMITS, last_words=True)
    assert (done.hit, done.signal_name) == ("time", "SIGABRT")
    assert "Fatal Python error: Aborted" in done.stderr
    assert 'File "<string>", line 3 in forward' in done.stderr


def test_a_program_that_will_not_say_it_is_ended_all_the_same() -> None:
    code = "import signal, time\nsignal.signal(signal.SIGABRT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    done = finish_supervised([sys.executable, "-c", code], timeout=3, limits=LIMITS, last_words=True)
    assert (done.hit, done.signal_name) == ("time", "SIGKILL")


DAEMON = """
import os, time
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(f"daemon-{os.getpid()}", "w").close()
            time.sleep(3600)
        os._exit(0)
for _ in range(3):
    daemon()
while len([name for name in os.listdir() if name.startswith("daemon-")]) < 3:
    time.sleep(0.01)
"""


@pytest.mark.parametrize("count", [3, 400])
def test_daemons_of_a_double_fork_are_gone(tmp_path: Path, count: int) -> None:
    code = DAEMON.replace("3)", f"{count})").replace("< 3:", f"< {count}:")
    done = supervised(code, cwd=tmp_path, timeout=300, limits=ResourceLimits(processes=2000))
    assert done.code == 0
    pids = [int(path.name.removeprefix("daemon-")) for path in tmp_path.glob("daemon-*")]
    assert len(pids) == count
    assert all(map(is_gone, pids))


def test_ten_thousand_daemons_are_stopped_at_the_limit_and_gone(tmp_path: Path) -> None:
    many = DAEMON.replace("3)", "10_000)").replace("< 3:", "< 10_000:")
    done = supervised(many, cwd=tmp_path, timeout=300)
    assert done.hit == "processes"
    pids = [int(path.name.removeprefix("daemon-")) for path in tmp_path.glob("daemon-*")]
    assert 0 < len(pids) < 10_000
    assert all(map(is_gone, pids))


def test_all_of_it_ends_with_us(tmp_path: Path) -> None:
    """We are killed with -9, and the program with its daemons is gone soon after."""
    ours = (
        "import sys\nfrom pocketfit.supervised import finish_supervised\n"
        "from pocketfit.sandbox.order import ResourceLimits\n"
        f"finish_supervised([sys.executable, '-c', {DAEMON + 'open(chr(117) + chr(112), chr(119)).close(); time.sleep(3600)'!r}],"
        " timeout=3600, limits=ResourceLimits())"
    )
    us = subprocess.Popen([sys.executable, "-c", ours], cwd=tmp_path)
    wait_for((tmp_path / "up").exists)
    us.kill()
    us.wait()
    pids = [int(path.name.removeprefix("daemon-")) for path in tmp_path.glob("daemon-*")]
    assert len(pids) == 3
    wait_for(lambda: all(map(is_gone, pids)))


def wait_for(condition: object, patience_s: float = 60) -> None:
    until = time.monotonic() + patience_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def test_an_interrupt_ends_what_a_pool_runs_and_starts_nothing_more_in_it(tmp_path: Path) -> None:
    pending: list[Future[Finished]] = []

    def interrupted() -> None:
        with pool_of_threads(1) as pool:
            pending.append(pool.submit(supervised, DAEMON + "open('up', 'w').close(); time.sleep(3600)", cwd=tmp_path))
            pending.append(pool.submit(supervised, "pass"))
            wait_for((tmp_path / "up").exists)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    done = pending[0].result()
    assert (done.signal_name, done.hit) == ("SIGKILL", "stopped")
    with pytest.raises(CommandError, match="exited with 130: not started, since we were told to stop"):
        pending[1].result()
    assert all(is_gone(int(path.name.removeprefix("daemon-"))) for path in tmp_path.glob("daemon-*"))
    assert run("echo", "again", timeout=20) == "again\n"


def test_a_gigabyte_of_output_keeps_both_its_ends() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = (
        "import os\nos.write(1, b'first line\\n')\n"
        "block = b'x' * 999 + b'\\n'\nchunk = block * 1000\n"
        "for _ in range(1000):\n"
        "    view = memoryview(chunk)\n"
        "    while view:\n        view = view[os.write(1, view):]\n"
        "os.write(1, b'last line\\n')"
    )
    done = supervised(code, timeout=500)
    assert done.code == 0
    assert done.stdout.startswith("first line\n")
    assert done.stdout.endswith("last line\n")
    assert "[998000021 bytes of output left out here]" in done.stdout
    assert len(done.stdout) < 2_000_100
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 50_000


def test_more_memory_than_the_limit_in_a_tree_of_processes() -> None:
    """Each of the three is below it, and shared memory counts too."""
    code = (
        "import mmap, os, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        shared = mmap.mmap(-1, 120_000_000)\n"
        "        for at in range(0, len(shared), 4096): shared[at] = 1\n"
        "        time.sleep(3600)\n"
        "time.sleep(3600)"
    )
    limits = ResourceLimits(memory_bytes=300_000_000)
    done = supervised(code, limits=limits, timeout=300)
    assert (done.hit, done.signal_name) == ("memory", "SIGKILL")
    assert describe_hit(done.hit, limits) == "needs more memory than the limit of 0.3 GB"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has the score")
def test_the_kernel_ends_a_stranger_first_for_want_of_memory() -> None:
    assert supervised("print(open('/proc/self/oom_score_adj').read())").stdout.strip() == "1000"


def test_memory_that_many_share_counts_once() -> None:
    """As that of workers does, which a program forks off after it loaded its data."""
    code = (
        "import os, time\n"
        "data = bytearray(200_000_000)\n"
        "children = [os.fork() for _ in range(3)]\n"
        "if 0 in children: time.sleep(3); os._exit(0)\n"
        "for pid in children: os.waitpid(pid, 0)\n"
        "print('done')"
    )
    # Whoever forks in the loop goes on with it: seven children of four.
    done = supervised(code, limits=ResourceLimits(memory_bytes=600_000_000), timeout=300)
    assert (done.hit, done.stdout) == ("", "done\n")


def test_more_processes_than_the_limit() -> None:
    limits = ResourceLimits(processes=60)
    done = supervised(
        "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(3600)", limits=limits, timeout=300
    )
    assert done.hit == "processes"
    assert describe_hit(done.hit, limits) == "started more than 60 processes and threads"


def test_a_file_beyond_the_limit_by_a_program_that_ignores_no_signal(tmp_path: Path) -> None:
    limits = ResourceLimits(file_bytes=1_000_000)
    done = finish_supervised(
        ["sh", "-c", "exec head -c 2000000 /dev/zero > big"], timeout=60, limits=limits, cwd=tmp_path
    )
    assert done.hit == "file"
    assert done.code == -signal.SIGXFSZ
    assert (tmp_path / "big").stat().st_size == 1_000_000
    assert describe_hit(done.hit, limits) == "wrote more than 0.001 GB into a file"


@pytest.mark.skipif(sys.platform != "linux", reason="a file's room is taken by a call of Linux's")
@pytest.mark.parametrize(
    ("body", "hit", "said"),
    [
        ("open(str(n), 'w').close()", "files", "made more than 400 files, or folders that can't be looked into"),
        ("fill(open(str(n % 30), 'w'))", "folder", "wrote more than 0.02 GB of files"),
        ("held = open('x', 'w'); os.remove('x'); n < 30 and fill(held); files.append(held); del files[40:]", "folder", "wrote more than 0.02 GB of files"),
        # Quicker than we look.
        ("fill(open(str(n), 'w')); n < 30 or os._exit(0)", "folder", "wrote more than 0.02 GB of files"),
    ],
)  # fmt: skip
def test_more_files_than_the_limit(tmp_path: Path, body: str, hit: str, said: str) -> None:
    limits = ResourceLimits(files=400, folder_bytes=20_000_000)
    code = (
        "import itertools, os\nfiles = []\n"
        "def fill(file): os.posix_fallocate(file.fileno(), 0, 1_000_000)\n"
        f"for n in itertools.count():\n    {body}"
    )
    done = finish_supervised(
        [sys.executable, "-I", "-c", code],
        timeout=60,
        limits=limits,
        walls=Walls((*of_system(), *of_interpreter()), writable=(str(tmp_path),)),
        cwd=tmp_path,
    )
    assert (done.hit, done.stderr) == (hit, "")
    assert describe_hit(done.hit, limits) == said


def test_a_supervisor_imports_nothing_but_pythons_own(tmp_path: Path) -> None:
    """It is started for every program, and before it there are no walls."""
    code = (
        "import sys; sys.argv = ['x']; import runpy\n"
        f"runpy.run_path({str(ROOT / 'src/pocketfit/sandbox/supervisor.py')!r}, run_name='looked-at')\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] not in sys.stdlib_module_names))"
    )
    done = run(sys.executable, "-I", "-S", "-c", code, timeout=60)
    ours = {name for name in done.split() if name != "__main__"}
    assert all(name == "pocketfit" or name.startswith("pocketfit.sandbox") for name in ours), ours
