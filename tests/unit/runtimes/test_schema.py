from __future__ import annotations

import pytest

from pocketfit.runtimes.schema import Argument, parse_schema


def test_a_schema_with_everything() -> None:
    schema = parse_schema(
        "aten::sum.IntList_out(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None, Tensor(a!) out) -> Tensor(a!)"
    )
    assert schema.full_name == "aten::sum.IntList_out"
    assert schema.arguments == (
        Argument("Tensor", "self"),
        Argument("int[]?", "dim", spreads=True),
        Argument("bool", "keepdim", has_default=True),
        Argument("ScalarType?", "dtype", has_default=True, keyword_only=True),
        Argument("Tensor", "out", keyword_only=True),
    )
    assert schema.returns == ("Tensor",)


def test_commas_in_defaults_and_types() -> None:
    schema = parse_schema('a::b(int[] dims=[0,1], str s="a, b)", Dict(str, Tensor) d) -> (Tensor, int[] x)')
    assert [one.name for one in schema.arguments] == ["dims", "s", "d"]
    assert schema.returns == ("Tensor", "int[]")


def test_any_number_of_arguments() -> None:
    assert parse_schema("aten::format(str self, ...) -> str").takes_more


def test_no_schema() -> None:
    with pytest.raises(ValueError, match=r"'aten::add' is no operator schema"):
        parse_schema("aten::add")
