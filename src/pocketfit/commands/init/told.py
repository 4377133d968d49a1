"""What init says, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pocketfit.commands.init.checking import Checked
from pocketfit.commands.init.configuration import Gap, line_of
from pocketfit.commands.init.names import CONFIG_FILE
from pocketfit.commands.init.writing import PROJECT, Written
from pocketfit.records import Built, Outcome, Skipped
from pocketfit.units import format_bytes

MOST_GAPS = 6


def beginning(written: Written) -> Iterator[str]:
    """What was written, and what init saw: known before anything is built."""
    for file in written.files:
        yield f"wrote {file}"
    for file in written.kept:
        yield f"kept {file}, which is yours" + ("" if file == PROJECT else ": --force overwrites it")
    if written.files:
        for table in written.plan.tables:
            yield f"  {table.name}: {table.source}"
        for note in written.plan.notes:
            yield f"note: {note}"
    elif not written.kept:
        yield f"nothing to write: {_listed(written.same)} {'is' if len(written.same) == 1 else 'are'} there already"


def ending(written: Written, checked: Checked | None) -> Iterator[str]:
    """What became of the models, and the one next step; `checked` is None where nothing was built."""
    for outcome in checked.outcomes if checked else ():
        yield f"{_mark(outcome)} {_outcome(outcome)}"
    if checked and checked.problem:
        yield f"not built: {checked.problem}"
    gaps = written.plan.gaps() if CONFIG_FILE in (*written.files, *written.same) else ()
    if gaps:
        yield _count(gaps)
    yield f"next: {_next(written, checked, gaps)}"


def _count(gaps: Sequence[Gap]) -> str:
    things = "1 thing" if len(gaps) == 1 else f"{len(gaps)} things"
    listed = "; ".join(map(str, gaps[:MOST_GAPS]))
    return f"{things} to fill in: {listed}" + (" ..." if len(gaps) > MOST_GAPS else "")


def _next(written: Written, checked: Checked | None, gaps: Sequence[Gap]) -> str:
    packages = written.plan.packages.file
    run = "`pocketfit run --base none" + (f" --requirements {packages}`" if packages else "`")
    if gaps:
        return f"fill that in, then {run} for a first report"
    if checked and (failing := checked.left_failing(written)):
        first = failing[0].variant.model
        line = line_of(written.plan.texts[CONFIG_FILE], first, "inputs")
        return f"mend what {first} says above (its inputs: {CONFIG_FILE}:{line}), then {run}"
    return f"{run} for a first report, then commit {_listed(written.files or written.same or (CONFIG_FILE,))}"


def _outcome(outcome: Outcome) -> str:
    if isinstance(outcome, Built):
        return f"{outcome.variant} builds: {format_bytes(outcome.size_bytes)}"
    return f"{outcome.variant} {'is skipped' if isinstance(outcome, Skipped) else 'fails'}: {outcome.reason}"


def _mark(outcome: Outcome) -> str:
    return "✓" if isinstance(outcome, Built) else "-" if isinstance(outcome, Skipped) else "✗"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
