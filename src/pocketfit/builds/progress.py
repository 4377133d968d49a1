"""Tells what a program of a stranger's is at, from the file that it leaves behind: a child's stage, or pip's log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketfit.files import open_regular, read_regular
from pocketfit.job import STAGE_FILE
from pocketfit.progress import EVERY_S, Progress, working
from pocketfit.text import clean

STAGE_LIMIT_BYTES = 1000
LONGEST = 300
# pip writes a few hundred lines for a package; the last ones say what it is at.
TAIL_BYTES = 20_000
# What pip prints to people; the rest of its log is for its developers. Each line begins with a time.
PIPS_STEP = re.compile(
    r"^\S+\s+((?:Collecting|Obtaining|Processing|Using cached|Downloading|Building wheel|Preparing metadata|"
    r"Getting requirements|Installing (?:build dependencies|backend dependencies|collected packages)|"
    r"Looking in|Successfully installed)\b.*)$",
    re.MULTILINE,
)


def read_stage(folder: Path) -> tuple[str, str]:
    """The child's stage, and its hint for the case that it never ends. The child may have written anything."""
    try:
        text = read_regular(folder / STAGE_FILE, STAGE_LIMIT_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return "starting", ""
    stage, _, hint = text.partition("\n")
    return clean(stage, LONGEST) or "starting", clean(hint, LONGEST)


@contextmanager
def telling(begun: Progress, folder: Path, every_s: float = EVERY_S) -> Iterator[None]:
    """While the block runs, tell every second which stage the child in `folder` is at."""
    stage = begun.stage

    def look() -> str:
        nonlocal stage
        # The child may be writing its next one just now, and then there is none to be read.
        if (seen := read_stage(folder)[0]) != begun.stage:
            stage = seen
        return stage

    with working(begun, look, every_s):
        yield


def pips_step(log_file: Path) -> str:
    """Say what pip is at by the log that it writes, to which the packages that it builds may write too."""
    try:
        with open_regular(log_file) as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL_BYTES))
            text = stream.read(TAIL_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return "pip is starting"
    steps = PIPS_STEP.findall(text)
    return f"pip: {clean(steps[-1], LONGEST)}" if steps else "pip is at work"
