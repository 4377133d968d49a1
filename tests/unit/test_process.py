from __future__ import annotations

import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from pocketfit.errors import CommandError
from pocketfit.process import Finished, finish, pool_of_threads, run, stream


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_that_ends_has_its_output_and_code() -> None:
    done = finish(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), timeout=20)
    assert done == Finished(3, "out\n", "err\n")
    assert done.signal_name is None


def test_a_signal_has_a_name() -> None:
    assert finish(python("import os; os.kill(os.getpid(), 11)"), timeout=20).signal_name == "SIGSEGV"
    assert Finished(134, "", "").signal_name == "SIGABRT"


def test_the_environment_is_replaced() -> None:
    assert finish(["env"], timeout=20, env={"A": "1"}).stdout == "A=1\n"


def test_a_hang_ends_with_all_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import subprocess, time; open({str(pid_file)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid)); time.sleep(60)"
    done = finish(python(code), timeout=2)
    assert done.timed_out
    time.sleep(0.2)
    status = Path(f"/proc/{pid_file.read_text()}/status")
    assert not status.exists() or "zombie" in status.read_text()


def test_run_returns_what_was_printed() -> None:
    assert run(*python("print(1)"), timeout=20) == "1\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (python("import sys; sys.exit('no such thing')"), "exited with 1: no such thing"),
        (python("import sys; sys.exit(2)"), r"exited with 2: \(it printed nothing\)"),
        (["no-such-program"], "no-such-program exited with 127: no-such-program not found"),
        (["/etc/passwd"], "/etc/passwd exited with 126: /etc/passwd may not be run"),
    ],
)
def test_run_says_how_it_failed(args: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*args, timeout=20)


def test_run_says_when_there_is_no_answer() -> None:
    with pytest.raises(CommandError, match="sleep exited with 124: no answer in 1 s"):
        run("sleep", "30", timeout=1)


def test_an_interrupt_kills_what_a_pool_runs_and_starts_nothing_more_in_it(tmp_path: Path) -> None:
    up = tmp_path / "up"
    pending: list[Future[Finished]] = []

    def interrupted() -> None:
        with pool_of_threads(1) as pool:
            pending.append(pool.submit(finish, ["sh", "-c", f"touch {up}; sleep 60"], timeout=60))
            pending.append(pool.submit(finish, ["true"], timeout=60))
            while not up.exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - started < 30
    assert pending[0].result().signal_name == "SIGKILL"
    with pytest.raises(CommandError, match="true exited with 130: not started, since we were told to stop"):
        pending[1].result()
    # For those who tidy up.
    assert run("echo", "again", timeout=20) == "again\n"


def test_a_program_that_is_ended_gently_can_tidy_up(tmp_path: Path) -> None:
    pending: list[Future[Finished]] = []
    script = "trap 'echo tidied > tidied; exit 7' TERM; touch up; sleep 60 & wait"
    deaf = "trap '' TERM; touch deaf; sleep 60 & wait"

    def interrupted() -> None:
        with pool_of_threads(2) as pool:
            for each in (script, deaf):
                pending.append(pool.submit(finish, ["sh", "-c", each], timeout=60, cwd=tmp_path, gently=True))
            while not ((tmp_path / "up").exists() and (tmp_path / "deaf").exists()):
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (pending[0].result().code, (tmp_path / "tidied").read_text()) == (7, "tidied\n")
    assert pending[1].result().signal_name == "SIGKILL"


def test_stream_hands_over_lines_in_their_order(tmp_path: Path) -> None:
    lines: list[str] = []
    code = (
        "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three'); sys.exit(3)"
    )
    assert stream(python(code), on_line=lines.append, timeout=20, cwd=tmp_path, env={}) == 3
    assert lines == ["one\n", "two\n", "three\n"]


def test_stream_lets_a_program_tidy_up_when_we_are_stopped(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time, pathlib\n"
        "signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path('tidied').touch(), sys.exit(0)))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )

    def stop(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        stream(python(code), on_line=stop, timeout=30, cwd=tmp_path, env={})
    assert (tmp_path / "tidied").exists()


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_a_program_through_its_tidying_up_and_only_once(tmp_path: Path, name: str, code: int) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "from pocketfit.process import exit_on_sigterm\n"
        # A run in the background of a shell starts with SIGINT ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "exit_on_sigterm()\n"
        f"try:\n    os.kill(os.getpid(), signal.{name})\n"
        "except KeyboardInterrupt:\n    sys.exit(130)\n"
        "finally:\n"
        "    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):\n        os.kill(os.getpid(), number)\n"
        "    pathlib.Path('tidied').touch()\n"
    )
    assert finish(python(program), timeout=20, cwd=tmp_path).code == code
    assert (tmp_path / "tidied").exists()


def test_a_signal_that_was_ignored_before_is_ignored_still(tmp_path: Path) -> None:
    program = (
        "import os, signal\n"
        "from pocketfit.process import exit_on_sigterm\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "exit_on_sigterm()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('still here')\n"
    )
    assert finish(python(program), timeout=20, cwd=tmp_path).stdout == "still here\n"
