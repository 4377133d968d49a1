"""Work in the report: the limits on it, its column, the sentence where time is unclear, and what each form says."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from pocketfit.records import Limits, Load, Report, Row, Timing, TrialRow, Work
from pocketfit.report.cell import Cell
from pocketfit.report.cells import lines, titles
from pocketfit.report.columns.work import work_facts
from pocketfit.report.compare import compare
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from tests.unit.report.terminal.test_whole import printed
from tests.unit.report.test_compare import NET, PASSED, SLOWER, built, snapshot, trial

ARROW = "\N{RIGHTWARDS ARROW}"
COUNTED = Work(206_003_092, 590_000_000, 84_000_000, "arm64-v8a", "cortex-a76", "pytorch_android_lite 1.12.2", 3, 1e-6)
GREW = replace(COUNTED, instructions=341_337_576, loaded_bytes=900_000_000, stored_bytes=111_000_000)
SAME = replace(COUNTED, instructions=206_003_664)
TIMED_OUT = replace(COUNTED, instructions=None, loaded_bytes=None, stored_bytes=None, reason="no answer in 120 s")
UNCLEAR = Timing(
    tuple(Load((10.0, 10.0), (10 * factor,) * 2) for factor in (0.8, *[1.0] * 6, 1.4)),
    "ran out of time",
    "jvm x86_64",
    1,
)
BY_CORE, GREW_BY_CORE = (
    replace(one, cpu="neoverse-n2", loaded_bytes=None, stored_bytes=None, counted_by="perf_event")
    for one in (COUNTED, GREW)
)
NO_LIMITS = Limits()


def report(base: Work | None, head: Work | None, limits: Limits = NO_LIMITS, timing: Timing | None = None) -> Report:
    tried = replace(trial(), rows=(TrialRow(NET, PASSED, PASSED, timing, base_work=base, head_work=head),))
    sides = (snapshot(built(sha=sha), limits={"net": limits}) for sha in ("aa", "bb"))
    return compare(*sides, tried)


def row(base: Work | None, head: Work | None, limits: Limits = NO_LIMITS, timing: Timing | None = None) -> Row:
    (only,) = report(base, head, limits, timing).rows
    return only


def cell(base: Work | None, head: Work | None, limits: Limits = NO_LIMITS) -> Cell | None:
    changed = report(base, head, limits)
    return lines(changed, changed.rows)[0].work


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (COUNTED, GREW, Cell(f"206.0 {ARROW} 341.3 M instructions", "+65.7 %, exact", "memory traffic +50.0 %", "worse")),
        (GREW, COUNTED, Cell(f"341.3 {ARROW} 206.0 M instructions", "-39.6 %, exact", "memory traffic -33.3 %", "better")),
        (COUNTED, replace(COUNTED, instructions=206_703_092),
         Cell(f"206.0 {ARROW} 206.7 M instructions", "+0.34 %, exact", tone="worse")),
        (COUNTED, replace(COUNTED, loaded_bytes=600_000_000),
         Cell("206.0 M instructions", "the same", "memory traffic +1.5 %", "worse")),
        (BY_CORE, GREW_BY_CORE, Cell(f"206.0 {ARROW} 341.3 M instructions", "+65.7 %, hardware count", tone="worse")),
    ],
)  # fmt: skip
def test_the_cell(base: Work, head: Work, expected: Cell) -> None:
    assert cell(base, head) == expected


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (None, None),
        (COUNTED, SAME),
        (None, GREW),
        (COUNTED, TIMED_OUT),
        (replace(COUNTED, cpu="neoverse-n1"), GREW),
        (COUNTED, replace(GREW, counted_by="perf_event")),
    ],
)
def test_there_is_no_column_where_nothing_is_known_to_have_changed(base: Work | None, head: Work | None) -> None:
    unchanged = report(base, head)
    assert "Work" not in " ".join(title.fact for title in titles(unchanged))
    assert "| Work" not in render_markdown(unchanged)


def test_rows_beside_one_that_changed() -> None:
    changed = report(COUNTED, GREW)
    others = [
        row(COUNTED, SAME),
        row(None, COUNTED),
        row(COUNTED, TIMED_OUT),
        row(replace(COUNTED, cpu="a"), GREW),
        row(None, None),
    ]
    together = replace(changed, rows=(*changed.rows, *others))
    assert [line.work for line in lines(together, others)] == [
        Cell("206.0 M instructions", "the same", tone="quiet"),
        Cell("206.0 M instructions", tone="quiet"),
        Cell("not counted", "no answer in 120 s", tone="quiet"),
        Cell("not compared", "base was counted for another core", tone="quiet"),
        Cell("not counted", tone="quiet"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "base", "head", "failed", "reasons"),
    [
        (Limits(instructions_growth=0.657), COUNTED, GREW, (), ()),
        (Limits(instructions_growth=0.65), COUNTED, GREW, ("instructions_growth",),
         (f"a forward on arm64-v8a executes 206,003,092 {ARROW} 341,337,576 instructions (+65.7 %), the limit is +65 %",)),
        (Limits(memory_traffic_growth=0.5), COUNTED, GREW, (), ()),
        (Limits(memory_traffic_growth=0.49), COUNTED, GREW, ("memory_traffic_growth",),
         (f"a forward on arm64-v8a loads and stores 674,000,000 {ARROW} 1,011,000,000 B (+50.0 %), the limit is +49 %",)),
        # What is within the noise did not grow.
        (Limits(instructions_growth=0.0, memory_traffic_growth=0.0), COUNTED, SAME, (), ()),
        (Limits(instructions_growth=0.0), COUNTED, TIMED_OUT, (),
         ("instructions_growth could not be judged: head's work was not counted: no answer in 120 s",)),
        (Limits(memory_traffic_growth=0.0), BY_CORE, GREW_BY_CORE, (),
         ("memory_traffic_growth could not be judged: a core's own counter knows instructions alone",)),
        (Limits(instructions_growth=0.0, memory_traffic_growth=0.0), None, None, (),
         ('instructions_growth could not be judged: work was not counted: it needs [device] also = ["arm64-v8a"]',
          'memory_traffic_growth could not be judged: work was not counted: it needs [device] also = ["arm64-v8a"]')),
    ],
)  # fmt: skip
def test_limits(
    limits: Limits, base: Work | None, head: Work | None, failed: tuple[str, ...], reasons: tuple[str, ...]
) -> None:
    only = row(base, head, limits)
    assert (only.failed_limits, only.reasons, only.status) == (failed, reasons, "failed" if failed else "compared")
    assert only.unjudged_limits == tuple(reason.split()[0] for reason in reasons if "could not be judged" in reason)
    assert not failed or cell(base, head, limits) == Cell(
        f"206.0 {ARROW} 341.3 M instructions", "+65.7 %, exact", "memory traffic +50.0 %", "failed"
    )


@pytest.mark.parametrize(
    ("base", "head", "timing", "reasons"),
    [
        (COUNTED, replace(COUNTED, instructions=214_900_000), UNCLEAR,
         ("latency unclear: ran out of time; 4.3 % more instructions on arm64-v8a",)),
        (GREW, COUNTED, UNCLEAR, ("latency unclear: ran out of time; 39.6 % fewer instructions on arm64-v8a",)),
        (COUNTED, SAME, UNCLEAR, ("latency unclear: ran out of time; the same number of instructions on arm64-v8a",)),
        (COUNTED, GREW, replace(UNCLEAR, reason=""), ("latency unclear; 65.7 % more instructions on arm64-v8a",)),
        (None, GREW, UNCLEAR, ("latency unclear: ran out of time; a change of 35 % would have been seen",)),
        (COUNTED, GREW, SLOWER, ()),
    ],
)  # fmt: skip
def test_work_speaks_where_time_is_unclear(
    base: Work | None, head: Work, timing: Timing, reasons: tuple[str, ...]
) -> None:
    assert row(base, head, timing=timing).reasons == reasons


def test_every_form_has_the_column_and_what_it_means() -> None:
    changed = report(COUNTED, GREW)
    page, comment, terminal = render_html(changed), render_markdown(changed), printed(changed, width=200)
    for form in (page, comment, terminal):
        assert f"206.0 {ARROW} 341.3 M instructions" in form
        assert "Work: what a forward executes on one thread, counted by an emulator" in " ".join(form.split())
    assert "| Work on<br>arm64-v8a, cortex-a76 |" in comment
    assert f"206.0 {ARROW} 341.3 M instructions<br>+65.7 %, exact<br>memory traffic +50.0 %" in comment


def test_a_cores_own_count_is_called_one_in_every_form() -> None:
    changed = report(BY_CORE, GREW_BY_CORE)
    page, comment, terminal = render_html(changed), render_markdown(changed), printed(changed, width=200)
    for form in (unescape(page), comment, terminal):
        assert "+65.7 %, hardware count" in form
        assert "counted by the machine's own core (perf_event, user mode)" in " ".join(form.split())
        assert "counted by an emulator" not in form
    assert "| Work on<br>arm64-v8a, neoverse-n2 by its own counter |" in comment


def test_where_time_is_unclear_every_form_has_the_sentence() -> None:
    unclear = report(COUNTED, replace(COUNTED, instructions=214_900_000), timing=UNCLEAR)
    for form in (render_html(unclear), render_markdown(unclear), printed(unclear, width=200)):
        assert "latency unclear: ran out of time; 4.3 % more instructions on arm64-v8a" in form


@pytest.mark.parametrize(
    ("base", "head", "facts"),
    [
        (COUNTED, SAME, {
            "Instructions of a forward": f"206,003,092 {ARROW} 206,003,664 (+0.00 %)",
            "Loaded by a forward": f"590.00 MB {ARROW} 590.00 MB",
            "Stored by a forward": f"84.00 MB {ARROW} 84.00 MB",
            "Counted on": "arm64-v8a, cortex-a76, pytorch_android_lite 1.12.2, 3 calls within 0.0001 %",
        }),
        (None, COUNTED, {
            "Instructions of a forward": "206,003,092",
            "Loaded by a forward": "590.00 MB",
            "Stored by a forward": "84.00 MB",
            "Counted on": "arm64-v8a, cortex-a76, pytorch_android_lite 1.12.2, 3 calls within 0.0001 %",
        }),
        (None, BY_CORE, {
            "Instructions of a forward": "206,003,092",
            "Loaded and stored by a forward": "not known: a core's own counter knows instructions alone",
            "Counted on":
                "arm64-v8a, neoverse-n2 by its own counter, pytorch_android_lite 1.12.2, 3 calls within 0.0001 %",
        }),
        (COUNTED, TIMED_OUT, {"Work": "not counted: no answer in 120 s"}),
        (None, None, {}),
    ],
)  # fmt: skip
def test_the_page_has_it_whether_it_changed_or_not(base: Work | None, head: Work | None, facts: dict[str, str]) -> None:
    assert dict(work_facts(row(base, head))) == facts


def test_what_was_asked_for_and_not_counted_is_a_note() -> None:
    assert "work was not counted: net/lite/fp32 (no answer in 120 s)" in report(COUNTED, TIMED_OUT).notes
    assert not any("counted" in note for note in report(COUNTED, GREW).notes)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_of_a_terminal_is_too_wide(width: int) -> None:
    assert all(len(line) <= width for line in printed(report(COUNTED, GREW), width=width).splitlines())
