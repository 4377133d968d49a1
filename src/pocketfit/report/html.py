"""The report as one page of HTML that needs nothing else: for an artifact of the job, or a browser on a laptop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pocketfit.judge.parity import meaningless
from pocketfit.records import Latency, OutputParity, Parity, Report, Row
from pocketfit.report.cells import Line, count_threads, lines, titles
from pocketfit.report.columns.memory import memory_facts
from pocketfit.report.columns.work import work_facts
from pocketfit.report.phone import total_facts
from pocketfit.report.runtimes import version_facts
from pocketfit.report.summary import changed_rows, headline, legend, notes, sides, surroundings, unchanged_rows
from pocketfit.report.terminal.unfolded import LossyLayer, Module, anatomy_facts, lossy_layers, modules
from pocketfit.text import clean
from pocketfit.units import format_diff, format_ms, format_ms_number, format_ratio, format_sqnr

SIGNS = {"good": "✓", "bad": "✗", "unknown": "!"}


@dataclass(frozen=True)
class Entry:
    """A line of the table, and what unfolds beneath it: pairs of a word and a value, where bytes are, and the error."""

    line: Line
    facts: tuple[tuple[str, str], ...]
    modules: tuple[Module, ...]
    layers: tuple[LossyLayer, ...]


def render_html(report: Report) -> str:
    """Self-contained: no scripts, fonts or images from elsewhere; everything from outside is escaped by Jinja."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pocketfit.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    head = headline(report)
    return environment.get_template("report.html.j2").render(
        head=head,
        sign=SIGNS[head.mood],
        sides=sides(report),
        surroundings=surroundings(report),
        titles=titles(report),
        changed=_entries(report, changed_rows(report)),
        unchanged=_entries(report, unchanged_rows(report)),
        notes=notes(report),
        legend=legend(report),
    )


def _entries(report: Report, rows: list[Row]) -> list[Entry]:
    return [
        Entry(line, tuple(_facts(row)), modules(row), lossy_layers(row))
        for line, row in zip(lines(report, rows), rows, strict=True)
    ]


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what was measured and the table has no room for, each after its name."""
    if row.head:
        yield "SHA-256", clean(row.head.sha256)
        yield "Parameters", _both(row.base.parameters if row.base else None, row.head.parameters)
        if row.head.ops:
            yield "Operators", _operators(row)
        if row.head.delegation:
            yield "Run by XNNPACK", _delegated(row)
        yield from version_facts(row)
        yield from total_facts(row)
        yield from anatomy_facts(row)
    if row.parity:
        yield "On the host", _agreement_or_none(row.parity)
        if len(row.parity.outputs) > 1:
            yield from (
                (f"output {clean(output.path)}", output.degenerate or _agreement(output))
                for output in row.parity.outputs
            )
    smoke = row.smoke
    if smoke.status in ("passed", "failed"):
        device = " ".join(filter(None, (smoke.device, smoke.abi, smoke.runtime)))
        yield "On the device", _agreement_or_none(smoke.parity)
        yield "Device", clean(device)
    for one in row.also:
        if one.status in ("passed", "failed"):
            yield f"On {clean(one.abi or 'a further ABI')}", _agreement_or_none(one.parity)
            core = f"{one.emulated_cpu}, emulated" if one.emulated_cpu else ""
            yield "Device there", clean(", ".join(filter(None, (one.place, core, one.runtime))))
    if smoke.load_ms is not None:
        yield "Load, once", format_ms(smoke.load_ms)
    if smoke.first_ms is not None:
        yield "First run", format_ms(smoke.first_ms)
    yield from memory_facts(row)
    yield from work_facts(row)
    yield from _timing(row.latency)


def _timing(latency: Latency) -> Iterator[tuple[str, str]]:
    """Yield how the times were taken, and how much head differs from itself when it is loaded twice."""
    if latency.rounds is not None and latency.loads is not None:
        yield "Timed", f"{latency.loads} fresh loads, {latency.rounds} rounds in an order by seed {latency.seed}"
    if latency.device is not None and latency.threads is not None:
        yield "Timed on", clean(f"{latency.device}, {count_threads(latency.threads)}")
    if latency.noise_low is not None and latency.noise_high is not None:
        yield "Head against itself", f"{format_ratio(latency.noise_low)} to {format_ratio(latency.noise_high)}"
    if latency.head_load_ms is not None:
        yield "Load, fresh", _both_ms(latency.base_load_ms, latency.head_load_ms)
    if latency.head_first_ms is not None:
        yield "First run, fresh", _both_ms(latency.base_first_ms, latency.head_first_ms)


def _both_ms(base_ms: float | None, head_ms: float) -> str:
    return format_ms(head_ms) if base_ms is None else f"{format_ms_number(base_ms)} → {format_ms(head_ms)}"


def _both(base: int | None, head: int) -> str:
    return f"{head:,}" if base is None or base == head else f"{base:,} → {head:,}"


def _operators(row: Row) -> str:
    """List the operators that came or went, or count them where none did."""
    before, after = dict(row.base.ops) if row.base else {}, dict(row.head.ops) if row.head else {}
    if not row.base or before == after:
        return f"{sum(after.values()):,} of {len(after):,} kinds"
    changes = ((after.get(name, 0) - before.get(name, 0), clean(name)) for name in sorted(before.keys() | after.keys()))
    return ", ".join(f"{delta:+,} {name}" for delta, name in changes if delta)


def _delegated(row: Row) -> str:
    shares = [
        f"{side.delegation.delegated:,} of {side.delegation.total:,} operators"
        for side in (row.base, row.head)
        if side and side.delegation
    ]
    return " → ".join(dict.fromkeys(shares))


def _agreement_or_none(parity: Parity) -> str:
    """What was measured, unless the outputs are such that it means nothing."""
    cause = meaningless(parity)
    return _agreement(parity) if cause is None else f"agreement means nothing: the output {clean(cause)}"


def _agreement(parity: Parity | OutputParity) -> str:
    parts = [
        None if parity.max_abs_diff is None else f"max diff {format_diff(parity.max_abs_diff)}",
        None if parity.sqnr_db is None else f"SQNR {format_sqnr(parity.sqnr_db)}",
        None if parity.cosine is None else f"cosine {_cosine(parity.cosine)}",
        None if parity.argmax_agreement is None else f"same argmax in {_share(parity.argmax_agreement)}",
    ]
    measured = ", ".join(filter(None, parts))
    sets = parity.input_sets if isinstance(parity, Parity) else None
    over = f" (the worst of {sets} sets of inputs)" if measured and sets and sets > 1 else ""
    return (measured or "not measured") + over


def _cosine(cosine: float) -> str:
    """Rounded down to six digits; nearer to 1 the SQNR tells more. A model's process may say what no cosine can be."""
    cosine = max(-1.0, min(cosine, 1.0))
    return f"{math.floor(cosine * 1e6) / 1e6:g}" if cosine < 1 - 1e-6 else "1" if cosine == 1 else "over 0.999999"


def _share(share: float) -> str:
    """Rounded down: only all is 100 %. A model's process may say what no share can be."""
    share = max(0.0, min(share, 1.0))
    return f"{math.floor(share * 1000) / 10:g} %"
