"""What a run is at, as it is shown while it happens: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pocketfit.cli.loudness import loudness
from pocketfit.cli.screen import is_live, say, stderr_console
from pocketfit.progress import Phase, Progress, observed_by
from pocketfit.report.terminal.layout import wrap, wrap_name

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

# Of one thing: after the first minute nobody sits and waits.
EVERY_S, LATER_EVERY_S, PATIENCE_S = 5.0, 30.0, 60.0
# These take long, so that their beginning is worth a line; others mostly end before anybody asks.
LONG: tuple[Phase, ...] = ("packages", "time", "count")
DOING: dict[Phase, str] = {
    "packages": "installing packages",
    "build": "building",
    "try": "trying on the device",
    "time": "timing",
    "count": "counting",
}
REDRAWN_PER_S = 2
# What took less rounds to nothing.
LEAST_S = 0.05
NAME_WIDTH, SIDE_WIDTH, TIME_WIDTH = 32, 4, 7


@contextmanager
def watching() -> Iterator[None]:
    """While the block runs, show on stderr what it works on; nothing with --quiet."""
    if loudness().quiet:
        yield
        return
    lines = PlainLines(say)
    if not is_live():
        with observed_by(lines):
            yield
        return
    from rich.live import Live

    table = LiveTable(lines)
    # What is live goes; the lines stay. stdout is not ours to redirect: it may be a pipe.
    with (
        Live(
            table,
            console=stderr_console(),
            refresh_per_second=REDRAWN_PER_S,
            transient=True,
            redirect_stdout=False,
        ),
        observed_by(table),
    ):
        yield


@contextmanager
def looking_at(what: str) -> Iterator[None]:
    """While the block runs, say in a terminal what is looked at; elsewhere nothing."""
    if loudness().quiet or not is_live():
        yield
        return
    with stderr_console().status(f"looking at {what}", spinner="line"):
        yield


class PlainLines:
    """A line for whatever has ended, and one now and then for what takes long: each says what it is about."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print_line = print_line
        self._told_s: dict[tuple[Phase, str], float] = {}
        self._ended: dict[Phase, set[str]] = {}

    def __call__(self, progress: Progress) -> None:
        if progress.state != "working":
            self.end(progress)
        elif self._is_due(progress):
            self._print_line(f"{progress.title}: {progress.stage}{_for(progress.elapsed_s)}")

    def end(self, progress: Progress) -> None:
        """Print what became of something, and how many of its phase are done."""
        self._ended.setdefault(progress.phase, set()).add(progress.title)
        parts = [f"{progress.elapsed_s:.1f} s"] if progress.elapsed_s >= LEAST_S else []
        parts += [self.count(progress)] if progress.of else []
        self._print_line(f"{progress.title}: {progress.stage}" + (f" ({', '.join(parts)})" if parts else ""))

    def count(self, progress: Progress) -> str:
        """Say how many of a phase are done: "3 of 12"."""
        return f"{len(self._ended.get(progress.phase, ()))} of {progress.of}"

    def _is_due(self, progress: Progress) -> bool:
        key = progress.phase, progress.title
        told_s = self._told_s.get(key)
        if told_s is None and progress.phase in LONG:
            due = True
        else:
            every_s = EVERY_S if progress.elapsed_s < PATIENCE_S else LATER_EVERY_S
            due = progress.elapsed_s - (told_s or 0.0) >= every_s
        if due:
            self._told_s[key] = progress.elapsed_s
        return due


class LiveTable:
    """What is worked on just now, with its side, its stage and its time; lines above it for what has ended."""

    def __init__(self, lines: PlainLines, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines, self._clock = lines, clock
        self._working: dict[tuple[Phase, str], tuple[Progress, float]] = {}

    def __call__(self, progress: Progress) -> None:
        key = progress.phase, progress.title
        if progress.state == "working":
            self._working[key] = progress, self._clock() - progress.elapsed_s
        else:
            self._working.pop(key, None)
            self._lines.end(progress)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.table import Table
        from rich.text import Text

        # Another thread may add to it.
        working = list(self._working.values())
        if not working:
            return
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        stage_width = options.max_width - NAME_WIDTH - SIDE_WIDTH - TIME_WIDTH - 6
        for width in (SIDE_WIDTH, NAME_WIDTH, stage_width):
            table.add_column(width=width)
        table.add_column(width=TIME_WIDTH, justify="right")
        for progress, began in working:
            table.add_row(
                Text(_side(progress), style="dim"),
                Text("\n".join(wrap_name(progress.name, NAME_WIDTH))),
                Text("\n".join(wrap(progress.stage, stage_width))),
                Text(_clock_face(self._clock() - began), style="dim"),
            )
        yield table
        last, _ = working[-1]
        count = f": {self._lines.count(last)} done" if last.of else ""
        yield Text(f"{DOING[last.phase]}{count}", style="bold")


def _side(progress: Progress) -> str:
    return progress.side or ("both" if progress.phase == "time" else "")


def _for(elapsed_s: float) -> str:
    return f", {elapsed_s:.0f} s" if elapsed_s >= 1 else ""


def _clock_face(elapsed_s: float) -> str:
    """ "1:05"."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    return f"{minutes}:{seconds:02}"
