from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Anatomy, Row
from pocketfit.report.html import render_html
from pocketfit.report.page.anatomy import Module, anatomies, anatomy_facts, modules_of, most_modules, table
from tests.unit.report.samples import CALM, TOUCHED

BEFORE = Anatomy(modules={"conv1": 1000, "old": 10, "fc": 4_000_000}, macs={"conv1": 90_000, "fc": 1_000_000})
AFTER = Anatomy(
    modules={"conv1": 1000, "fc": 5_000_000, "": 8},
    dtypes={"float32": 5_001_000},
    parts={"code": 1_000, "constants": 5_001_000, "other": 8},
    dropped_debug_bytes=120_000,
    format_version=8,
    macs={"conv1": 90_000, "fc": 1_250_000, "pool": 16},
)


def row(before: Anatomy | None = BEFORE, after: Anatomy | None = AFTER) -> Row:
    assert TOUCHED.base
    assert TOUCHED.head
    return replace(TOUCHED, base=replace(TOUCHED.base, anatomy=before), head=replace(TOUCHED.head, anatomy=after))


def test_facts() -> None:
    assert dict(anatomy_facts(row())) == {
        "Bytes by part": "constants 5.00 MB, code 1.00 kB, other 8 B",
        "Tensors by dtype": "float32 5.00 MB",
        "Debug files": "left out, 120.00 kB",
    }
    assert dict(anatomy_facts(TOUCHED)) == {}


def test_the_table_has_bytes_and_work_of_each_module() -> None:
    assert table(BEFORE, AFTER) == (
        Module("fc", "5.00 MB", "+1.00 MB", "1.2 M", "+250.0 k"),
        Module("conv1", "1.00 kB", "", "90.0 k", ""),
        Module("the model's own", "8 B", "+8 B"),
        Module("pool", "", "", "16", "+16"),
        Module("old", "removed", "-10 B"),
    )
    assert [module.change + module.macs_change for module in table(Anatomy(), AFTER)] == ["", "", "", ""]


def test_many_modules_are_cut() -> None:
    found = table(Anatomy(), Anatomy(modules={f"layer{index}": 100 for index in range(45)}))
    assert (len(found), found[-1]) == (41, Module("5 more", "500 B", ""))


@pytest.mark.parametrize(("models", "most"), [(0, 40), (1, 40), (40, 30), (200, 6), (1000, 6)])
def test_the_more_models_the_fewer_modules_of_each(models: int, most: int) -> None:
    assert most_modules(models) == most


def test_variants_with_the_same_modules_share_them() -> None:
    other = replace(row(), precision="int8")
    alone = replace(row(), base=None)
    assert anatomies([row(), other, alone, row(None, None)]) == [
        ((BEFORE, AFTER), [row(), other]),
        ((Anatomy(), AFTER), [alone]),
    ]


def test_the_summary_is_what_changed_most() -> None:
    assert modules_of(BEFORE, AFTER, (), 40).summary == "grew most: fc (+1.00 MB)"
    assert modules_of(Anatomy(), AFTER, (), 40).summary == ""
    assert modules_of(AFTER, AFTER, (), 40).summary == ""


def test_the_page_folds_them_away() -> None:
    page = render_html(replace(CALM, rows=(row(), replace(row(), precision="int8"))))
    assert page.count('<details class="modules"><summary>Size by module, grew most: fc (+1.00 MB)</summary>') == 1
    assert (
        '<tr><th scope="row"><bdi>fc</bdi></th><td>5.00 MB</td><td>+1.00 MB</td><td>1.2 M</td><td>+250.0 k</td></tr>'
        in page
    )


def test_variants_that_differ_are_named() -> None:
    page = render_html(replace(CALM, rows=(row(), replace(row(after=BEFORE), precision="int8"))))
    assert "<summary>Size by module of lite/fp32, grew most: fc (+1.00 MB)</summary>" in page
    assert "<summary>Size by module of lite/int8</summary>" in page
