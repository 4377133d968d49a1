from __future__ import annotations

from dataclasses import replace

from pocketfit.report.cells import lines
from pocketfit.report.failing import Failing, Said, by_model
from pocketfit.report.markdown import render_markdown
from tests.unit.report.samples import BROKEN, EVERYTHING, GREW
from tests.unit.report.thirteen import FAST, FELL, MOST, PORTABLE, SLOWER, THIRTEEN

PAGE = "https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#"


def gathered(*rows: object) -> list[Failing]:
    report = replace(EVERYTHING, rows=rows)  # type: ignore[arg-type]
    return list(by_model(report.rows, lines(report, report.rows)))


def test_what_all_say_alike_is_said_once_and_what_only_explains_is_left_out() -> None:
    lite, script, program = THIRTEEN.rows[:3]
    assert gathered(lite, BROKEN, script, program) == [
        Failing(
            "classifier",
            3,
            ("size-limit", "latency-limit", "metric-drop"),
            (
                Said(("lite/fp32",), (lite.reasons[0], FAST)),
                Said(("torchscript/fp32",), (script.reasons[0], FELL)),
                Said(("executorch/fp32",), (program.reasons[0],)),
                Said((), (MOST,)),
            ),
        ),
        Failing("detector/torchscript/fp32", 1, ("not-imported",), (Said((), BROKEN.reasons),)),
    ]


def test_what_only_explains_is_shown_where_there_is_nothing_else() -> None:
    assert gathered(replace(GREW, reasons=(SLOWER, PORTABLE)))[0].said == (Said((), (SLOWER, PORTABLE)),)
    assert gathered(replace(GREW, reasons=()))[0].said == ()


def test_the_comment_lists_a_model_once_and_keeps_every_reason_below_the_fold() -> None:
    above, below = render_markdown(THIRTEEN).split("<details>")
    grew = [row.reasons[0] for row in THIRTEEN.rows[:3]]
    assert (
        f"- ❌ `classifier` ([size-limit]({PAGE}size-limit), [latency-limit]({PAGE}latency-limit),"
        f" [metric-drop]({PAGE}metric-drop)): {MOST}"
        f"<br>`executorch/fp32`: {grew[2]}<br>`lite/fp32`: {grew[0]}; {FAST}<br>`torchscript/fp32`: {grew[1]}; {FELL}\n"
    ) in above
    assert SLOWER not in above
    assert PORTABLE not in above
    assert below.count(SLOWER) == 3
    assert below.count(PORTABLE) == 1


def test_where_none_has_a_reason_of_its_own_their_number_is_said() -> None:
    text = render_markdown(replace(EVERYTHING, rows=(GREW, replace(GREW, precision="int8"))))
    head, tail = GREW.reasons
    assert f"- ❌ `mobilenet_v2`, 2 variants ([size-limit]({PAGE}size-limit)" in text
    assert f"latency-limit)): {head}; {tail}\n\n" in text


def test_many_reasons_are_counted() -> None:
    many = replace(GREW, reasons=tuple(f"reason {n}" for n in range(11)))
    one = render_markdown(replace(EVERYTHING, rows=(many,))).split("<details>")[0]
    assert "#latency-limit)):\n  - reason 0\n" in one
    assert "  - reason 7\n  - and 3 more\n" in one
    other = replace(GREW, precision="int8", reasons=("reason 0",))
    two = render_markdown(replace(EVERYTHING, rows=(many, other))).split("<details>")[0]
    assert "): reason 0<br>`lite/fp32`: reason 1; reason 2;" in two
    assert "reason 8; and 2 more\n" in two
