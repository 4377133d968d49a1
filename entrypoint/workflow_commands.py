"""The words of a step to GitHub's runner: lines on stdout that begin with `::`, and files named in its environment."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

# The runner drops a larger summary whole.
SUMMARY_LIMIT_BYTES = 1024 * 1024


def annotate(
    stream: TextIO,
    level: Literal["notice", "warning", "error"],
    message: str,
    title: str = "Pocketfit",
    *,
    file: str = "",
    line: int | None = None,
) -> None:
    """Show a message above the log, and on a line of a file where that is known.

    Any text will do: it can't end the line and begin another command.
    """
    place = f"file={_escape_property(file)},line={line}," if file and line else ""
    _write(stream, f"::{level} {place}title={_escape_property(title)}::{_escape(message)}")


@contextmanager
def group(stream: TextIO, title: str) -> Iterator[None]:
    """Fold what is written meanwhile under `title`."""
    _write(stream, f"::group::{_escape(title)}")
    try:
        yield
    finally:
        _write(stream, "::endgroup::")


@contextmanager
def stopped_commands(stream: TextIO) -> Iterator[None]:
    """Have the runner take everything meanwhile as plain text, since other people's code writes it.

    Only the token ends this, which that code can't know.
    """
    token = secrets.token_hex(16)
    _write(stream, f"::stop-commands::{token}")
    try:
        yield
    finally:
        # On a line of its own, also when the last line before had no end.
        _write(stream, f"\n::{token}::")


def write_output(path: Path, name: str, value: str) -> None:
    """Set an output of the step; the random delimiter lets the value hold anything."""
    delimiter = f"pocketfit-{secrets.token_hex(16)}"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def summary_room_bytes(path: Path) -> int:
    """Return how much more the step's summary may take: an earlier command of the same step may have written some."""
    return max(SUMMARY_LIMIT_BYTES - (path.stat().st_size if path.exists() else 0) - 1, 0)


def append_summary(path: Path, markdown: str) -> None:
    """Add to the step's summary what fits into its room."""
    text = markdown.rstrip("\n") + "\n"
    assert len(text.encode()) <= summary_room_bytes(path), "the summary was to be cut where it is rendered"
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _write(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
