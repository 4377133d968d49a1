from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.exporter.executorch import pairs
from pocketfit.exporter.executorch.etdump import TracedForward
from pocketfit.exporter.executorch.times import operator_times, summarize
from pocketfit.records import OperatorTime, OperatorTimes
from tests.unit.exporter.executorch.test_pairs import install


def test_medians_of_all_forwards_the_longest_first() -> None:
    forwards = [
        TracedForward(900_000, {"add.out": (2, 100_000), "GEMM": (1, 700_000)}),
        TracedForward(1_000_000, {"add.out": (2, 300_000), "GEMM": (1, 600_000)}),
        TracedForward(5_000_000, {"add.out": (2, 200_000), "GEMM": (1, 4_000_000)}),
    ]
    assert summarize(forwards, "1.5.1") == OperatorTimes(
        (OperatorTime("GEMM", 1, 0.7), OperatorTime("add.out", 2, 0.2)), 1.0, 3, "1.5.1"
    )


def test_an_operator_that_not_every_forward_runs() -> None:
    """As in a branch, which goes by the values: then it took nothing."""
    forwards = [TracedForward(10, {"a": (1, 8)}), TracedForward(10, {"a": (1, 6), "b": (3, 2)})]
    assert summarize(forwards, "1.5.1").operators == (OperatorTime("a", 1, 7e-6), OperatorTime("b", 3, 1e-6))


@pytest.mark.parametrize(
    ("versions", "named"),
    [({"torch": "2.12.1", "executorch": "1.3.1"}, "executorch 1.3.1"), ({"torch": "2.12.1"}, "this executorch")],
)
def test_a_runtime_without_a_tracer_says_so(
    versions: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, **versions)
    assert operator_times(Path("net.pte"), (), print) == OperatorTimes(
        reason=f"the runtime of {named} has no event tracer; that of executorch {pairs.TRACED.executorch} has one"
    )
