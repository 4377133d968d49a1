from __future__ import annotations

import io
import os
import re
import sys
import time
from pathlib import Path

from entrypoint.fenced import Ended, run_fenced, without_secrets


def run(code: str, tmp_path: Path, **options: float) -> tuple[Ended, str]:
    log = io.StringIO()
    ended = run_fenced([sys.executable, "-u", "-c", code], env=dict(os.environ), cwd=tmp_path, log=log, **options)
    return ended, log.getvalue()


def inside(log: str) -> str:
    """What stands between the two fences, which must be whole."""
    match = re.fullmatch(r"::stop-commands::(\w{32})\n(.*)\n::(\w{32})::\n", log, re.DOTALL)
    assert match is not None, log
    assert match[1] == match[3]
    return match[2]


def test_the_child_sees_no_secret() -> None:
    environ = {
        "PATH": "/bin",
        "GITHUB_WORKSPACE": "/github/workspace",
        "HF_HOME": "/cache",
        "INPUT_GITHUB-TOKEN": "ghs_1",
        "INPUT_MODE": "auto",
        "ACTIONS_RUNTIME_TOKEN": "x",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "x",
        "GITHUB_TOKEN": "ghs_1",
        "GH_TOKEN": "other",
        "GITHUB_OUTPUT": "x",
        "GITHUB_ENV": "x",
        "GITHUB_PATH": "x",
        "GITHUB_STATE": "x",
        "GITHUB_STEP_SUMMARY": "x",
        "NETRC_LINE": "machine github.com password ghs_1",
    }
    assert without_secrets(environ, "ghs_1") == {
        "PATH": "/bin",
        "GITHUB_WORKSPACE": "/github/workspace",
        "HF_HOME": "/cache",
    }


def test_without_a_token_nothing_else_is_lost() -> None:
    assert without_secrets({"PATH": "/bin"}, "") == {"PATH": "/bin"}


def test_both_streams_reach_the_log_inside_the_fence(tmp_path: Path) -> None:
    code = "import sys; print('::set-output name=a::b'); print('careful', file=sys.stderr); print('done'); sys.exit(4)"
    ended, log = run(code, tmp_path)
    assert ended == Ended(4, "done")
    assert inside(log) == "::set-output name=a::b\ncareful\ndone\n"


def test_reasons_are_the_lines_at_the_end_and_no_more_than_a_run_gives(tmp_path: Path) -> None:
    ended, _ = run("print('error: once'); print('on'); print('error: a'); print(); print('error: b')", tmp_path)
    assert ended == Ended(0, "error: b", ("a", "b"))
    ended, _ = run("for number in range(99): print(f'error: {number}')", tmp_path)
    assert ended.errors == tuple(str(number) for number in range(78, 99))


def test_a_last_line_without_an_end_can_not_join_the_fence(tmp_path: Path) -> None:
    ended, log = run("import sys; sys.stdout.write('no end')", tmp_path)
    assert (ended.last_line, inside(log)) == ("no end", "no end")


def test_bytes_that_are_no_text_do_not_stop_the_log(tmp_path: Path) -> None:
    _, log = run(r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')", tmp_path)
    assert inside(log) == "caf�\n"


def test_a_child_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    ended, log = run("import time; print('waiting'); time.sleep(60)", tmp_path, timeout_s=1.5)
    assert (ended, inside(log)) == (Ended(-9, "waiting"), "waiting\n")


def test_what_the_child_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print('gone')"
    started = time.monotonic()
    ended, log = run(code, tmp_path)
    assert (ended, inside(log)) == (Ended(0, "gone"), "gone\n")
    assert time.monotonic() - started < 30
