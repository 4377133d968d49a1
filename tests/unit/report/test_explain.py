from __future__ import annotations

from collections.abc import Mapping

import pytest

from pocketfit.records import Anatomy, Built, Parity, Variant
from pocketfit.report.explain import explain

NET = Variant("net", "lite", "fp32")


def built(ops: Mapping[str, int], macs: Mapping[str, int]) -> Built:
    return Built(NET, "net.ptl", 1, 1, "", 1, ops, (), (), (), Parity(), anatomy=Anatomy(macs=macs))


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (built({"aten::conv2d": 52}, {"a": 5}), built({"aten::conv2d": 52}, {"a": 5}), None),
        (
            built({"aten::conv2d": 52}, {"features.17": 10**8, "features.18": 10**8}),
            built({"aten::conv2d": 54}, {"features.17": 10**8, "features.18": 131_000_000}),
            "operators: +2 aten::conv2d; MACs: +31.0 M (features.18 +31.0 M)",
        ),
        (
            built({name: 1 for name in "abcde"}, {}),
            built({}, {"features": 10}),
            "operators: -1 a, -1 b, -1 c and 2 more",
        ),
        (
            built({}, {"": 5_000, "old": 2_000_000_000}),
            built({}, {"": 4_900, "new": 1_000}),
            "MACs: -2.0 G (old -2.0 G, new +1.0 k, the model's own -100)",
        ),
    ],
)
def test_explain(base: Built, head: Built, said: str | None) -> None:
    assert explain(base, head) == said
