"""Memory in the report: the limits on it, the column that is there where it changed, and what each form says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pocketfit.records import Growth, Limits, Memory, Report, Row, Smoke
from pocketfit.report.cell import Cell
from pocketfit.report.cells import lines, titles
from pocketfit.report.compare import compare
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from tests.unit.report.terminal.test_whole import printed
from tests.unit.report.test_compare import PASSED, built, snapshot, trial

MB = 1_000_000
NO_LIMITS = Limits()
LEAK = tuple(60 * MB + number * 2 * MB for number in range(12))


def report(
    base: dict[str, Any],
    head: dict[str, Any],
    limits: Limits = NO_LIMITS,
    planned: tuple[int | None, int | None] = (None, None),
) -> Report:
    """A report on one variant, whose sides have such smokes and plan so much."""
    before, after = (replace(PASSED, **fields) for fields in (base, head))
    sides = (replace(built(), planned_bytes=planned[0]), replace(built(sha="bb"), planned_bytes=planned[1]))
    return compare(
        snapshot(sides[0], limits={"net": limits}), snapshot(sides[1], limits={"net": limits}), trial(after, before)
    )  # fmt: skip


def row(*args: Any, **kwargs: Any) -> Row:
    (only,) = report(*args, **kwargs).rows
    return only


def test_both_sides_have_what_was_measured_of_them() -> None:
    only = row({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 80 * MB, "held_bytes": LEAK}, planned=(640, 1280))
    assert only.base
    assert only.head
    assert only.base.memory == Memory(70 * MB, 640, None)
    assert only.head.memory == Memory(80 * MB, 1280, 20 * MB)
    assert only.reasons == ("20.00 MB of memory are not given back after 10 loads and releases",)


def test_a_side_that_failed_has_the_memory_of_its_file_alone() -> None:
    only = row({"peak_rss_bytes": 1, "status": "failed"}, {"peak_rss_bytes": 80 * MB}, planned=(640, 640))
    assert only.base
    assert only.base.memory == Memory(planned_bytes=640)


@pytest.mark.parametrize(
    ("limits", "planned", "peaks", "failed", "reasons"),
    [
        (Limits(planned_memory_growth=Growth(ratio=0.5)), (1000, 1500), (None, None), (), ()),
        (Limits(planned_memory_growth=Growth(ratio=0.5)), (1000, 1501), (None, None), ("planned_memory_growth",),
         ("the planned memory grew by 501 B (+50.1 %), the limit is +50 %",)),
        (Limits(planned_memory_growth=Growth(size_bytes=200)), (0, 201), (None, None), ("planned_memory_growth",),
         ("the planned memory grew by 201 B, the limit is +200 B",)),
        (Limits(planned_memory_growth=Growth(ratio=0.0)), (None, 640), (None, None), (),
         ("planned_memory_growth could not be judged: base's planned memory was not noted down",)),
        # A format that plans none has nothing to be judged.
        (Limits(planned_memory_growth=Growth(ratio=0.0)), (None, None), (None, None), (), ()),
        (Limits(peak_memory_growth=Growth(ratio=0.1)), (None, None), (70 * MB, 79 * MB), (), ()),
        (Limits(peak_memory_growth=Growth(ratio=0.1)), (None, None), (70 * MB, 79 * MB + 1), ("peak_memory_growth",),
         ("the peak memory of the process grew by 9.00 MB (+12.9 %), of which 2.00 MB may be noise; the limit is +10 %",)),
        (Limits(peak_memory_growth=Growth(size_bytes=0)), (None, None), (70 * MB, 72 * MB), (), ()),
        (Limits(peak_memory_growth=Growth(ratio=0.1)), (None, None), (None, 78 * MB), (),
         ("peak_memory_growth could not be judged: base gave no peak on a device",)),
        (Limits(peak_memory_growth=Growth(ratio=0.1)), (None, None), (78 * MB, None), (),
         ("peak_memory_growth could not be judged: head gave no peak on a device",)),
    ],
)  # fmt: skip
def test_limits(
    limits: Limits,
    planned: tuple[int | None, int | None],
    peaks: tuple[int | None, int | None],
    failed: tuple[str, ...],
    reasons: tuple[str, ...],
) -> None:
    base, head = ({"peak_rss_bytes": peak} for peak in peaks)
    only = row(base, head, limits=limits, planned=planned)
    assert (only.failed_limits, only.reasons, only.status) == (failed, reasons, "failed" if failed else "compared")
    assert only.unjudged_limits == tuple(reason.split()[0] for reason in reasons if "could not be judged" in reason)


def test_there_is_no_column_where_nothing_changed() -> None:
    same = report({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 71 * MB}, planned=(640, 640))
    assert "Memory" not in [title.fact for title in titles(same)]
    assert lines(same, [same.rows[0]])[0].memory is None
    assert "Memory" not in render_markdown(same)


@pytest.mark.parametrize(
    ("base", "head", "planned", "limits", "cell"),
    [
        ({}, {}, (640, 1280), Limits(), Cell("1.28 kB planned", "+640 B, +100.0 %", tone="worse")),
        ({}, {}, (1280, 640), Limits(), Cell("640 B planned", "-640 B, -50.0 %", tone="better")),
        ({}, {}, (640, 1280), Limits(planned_memory_growth=Growth(ratio=0.0)), Cell("1.28 kB planned", "+640 B, +100.0 %", tone="failed")),
        ({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 77 * MB}, (None, None), Limits(), Cell("peak 77.00 MB (+10.0 %)", tone="worse")),
        ({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 63 * MB}, (640, 1280), Limits(), Cell("1.28 kB planned", "+640 B, +100.0 %", "peak 63.00 MB (-10.0 %)", "worse")),
        ({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 70 * MB, "held_bytes": LEAK}, (640, 640), Limits(), Cell("640 B planned", "peak 70.00 MB", "keeps 20.00 MB", "worse")),
        ({}, {"held_bytes": LEAK}, (None, None), Limits(), Cell("keeps 20.00 MB", tone="worse")),
    ],
)  # fmt: skip
def test_the_cell(
    base: dict[str, Any], head: dict[str, Any], planned: tuple[int | None, int | None], limits: Limits, cell: Cell
) -> None:
    changed = report(base, head, limits, planned)
    assert lines(changed, [changed.rows[0]])[0].memory == cell


def test_a_row_without_memory_beside_one_that_has_some() -> None:
    changed = report({}, {}, planned=(640, 1280))
    other = replace(changed.rows[0], model="other", head=None, smoke=Smoke("skipped"))
    both = replace(changed, rows=(*changed.rows, other))
    assert lines(both, [other])[0].memory == Cell("not measured", tone="quiet")


def test_every_form_has_the_column_and_what_it_means() -> None:
    changed = report({"peak_rss_bytes": 70 * MB}, {"peak_rss_bytes": 80 * MB, "held_bytes": LEAK}, planned=(640, 1280))
    page, comment, terminal = render_html(changed), render_markdown(changed), printed(changed, width=200)
    for form in (page, comment, terminal):
        assert "1.28 kB planned" in form
        assert "Memory: what a .pte plans for its tensors" in " ".join(form.split())
    assert "| Memory |" in comment
    facts = page.replace("</dt><dd>", ": ")
    assert "<dt>Planned memory: 640 B → 1.28 kB</dd>" in facts
    assert "<dt>Peak memory of the process: 70.00 MB → 80.00 MB</dd>" in facts
    assert "<dt>Kept after 10 loads and releases: 20.00 MB</dd>" in facts


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_of_a_terminal_is_too_wide(width: int) -> None:
    changed = report(
        {"peak_rss_bytes": 1_700 * MB}, {"peak_rss_bytes": 1_900 * MB, "held_bytes": LEAK}, planned=(123_456_789, 987_654_321)
    )  # fmt: skip
    lines = printed(changed, width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert "987.65 MB" in " ".join(lines)
