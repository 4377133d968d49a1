from __future__ import annotations

from dataclasses import replace

from pocketfit.records import Delegation, Hardware, Row, RuntimeSize, SideFacts
from pocketfit.report.page.about import about
from pocketfit.report.page.groups import groups
from pocketfit.report.page.section import Section, Table
from pocketfit.report.page.sections import sections
from tests.unit.report.samples import EVERYTHING, GREW, NEW, REMOVED, TOUCHED


def test_a_models_rows_stand_together_where_the_first_of_them_is() -> None:
    rows = [GREW, TOUCHED, replace(GREW, precision="int8"), NEW]
    found = groups(replace(EVERYTHING, rows=tuple(rows)), rows, ["a", "b", "c", "d"], 40)
    assert [(group.model, [(entry.anchor, entry.variant) for entry in group.entries]) for group in found] == [
        ("mobilenet_v2", [("a", "lite/fp32"), ("c", "lite/int8")]),
        ("two_inputs", [("b", "lite/fp32")]),
        ("segmenter", [("d", "lite/int8")]),
    ]
    entry = found[0].entries[0]
    assert (entry.fails, entry.kind, entry.reasons) == (True, "failed", GREW.reasons)
    assert [cell.fact[:1] for cell in entry.cells[:2]] == ["\N{BLACK UP-POINTING TRIANGLE}"] * 2


def test_the_numbers_are_whole_sentences() -> None:
    ((group,),) = [groups(replace(EVERYTHING, rows=(TOUCHED,)), [TOUCHED], ["a"], 40)]
    numbers = group.entries[0].sections[0]
    assert numbers.title == "Numbers"
    assert dict(numbers.facts)["Latency on jvm x86_64, 1 thread"] == (
        "base 0.102 ms, unclear: between \N{MULTIPLICATION SIGN}0.94 and \N{MULTIPLICATION SIGN}1.09"
    )


def test_what_is_not_there_has_no_section() -> None:
    assert [part.title for part in sections(GREW)] == [
        "Latency", "Agreement with eager", "Operators", "Memory", "File", "Device",
    ]  # fmt: skip
    assert sections(REMOVED) == ()


def operators(row: Row) -> Section:
    (found,) = [part for part in sections(row) if part.title == "Operators"]
    return found


def facts(ops: dict[str, int]) -> SideFacts:
    return SideFacts(1, 1, "aa", 1, ops)


def test_operators_that_came_and_went() -> None:
    row = replace(GREW, base=facts({"add": 1, "conv": 5, "mul": 2}), head=facts({"conv": 8, "mul": 2, "relu": 1200}))
    assert operators(row) == Section(
        "Operators",
        (("In the file", "1,210, of 3 kinds"),),
        (
            Table(
                "Came and went",
                ("Operator", "Base", "Head", "Change"),
                (("relu", "0", "1,200", "+1,200"), ("conv", "5", "8", "+3"), ("add", "1", "0", "-1")),
            ),
        ),
    )
    assert operators(replace(row, base=row.head)).tables == ()
    assert operators(replace(row, base=None)).tables == ()


def test_too_many_operators_are_counted() -> None:
    row = replace(GREW, base=facts({"add": 1}), head=facts({f"op{index:02}": 1 for index in range(60)}))
    (table,) = operators(row).tables
    assert (len(table.lines), table.lines[-1]) == (41, ("21 more", ""))


def test_operators_that_xnnpack_leaves_are_named() -> None:
    assert GREW.head
    row = replace(GREW, head=replace(GREW.head, delegation=Delegation(68, 71, {"aten::relu": 1, "aten::mul": 2})))
    assert dict(operators(row).facts)["By portable kernels"] == "2 aten::mul, 1 aten::relu"


def test_the_device_and_what_is_known_of_it() -> None:
    hardware = Hardware("Pixel 8", "15", 35, 16384, 8, 6_000_000_000)
    environment = replace(EVERYTHING.environment, hardware=hardware, sandbox="landlock, seccomp")
    runtimes = (RuntimeSize("pytorch_android_lite 1.12.2", "arm64-v8a", 48_280_000, 12_520_000),)
    device, versions, sizes = about(replace(EVERYTHING, environment=environment, runtimes=runtimes))
    assert device.facts == (
        ("Device", "jvm"),
        ("Model", "Pixel 8"),
        ("Android", "15, API level 35"),
        ("ABI", "x86_64"),
        ("Processor", "Intel Xeon Platinum 8481C"),
        ("Cores", "8"),
        ("Runs on", "1 thread"),
        ("Memory pages", "16 kB"),
        ("Free memory", "6.00 GB"),
    )
    assert dict(versions.facts)["Sandbox"] == "landlock, seccomp"
    assert sizes.tables[0].lines == (("pytorch_android_lite 1.12.2, arm64-v8a", "48.28 MB", "12.52 MB"),)
