"""Puts entries into words: docs/troubleshooting.md, and what `pocketfit explain` prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.report.reasons.entries import Entry, address, entries

HEAD = """\
# Troubleshooting

What a report says, what it means and what to do. `pocketfit explain` prints the list, and `pocketfit explain ID` the
same text as here. The comment on a pull request links to the entries of each row that fails. The words are in the
[glossary](glossary.md).

<!-- Written by make troubleshooting, from src/pocketfit/report/reasons/entries.toml. -->
"""


def troubleshooting() -> str:
    """The page: a list of symptoms, and an entry for each under an anchor that is its ID."""
    listed = "\n".join(f"- [{entry.symptom}](#{entry.id})" for entry in entries().values())
    return "\n".join([HEAD, listed, *map(_section, entries().values())]) + "\n"


def _section(entry: Entry) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(entry.steps, start=1))
    return (
        f'\n<a id="{entry.id}"></a>\n\n## {entry.symptom}\n\n`{entry.id}`. The report says, for example:\n\n'
        f"> {entry.example}\n\n{entry.meaning}\n\n{steps}"
    )


def explained(entry: Entry) -> Iterator[str]:
    """The lines of one entry, for a terminal."""
    yield f"{entry.id}: {entry.symptom}"
    yield f'  e.g. "{entry.example}"'
    yield entry.meaning
    yield from (f"  {number}. {step}" for number, step in enumerate(entry.steps, start=1))
    yield address(entry.id)


def overview() -> Iterator[str]:
    """One line for each entry."""
    width = max(map(len, entries()))
    yield from (f"{entry.id:<{width}}  {entry.symptom}" for entry in entries().values())
