"""Puts agreement with eager into words: of the whole, of each output, and of each layer that loses much. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pocketfit.judge.parity import meaningless
from pocketfit.records import OutputParity, Parity, Row
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.changes import module_name
from pocketfit.report.page.interval import layers_plot
from pocketfit.report.page.section import MOST_LINES, Section, Table
from pocketfit.text import clean
from pocketfit.units import format_diff, format_sqnr

COLUMNS = ("Max diff", "SQNR", "Cosine", "Same argmax")


def agreement(row: Row) -> Section:
    tables = tuple(table for table in (*_outputs(row), _layers(row)) if table)
    return Section("Agreement with eager", tuple(_facts(row)), tables, layers_plot(row.layer_losses))


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    if row.parity:
        yield "On the host", _agreement_or_none(row.parity)
    if row.smoke.status in ("passed", "failed"):
        yield "On the device", _agreement_or_none(row.smoke.parity)
    for one in row.also:
        if one.status in ("passed", "failed"):
            yield f"On {clean(one.abi or 'a further ABI')}", _agreement_or_none(one.parity)


def _outputs(row: Row) -> Iterator[Table | None]:
    """Yield a table for each place that several outputs were compared on."""
    places = [("on the host", row.parity), ("on the device", row.smoke.parity)]
    places += [(f"on {clean(one.abi or 'a further ABI')}", one.parity) for one in row.also]
    for place, parity in places:
        if parity and len(parity.outputs) > 1:
            lines = [_output(output) for output in parity.outputs]
            yield Table.of(f"Output by output, {place}", ("Output", *COLUMNS), lines)


def _output(output: OutputParity) -> tuple[str, ...]:
    name = clean(output.path, NAME_LENGTH) or "the output"
    if output.degenerate:
        return (name, f"agreement means nothing: it {clean(output.degenerate)}")
    measured = dict(_measured(output))
    return (name, *(measured.get(column, "") for column in COLUMNS))


def _layers(row: Row) -> Table | None:
    """The layers of a file that is far from eager, the worst first."""
    lines = [
        (clean(module_name(one.layer), NAME_LENGTH), format_sqnr(one.before_db), format_sqnr(one.after_db))
        for one in row.layer_losses[:MOST_LINES]
    ]
    title = "SQNR against eager by layer, the worst first"
    return Table.of(title, ("Layer", "Before it", "After it"), lines) if lines else None


def _agreement_or_none(parity: Parity) -> str:
    """What was measured, unless the outputs are such that it means nothing."""
    cause = meaningless(parity)
    return _agreement(parity) if cause is None else f"agreement means nothing: the output {clean(cause)}"


def _agreement(parity: Parity) -> str:
    words = {"Max diff": "max diff", "SQNR": "SQNR", "Cosine": "cosine", "Same argmax": "same argmax in"}
    measured = ", ".join(f"{words[column]} {value}" for column, value in _measured(parity))
    sets = parity.input_sets
    over = f" (the worst of {sets} sets of inputs)" if measured and sets and sets > 1 else ""
    return (measured or "not measured") + over


def _measured(parity: Parity | OutputParity) -> Iterator[tuple[str, str]]:
    """Yield what was measured, each under its column."""
    if parity.max_abs_diff is not None:
        yield "Max diff", format_diff(parity.max_abs_diff)
    if parity.sqnr_db is not None:
        yield "SQNR", format_sqnr(parity.sqnr_db)
    if parity.cosine is not None:
        yield "Cosine", _cosine(parity.cosine)
    if parity.argmax_agreement is not None:
        yield "Same argmax", _share(parity.argmax_agreement)


def _cosine(cosine: float) -> str:
    """Rounded down to six digits; nearer to 1 the SQNR tells more. A model's process may say what no cosine can be."""
    cosine = max(-1.0, min(cosine, 1.0))
    return f"{math.floor(cosine * 1e6) / 1e6:g}" if cosine < 1 - 1e-6 else "1" if cosine == 1 else "over 0.999999"


def _share(share: float) -> str:
    """Rounded down: only all is 100 %. A model's process may say what no share can be."""
    share = max(0.0, min(share, 1.0))
    return f"{math.floor(share * 1000) / 10:g} %"
