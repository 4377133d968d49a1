"""Writes what was measured into a document, between two marks that stand in it."""

from __future__ import annotations

from pathlib import Path

from pocketfit.files import write_text_atomically


def write_between(page: Path, begin: str, end: str, made: str) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    write_text_atomically(page, f"{before}{begin}\n{made}\n{end}{after}")
