"""A comment is cut in one place, where it is rendered: whatever a report holds, the limit is kept."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pocketfit.records import Environment, Hardware, Latency, Report, Row, Smoke
from pocketfit.report.markdown import COMMENT_LIMIT, LEAST_LIMIT, Job, render_markdown
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL, TOUCHED

# What one character may become: "#" twelve units, others eight or five, two units outside the basic plane.
WORST = ["#", "@", ":x", "&", "<", "|", "://", "GH-1 ", "😀", "é", "\ud83d", "\u202e", "\n", "a", "- "]
texts = st.one_of(
    st.tuples(st.sampled_from(WORST), st.integers(0, 450)).map(lambda pair: pair[0] * pair[1]),
    st.text(alphabet="#@:&<>|`_\\/. ab\n😀é\u202e", max_size=60),
)
lists = st.lists(texts, max_size=4).map(tuple)
# Also far more than there are: a foreign report's are only counted with the rest of its bytes.
many = st.tuples(lists, st.sampled_from([1, 15])).map(lambda pair: pair[0] * pair[1])


@st.composite
def rows(draw: st.DrawFn) -> tuple[Row, ...]:
    row = replace(
        draw(st.sampled_from([GREW, TOUCHED, IDENTICAL])),
        model=draw(texts),
        format=draw(texts),
        status=draw(st.sampled_from(["failed", "compared", "identical", "new", "removed", "skipped"])),
        reasons=draw(many),
        failed_limits=draw(many),
        latency=Latency("not-measured", draw(texts)),
        smoke=Smoke("skipped", draw(texts), draw(texts), draw(texts)),
    )
    return tuple(replace(row, precision=str(number)) for number in range(draw(st.sampled_from([1, 3, 20]))))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    environment = Environment(draw(texts), draw(texts), draw(texts), draw(texts), draw(texts), 1, Hardware(draw(texts)))
    return replace(
        draw(st.sampled_from([CALM, EVERYTHING])),
        base=draw(texts),
        head=draw(texts),
        pocketfit=draw(texts),
        environment=environment,
        rows=tuple(row for some in draw(st.lists(rows(), max_size=3)) for row in some),
        notes=draw(many),
    )


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(report=reports(), limit=st.sampled_from([LEAST_LIMIT, COMMENT_LIMIT]))
def test_no_report_is_longer_than_the_limit(report: Report, limit: int) -> None:
    assert (
        units(render_markdown(report, limit, Job("https://github.com/octo/phone/actions/runs/42", "c" * 40))) <= limit
    )


def test_the_least_limit_is_kept_by_the_worst_text_in_every_place() -> None:
    worst = "#" * 5000
    row = replace(GREW, model=worst, format=worst, precision=worst, reasons=(worst,) * 99, failed_limits=(worst,) * 300)
    environment = Environment(worst, worst, worst, worst, worst, 1, Hardware(worst, worst, 33, 4096, 2))
    report = Report("fail", worst, worst, worst, environment, (row,) * 4, (worst,) * 50)
    assert units(render_markdown(report, LEAST_LIMIT)) <= LEAST_LIMIT
