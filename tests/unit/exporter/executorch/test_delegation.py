from __future__ import annotations

from pocketfit.exporter.executorch.delegation import reasons
from pocketfit.records import Delegation


def test_all_delegated_is_no_news() -> None:
    assert reasons(Delegation(98, 98)) == []


def test_what_is_left_out_comes_by_number() -> None:
    left = {"aten::foo": 2, "aten::bar": 2, "aten::baz": 30}
    assert reasons(Delegation(1098, 1132, left)) == [
        "XNNPACK takes 1,098 of 1,132 operators; left to portable kernels: aten::baz (30), aten::bar (2), aten::foo (2)"
    ]


def test_many_kinds_are_left_out() -> None:
    (sentence,) = reasons(Delegation(0, 10, {f"aten::op{index}": 1 for index in range(10)}))
    assert sentence.endswith("aten::op6 (1), aten::op7 (1) and 2 more kinds")
