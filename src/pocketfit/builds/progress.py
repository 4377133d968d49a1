"""Tells whoever waits what a child is at, every few seconds, from the file that the child leaves behind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketfit.files import read_regular
from pocketfit.job import STAGE_FILE
from pocketfit.text import clean

log = logging.getLogger(__name__)

# Most children end sooner, and nobody needs to hear of those.
EVERY_S = 5.0
# After the first minute nobody sits and waits.
LATER_EVERY_S = 30.0
PATIENCE_S = 60.0
STAGE_LIMIT_BYTES = 1000
LONGEST = 300


def read_stage(folder: Path) -> tuple[str, str]:
    """The child's stage, and its hint for the case that it never ends. The child may have written anything."""
    try:
        text = read_regular(folder / STAGE_FILE, STAGE_LIMIT_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return "starting", ""
    stage, _, hint = text.partition("\n")
    return clean(stage, LONGEST), clean(hint, LONGEST)


@contextmanager
def telling(title: str, folder: Path, every_s: float = EVERY_S) -> Iterator[None]:
    """While the block runs, say every few seconds which stage the child in `folder` is at and for how long."""
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(title, folder, every_s, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(title: str, folder: Path, every_s: float, done: threading.Event) -> None:
    started = told = time.monotonic()
    stage, since = "", started
    while not done.wait(min(1.0, every_s)):
        now = time.monotonic()
        if (seen := read_stage(folder)[0]) != stage:
            stage, since = seen, now
        if now - told >= (every_s if now - started < PATIENCE_S else LATER_EVERY_S):
            log.info("%s: %s, %.0f s", title, stage, now - since)
            told = now
