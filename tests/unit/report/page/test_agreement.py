from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import LayerLoss, OutputParity, Parity, Smoke
from pocketfit.report.html import render_html
from pocketfit.report.page.agreement import agreement
from pocketfit.report.page.section import Table
from tests.unit.report.samples import BROKEN, CALM, IDENTICAL, passed
from tests.unit.report.test_html import Page

OUTPUTS = (OutputParity("[0]", 1e-3, 40.0, 0.9876543, 0.5), OutputParity("[1]", 0.0, degenerate="is all zeros"))
LAYERS = (LayerLoss("features.<b>3", 60.0, 5.25), LayerLoss("head", 12.0, -100.0))


@pytest.mark.parametrize(
    ("cosine", "said"), [(1.0, "1"), (1 - 1e-9, "over 0.999999"), (0.9876543, "0.987654"), (-0.5, "-0.5")]
)
def test_of_the_whole(cosine: float, said: str) -> None:
    (found, device) = agreement(replace(IDENTICAL, parity=Parity(1e-3, 40.0, 0.5, cosine, (), 4))).facts
    assert found == (
        "On the host",
        f"max diff 1.0e-3, SQNR 40.0 dB, cosine {said}, same argmax in 50 % (the worst of 4 sets of inputs)",
    )
    assert device == ("On the device", "max diff 2.9e-6, SQNR 108.0 dB, same argmax in 100 %")


def test_of_each_output_on_each_place() -> None:
    phone = replace(passed(), abi="arm64-v8a", parity=Parity(1e-3, 40.0, outputs=OUTPUTS))
    row = replace(IDENTICAL, parity=Parity(1e-3, 40.0, outputs=OUTPUTS), also=(phone,))
    titles = ("Output", "Max diff", "SQNR", "Cosine", "Same argmax")
    lines = (("[0]", "1.0e-3", "40.0 dB", "0.987654", "50 %"), ("[1]", "agreement means nothing: it is all zeros"))
    assert agreement(row).tables == (
        Table("Output by output, on the host", titles, lines),
        Table("Output by output, on arm64-v8a", titles, lines),
    )


def test_what_no_output_has_is_no_column() -> None:
    parity = Parity(1.0, outputs=(OutputParity("[0]", 1.0), OutputParity("[1]", 2.0, 40.0)))
    (table,) = agreement(replace(IDENTICAL, parity=parity)).tables
    assert table.titles == ("Output", "Max diff", "SQNR")
    assert table.lines == (("[0]", "1.0e0", ""), ("[1]", "2.0e0", "40.0 dB"))


def test_a_line_is_as_long_as_the_titles_where_all_else_means_nothing() -> None:
    parity = Parity(0.0, outputs=(replace(OUTPUTS[1], path="[0]"), OUTPUTS[1]))
    (table,) = agreement(replace(IDENTICAL, parity=parity)).tables
    assert {len(line) for line in table.lines} == {2}
    assert len(table.titles) >= 2


def test_the_layers_to_blame_are_a_table_and_a_plot() -> None:
    found = agreement(replace(BROKEN, layer_losses=LAYERS))
    assert found.tables == (
        Table(
            "SQNR against eager by layer, the worst first",
            ("Layer", "Before it", "After it"),
            (("features.<b>3", "60.0 dB", "5.2 dB"), ("head", "12.0 dB", "-100.0 dB")),
        ),
    )
    assert found.plot is not None
    page = Page(render_html(replace(CALM, rows=(replace(BROKEN, layer_losses=LAYERS),))))
    at = page.text.index("SQNR against eager by layer, the worst first")
    assert page.text[at + 4 : at + 7] == ["features.<b>3", "60.0 dB", "5.2 dB"]


def test_nothing_was_compared() -> None:
    assert not agreement(replace(IDENTICAL, smoke=Smoke("skipped")))
