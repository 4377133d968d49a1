from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Built, Export, Parity, Row, RunsOn, Smoke, Variant
from pocketfit.report.runtimes import host_differs, not_everywhere, version_facts

RAN = "the host and jvm differ: against eager, SQNR is {} dB by executorch's runtime on the host, and {} dB on jvm"


def built(format: str, sqnr_db: float | None) -> Built:
    export = Export(5, {}, (), (), (), Parity(1e-3, sqnr_db))
    return Built(Variant("net", format, "fp32"), "net", 10, 9, "aa", export)


def tried(status: str, sqnr_db: float | None = None) -> Smoke:
    return replace(Smoke("passed", "", "jvm"), status=status, parity=Parity(None, sqnr_db))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("format", "of_host", "smoke", "said"),
    [
        ("executorch", 120.0, tried("passed", 12.8), RAN.format("120.0", "12.8")),
        ("executorch", 20.0, tried("passed", 33.0), RAN.format("20.0", "33.0")),
        ("executorch", 12.0, tried("failed", 1.0), RAN.format("12.0", "1.0")),
        (
            "executorch",
            120.0,
            tried("failed"),
            "on the host, executorch's runtime runs it: SQNR 120.0 dB against eager",
        ),
        ("executorch", 33.9, tried("passed", 33.0), None),
        ("executorch", 130.0, tried("passed", 101.0), None),
        ("executorch", None, tried("passed", 12.8), None),
        ("executorch", 120.0, tried("skipped"), None),
        ("executorch", 120.0, tried("infra-error"), None),
        ("lite", 120.0, tried("passed", 12.8), None),
        ("onnx", 120.0, tried("passed", 12.8), None),
    ],
)
def test_what_the_host_makes_of_it(format: str, of_host: float | None, smoke: Smoke, said: str | None) -> None:
    assert host_differs(built(format, of_host), smoke) == (() if said is None else (said,))


RUNS = RunsOn("runs", "run", "ET 1.3", sqnr_db=114.04, max_abs_diff=2e-6)
POOL = RunsOn("refused", "run", "ET 1.0", "ET 1.0 does not have aten::pool.out: leave it out", ("aten::pool.out",))
MAYBE = RunsOn("runs", "prediction", "ET 1.1", "what XNNPACK was given is looked at by kind of node alone")
WRONG = RunsOn("differs", "run", "ET 1.1", "the largest difference from eager is 3", max_abs_diff=3.0)
MANY = RunsOn("refused", "prediction", "ET 1.0", "it lacks much", ("a", "b", "c", "d", "e"))
BLIND = RunsOn("unknown", "prediction", "ET 1.0", "the file can't be read: it is empty")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"1.0": POOL, "1.1": RUNS, "1.3": RUNS}, "runs on ExecuTorch 1.1 and 1.3, refused by 1.0: aten::pool.out"),
        ({"1.0": POOL, "1.1": MAYBE}, "runs on ExecuTorch 1.1 (predicted), refused by 1.0: aten::pool.out"),
        ({"1.0": POOL, "1.1": POOL, "1.3": RUNS}, "runs on ExecuTorch 1.3, refused by 1.0 and 1.1: aten::pool.out"),
        (
            {"1.0": POOL, "1.1": WRONG, "1.3": RUNS},
            "runs on ExecuTorch 1.3, refused by 1.0: aten::pool.out; wrong on 1.1: the largest difference from eager is 3",
        ),
        ({"1.0": MANY, "1.3": RUNS}, "runs on ExecuTorch 1.3, refused by 1.0 (predicted): a, b, c, +2 more"),
        ({"1.0": POOL, "1.3": POOL}, "runs on no ExecuTorch that it is for, refused by 1.0 and 1.3: aten::pool.out"),
        (
            {"1.0": BLIND, "1.3": RUNS},
            "runs on ExecuTorch 1.3, not known for 1.0 (predicted): the file can't be read: it is empty",
        ),
        ({"1.0": RUNS, "1.1": MAYBE, "1.3": RUNS}, None),
        # The row has said it of the device's own.
        ({"1.3": POOL}, None),
        ({}, None),
    ],
)
def test_a_sentence_only_where_not_all_versions_take_a_file(head: dict[str, RunsOn], said: str | None) -> None:
    assert not_everywhere(head, {}) == ((said,) if said else ())


def test_where_bases_file_ran_is_said() -> None:
    head = {"1.0": POOL, "1.1": RUNS}
    assert not_everywhere(head, {"1.0": RUNS, "1.1": POOL}) == (
        "runs on ExecuTorch 1.1, refused by 1.0: aten::pool.out; base's file runs on 1.0",
    )
    assert not_everywhere(head, {"1.0": POOL}) == ("runs on ExecuTorch 1.1, refused by 1.0: aten::pool.out",)


def test_the_page_has_a_line_for_each_version() -> None:
    row = Row("net", "executorch", "fp32", "new", runs_on={"1.0": POOL, "1.1": MAYBE, "1.3": RUNS, "1.4": WRONG})
    assert dict(version_facts(row)) == {
        "ExecuTorch 1.0": "refused: ET 1.0 does not have aten::pool.out: leave it out",
        "ExecuTorch 1.1": "predicted to run, not tried: what XNNPACK was given is looked at by kind of node alone",
        "ExecuTorch 1.3": "runs, largest difference 2.0e-6, SQNR 114.0 dB",
        "ExecuTorch 1.4": "runs, and is wrong: the largest difference from eager is 3",
    }
    assert dict(version_facts(replace(row, runs_on={"1.0": MANY, "1.1": BLIND}))) == {
        "ExecuTorch 1.0": "predicted to be refused, not tried: it lacks much",
        "ExecuTorch 1.1": "not known, not tried: the file can't be read: it is empty",
    }
