from __future__ import annotations

from dataclasses import replace

from pocketfit.records import Anatomy
from pocketfit.report.html import render_html
from pocketfit.report.terminal.unfolded import Module, anatomy_facts, modules
from tests.unit.report.samples import CALM, TOUCHED

BEFORE = Anatomy(modules={"conv1": 1000, "old": 10, "fc": 4_000_000})
AFTER = Anatomy(
    modules={"conv1": 1000, "fc": 5_000_000, "": 8},
    dtypes={"float32": 5_001_000},
    parts={"code": 1_000, "constants": 5_001_000, "other": 8},
    dropped_debug_bytes=120_000,
    format_version=8,
)
assert TOUCHED.base
assert TOUCHED.head
ROW = replace(TOUCHED, base=replace(TOUCHED.base, anatomy=BEFORE), head=replace(TOUCHED.head, anatomy=AFTER))


def test_facts() -> None:
    assert dict(anatomy_facts(ROW)) == {
        "Bytes by part": "constants 5.00 MB, code 1.00 kB, other 8 B",
        "Tensors by dtype": "float32 5.00 MB",
        "Debug files": "left out, 120.00 kB",
    }
    assert dict(anatomy_facts(TOUCHED)) == {}


def test_modules() -> None:
    assert modules(ROW) == (
        Module("fc", "5.00 MB", "+1.00 MB"),
        Module("conv1", "1.00 kB", ""),
        Module("the model's own", "8 B", "+8 B"),
        Module("old", "removed", "-10 B"),
    )
    assert [module.change for module in modules(replace(ROW, base=None))] == ["", "", ""]
    assert modules(TOUCHED) == ()


def test_many_modules_are_cut() -> None:
    many = Anatomy(modules={f"layer{index}": 100 for index in range(45)})
    assert ROW.head
    found = modules(replace(ROW, base=None, head=replace(ROW.head, anatomy=many)))
    assert (len(found), found[-1]) == (41, Module("5 more", "500 B", ""))


def test_the_page_folds_them_away() -> None:
    page = render_html(replace(CALM, rows=(ROW,)))
    assert '<details class="modules"><summary>Size by module' in page
    assert '<tr><td><code>fc</code></td><td class="number">5.00 MB</td><td class="number">+1.00 MB</td></tr>' in page
