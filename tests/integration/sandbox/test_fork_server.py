"""A fork server without torch: that it ends with its owner, and what happens where it can't serve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketfit.sandbox.order import ResourceLimits
from pocketfit.supervised import finish_supervised
from pocketfit.supervised.forks import ForkServer

HERE = Path(__file__).resolve().parent
SERVER = (sys.executable, "-I", str(HERE / "server.py"))
# In the place of ours: what each says instead of serving.
SILENT = "import sys; sys.exit('no torch here')"
WITH_A_THREAD = (
    "import runpy, sys, threading, time\n"
    "threading.Thread(target=time.sleep, args=[60], daemon=True).start()\n"
    "sys.argv[:1] = []\nrunpy.run_path(sys.argv[0], run_name='__main__')"
)
WITH_SHARED_MEMORY = (
    "import mmap, runpy, sys\nkept = mmap.mmap(-1, 4096)\n"
    "sys.argv[:1] = []\nrunpy.run_path(sys.argv[0], run_name='__main__')"
)
OWNER = """
import sys
from pathlib import Path
from pocketfit.sandbox.order import ResourceLimits
from pocketfit.supervised import finish_supervised
from pocketfit.supervised.forks import ForkServer
server = ForkServer(sys.argv[1:], "", {}, Path("/"))
code = "import os, time; print(os.getpid(), flush=True); open('pids', 'w').write(f'{os.getpid()} {os.getppid()}\\\\n'); time.sleep(600)"
assert server.early() is not None
finish_supervised([sys.executable, "-I", "-c", code], timeout=600, limits=ResourceLimits(), cwd=Path.cwd(), server=server)
"""


def made(*args: str) -> ForkServer:
    return ForkServer(args or SERVER, "", {}, Path("/"))


@pytest.fixture
def server() -> Iterator[ForkServer]:
    one = made()
    yield one
    one.close()


def run(code: str, server: ForkServer | None, folder: Path, *, timeout: float = 60) -> tuple[int, str, str]:
    words = [sys.executable, "-I", "-c", code]
    done = finish_supervised(
        words, timeout=timeout, limits=ResourceLimits(), cwd=folder, env={"ONE": "1"}, server=server, last_words=True
    )
    return done.code, done.stdout, done.hit


def forked(code: str) -> str:
    """Code that says first whether no program was started for it."""
    return f"import sys; print('server' '.py' in open('/proc/self/cmdline').read())\n{code}"


ENDS = {
    "says": ("import os; print(dict(sorted(os.environ.items())), os.getcwd())", 60),
    "fails": ("sys.exit(3)", 60),
    "raises": ("1 / 0", 60),
    "crashes": ("sys.stdout.flush(); import os; os.kill(os.getpid(), 11)", 60),
    "takes long": ("sys.stdout.flush(); import time; time.sleep(99)", 1),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_same_is_said_of_how_it_ended(server: ForkServer, tmp_path: Path, how: str) -> None:
    code, timeout = ENDS[how]
    of_fork, of_start = (run(forked(code), one, tmp_path, timeout=timeout) for one in (server, None))
    assert of_fork == (of_start[0], of_start[1].replace("False", "True"), of_start[2])
    assert of_start[0] == {"says": 0, "fails": 3, "raises": 1, "crashes": -11, "takes long": -signal.SIGABRT}[how]
    assert ("'ONE': '1'" in of_fork[1]) == (how == "says")


def test_none_of_another_fork_is_seen(server: ForkServer, tmp_path: Path) -> None:
    """Nor is anything of what its owner has open, or of its supervisor's."""
    with (tmp_path / "secret").open("w"):
        os.set_inheritable(os.open(tmp_path / "secret", os.O_RDONLY), True)
        code = forked(
            "import os; left = os.environ.get('LEFT'); os.environ['LEFT'] = '1'; sys.left = 1\n"
            "print(left, sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
        )
        for _ in range(2):
            assert run(code, server, tmp_path) == (0, "True\nNone [0, 1, 2]\n", "")


@pytest.mark.parametrize(
    "words",
    [
        (sys.executable, "-I", "-c", SILENT),
        (sys.executable, "-I", "-c", WITH_A_THREAD, SERVER[2]),
        (sys.executable, "-I", "-c", WITH_SHARED_MEMORY, SERVER[2]),
        ("/nowhere/python",),
    ],
    ids=["ends", "has a thread", "shares memory", "is not there"],
)
def test_where_none_serves_programs_are_started(tmp_path: Path, words: tuple[str, ...]) -> None:
    server = made(*words)
    assert server.early() is None
    assert run(forked(""), server, tmp_path) == (0, "False\n", "")
    server.close()


def test_programs_are_started_once_it_was_killed(server: ForkServer, tmp_path: Path) -> None:
    assert server.early() == frozenset()
    (pid,) = (int(each.parent.name) for each in Path("/proc").glob("[0-9]*/cmdline") if is_server_of(os.getpid(), each))
    os.kill(pid, signal.SIGKILL)
    assert run(forked(""), server, tmp_path) == (0, "False\n", "")
    assert server.early() is None


def is_server_of(owner: int, file: Path) -> bool:
    try:
        of_parent = f"\nPPid:\t{owner}\n" in (file.parent / "status").read_text()
        return of_parent and b"server.py" in file.read_bytes()
    except OSError:
        return False


def test_nothing_is_left_where_its_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *SERVER], cwd=tmp_path)
    until = time.monotonic() + 60
    while not ((tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n")):
        assert time.monotonic() < until
        assert owner.poll() is None
        time.sleep(0.02)
    program, supervisor = map(int, (tmp_path / "pids").read_text().split())
    status = Path(f"/proc/{supervisor}/status").read_text()
    of_server = int(status.partition("PPid:\t")[2].split()[0])
    assert f"PPid:\t{owner.pid}\n" in Path(f"/proc/{of_server}/status").read_text()
    owner.kill()
    owner.wait()
    while any(is_alive(pid) for pid in (program, supervisor, of_server)):
        assert time.monotonic() < until
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
