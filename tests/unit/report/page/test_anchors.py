from __future__ import annotations

import pytest

from pocketfit.records import Variant
from pocketfit.report.page.anchors import anchor, anchors

LONG = "n" * 200


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (Variant("resnet18", "lite", "int8-dynamic"), "resnet18/lite/int8-dynamic"),
        (Variant("my.net_2", "lite", "fp32"), "my.net_2/lite/fp32"),
        (Variant("my net", "lite", "fp32"), "my-net-lite-fp32/f98c8e31"),
        (Variant('"><script>', "lite", "fp32"), "script-lite-fp32/3bcdfc39"),
        (Variant("\u05de\u05d5\u05d3\u05dc", "\u05de", "\u05de"), "variant/5a8b06cd"),
        (Variant("\ud800", "lite", "fp32"), "lite-fp32/08b8a258"),
        (Variant(LONG, "lite", "fp32"), "n" * 40 + "/152d6869"),
    ],
)
def test_an_address_is_the_variants_name_or_ends_in_its_hash(variant: Variant, expected: str) -> None:
    assert anchor(variant) == expected


def test_parts_are_not_mistaken_for_others() -> None:
    assert anchor(Variant("a/b", "c", "d")) != anchor(Variant("a", "b/c", "d"))


def test_a_variant_that_is_there_twice_has_two() -> None:
    net = Variant("net", "lite", "fp32")
    assert list(anchors([net, net, Variant("net", "lite", "int8")])) == [
        "net/lite/fp32",
        "net/lite/fp32~2",
        "net/lite/int8",
    ]
