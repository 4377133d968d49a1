# ruff: noqa: RUF001
"""What stdout and stderr can show, in a process of its own for each kind of them."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys

import pytest

from pocketfit.cli import screen
from pocketfit.cli.screen import IN_ASCII, echo, print_json, say, show_whatever_fits


class Stream(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


def stdout_in(encoding: str, monkeypatch: pytest.MonkeyPatch) -> Stream:
    stream = Stream(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    show_whatever_fits()
    return stream


def test_what_an_encoding_lacks_is_shown_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stdout_in("ascii", monkeypatch)
    print("✓ 4.2 → 4.6 ms ×1.10 │ ±0 B · größer 模 \udcff…")
    assert stream.text() == "+ 4.2 > 4.6 ms x1.10 | +-0 B - gr??er ? ?...\n"


def test_what_is_shown_instead_is_ascii() -> None:
    assert all(text.isascii() for text in IN_ASCII.values())


def test_a_lone_surrogate_is_no_failure_in_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stdout_in("utf-8", monkeypatch)
    print("✓ caf\udce9.ptl")
    assert stream.text() == "✓ caf?.ptl\n"


def test_json_loses_nothing_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stdout_in("ascii", monkeypatch)
    print_json('{"note": "größer ✓"}\n')
    assert json.loads(stream.text()) == {"note": "größer ✓"}
    assert stream.text().isascii()


def test_a_line_for_a_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = "head net/lite/fp32: failed: " + "a sentence that goes on " * 20
    say(line)
    assert capsys.readouterr().err == f"{line}\n"


def in_terminal(code: str, columns: int, *, settings: dict[str, str] | None = None) -> str:
    """What a program prints on a real terminal of that width, in a process of its own."""
    main, second = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", **(settings or {})}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=second, stdout=second, stderr=second, env=env)
    os.close(second)
    said = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            # The terminal's other end is closed.
            break
        if not chunk:
            break
        said += chunk
    os.close(main)
    assert process.wait() == 0, said
    return said.decode().replace("\r\n", "\n")


SAYS = "from pocketfit.cli.screen import say\nsay('head net/lite/fp32: failed: ' + 'a sentence that goes on ' * 5)"


@pytest.mark.parametrize("columns", [80, 120])
def test_a_line_in_a_terminal_breaks_between_words(columns: int) -> None:
    lines = in_terminal(SAYS, columns).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= columns
    assert " ".join(line.strip() for line in lines) == "head net/lite/fp32: failed:" + " a sentence that goes on" * 5


def test_a_line_of_a_result_breaks_under_its_indent() -> None:
    code = "from pocketfit.cli.screen import echo\necho('    ' + 'a sentence that goes on ' * 5)"
    lines = in_terminal(code, 80).splitlines()
    assert len(lines) == 2
    assert all(line.startswith("    ") and line[4] != " " and len(line) <= 80 for line in lines)


def test_a_line_of_a_result_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    line = "    " + "a sentence that goes on " * 20
    echo(line)
    assert capsys.readouterr().out == f"{line}\n"


@pytest.mark.parametrize(("term", "live"), [("xterm-256color", True), ("dumb", False), ("unknown", False)])
def test_where_lines_can_be_drawn_again(term: str, live: bool) -> None:
    code = "from pocketfit.cli.screen import is_live\nprint(is_live())"
    assert in_terminal(code, 80, settings={"TERM": term}) == f"{live}\n"


def test_a_pipe_is_never_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours may be asked for, with FORCE_COLOR, in a job's log too."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Stream("utf-8"))
    assert not screen.is_live()


# What is worked on at the end is drawn a last time then, and so at least once.
WATCHES = """
from pocketfit.cli.watching import watching
from pocketfit.progress import Progress, tell
with watching():
    tell(Progress("build", "base", "net/lite/fp32", "tracing", of=2))
    tell(Progress("build", "head", "net/lite/fp32", "4.54 kB", "done", 3.2, of=2))
print("the report")
"""


@pytest.mark.parametrize("columns", [80, 120])
def test_a_live_table_ends_in_plain_lines_that_stay(columns: int) -> None:
    said = in_terminal(WATCHES, columns)
    assert "building: 1 of 2 done" in said
    assert "tracing" in said
    assert "head net/lite/fp32: 4.54 kB (3.2 s, 1 of 2)\n" in said
    # What is left when all that was drawn is erased.
    assert said.split("\x1b[2K")[-1] == "the report\n"


def test_quiet_shows_none_of_it() -> None:
    quiet = "from pocketfit.cli.loudness import ask\nask(verbose=False, quiet=True, no_color=False)\n"
    assert in_terminal(quiet + WATCHES, 80) == "the report\n"
