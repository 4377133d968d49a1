"""Reads what a model's process printed for what it says of its end: a stranger's words, on lines that obey nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pocketfit.job import TRACEBACK
from pocketfit.text import clean

# Python's faulthandler, when a signal ends the process: the innermost line of each thread comes first.
FATAL, CURRENT = "Fatal Python error: ", "Current thread "
FRAME = re.compile(r'File "([^"\n]+)", line (\d+) in (\S+)')
LONGEST_LINE, MOST_LINES = 200, 200


def last_line(stderr: str, root: Path) -> str:
    """ "net.py:9, in forward": the line of the repository that a process was at when a signal ended it, or ""."""
    _, found, threads = stderr.rpartition(CURRENT)
    for file, line, function in FRAME.findall(threads.partition("\n\n")[0]) if found else ():
        for folder in (root, root.resolve()):
            path = Path(file)
            if path.is_relative_to(folder) and "site-packages" not in path.parts:
                inside = f", in {function}" if function.isidentifier() else ""
                return clean(f"{path.relative_to(folder)}:{line}{inside}", LONGEST_LINE)
    return ""


def traceback_lines(stderr: str) -> Iterator[str]:
    """The traceback that a process printed last, line by line beside a bar; the middle of a long one is left out."""
    _, found, text = stderr.rpartition(TRACEBACK if TRACEBACK in stderr else FATAL)
    lines = f"{found.removeprefix(TRACEBACK)}{text}".strip("\n").splitlines()
    if len(lines) > MOST_LINES:
        left = len(lines) - MOST_LINES
        lines = [*lines[: MOST_LINES // 2], f"({left} more lines)", *lines[-MOST_LINES // 2 :]]
    for line in lines:
        if line.strip():
            indent = " " * min(8, len(line) - len(line.lstrip()))
            yield f"│ {indent}{clean(line, LONGEST_LINE)}"
