"""The terminal, or whatever else stdout and stderr are: what can be shown there, and lines for it."""

from __future__ import annotations

import codecs
import io
import json
import logging
import os
import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING

from pocketfit.report.terminal.layout import wrap

if TYPE_CHECKING:
    from rich.console import Console

# Where a stream's encoding lacks them; as wide as they are, but for the last two.
IN_ASCII = {
    "✓": "+", "✗": "x", "→": ">", "\N{MULTIPLICATION SIGN}": "x",
    "│": "|", "─": "-", "━": "-", "·": "-", "•": "-", "µ": "u",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "±": "+-", "…": "...",
    "▁": "_", "▂": ".", "▃": "-", "▄": "~", "▅": "=", "▆": "+", "▇": "*", "█": "#",
}  # fmt: skip
ERRORS = "pocketfit"


def show_whatever_fits() -> None:
    """Have stdout and stderr write what their encoding lacks in ASCII: a locale must not end a run."""
    codecs.register_error(ERRORS, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(IN_ASCII.get(char, "?") for char in error.object[error.start : error.end]), error.end


def is_live() -> bool:
    """True where stderr is a terminal in which lines can be drawn again."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


@cache
def stderr_console() -> Console:
    """The one that all lines for stderr go through, above what is live there."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def say(text: str) -> None:
    """Write a line to stderr: in a terminal broken between words, elsewhere as it is."""
    if not sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
        return
    console = stderr_console()
    console.out(_broken(text, console.width), highlight=False)


def echo(text: str) -> None:
    """Write a line to stdout, likewise."""
    print(_broken(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text, flush=True)


def _broken(text: str, width: int) -> str:
    """Each line broken between words, under its first one where it is indented."""
    lines = []
    for line in text.splitlines():
        start = " " * (len(line) - len(line.lstrip(" ")))
        lines += [start + part for part in wrap(line.lstrip(" "), max(width - len(start), 1))]
    return "\n".join(lines)


def print_json(text: str) -> None:
    """Write JSON to stdout, all of it: what the encoding lacks as JSON escapes it."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()


def print_markup(text: str) -> None:
    """Write HTML, XML or Markdown to stdout, all of it: as references where the encoding is not what it is read as."""
    if codecs.lookup(sys.stdout.encoding or "utf-8").name != "utf-8":
        text = text.encode("ascii", "xmlcharrefreplace").decode()
    sys.stdout.write(text)
    sys.stdout.flush()


class Lines(logging.Handler):
    """Log records as lines on stderr; commands that we run stay on one line, so that they can be copied."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            if record.levelno > logging.DEBUG or not sys.stderr.isatty():
                say(line)
            else:
                stderr_console().out(line, highlight=False)
        except Exception:
            self.handleError(record)
