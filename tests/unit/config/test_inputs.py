"""Lengths that vary: what a configuration says of them, and each mistake as one sentence."""

from __future__ import annotations

import tomllib

import pytest

from pocketfit.config.reader import parse_config
from pocketfit.config.schema import json_schema
from pocketfit.errors import ConfigError
from pocketfit.records import Dimension, InputSpec

T = Dimension(1, "T", 1, 512)


def inputs(text: str, more: str = "") -> object:
    raw = tomllib.loads(f'[models.net]\nsource = "net.py:net"\ninputs = [{text}]\n{more}')
    return parse_config(raw, "pocketfit.toml").models[0].inputs


def test_the_example_has_the_largest_length() -> None:
    assert inputs('{ shape = [1, "T", 80], T = { min = 1, max = 512 } }') == (
        InputSpec((1, 512, 80), dimensions=(T,)),
    )  # fmt: skip


def test_the_example_can_have_another() -> None:
    assert inputs('{ shape = [1, "T", 80], T = { min = 1, max = 512, example = 64 } }') == (
        InputSpec((1, 64, 80), dimensions=(T,)),
    )  # fmt: skip


def test_inputs_share_a_dimension_whichever_says_its_bounds() -> None:
    assert inputs(
        '{ shape = ["T"], dtype = "int64", high = 9 }, { shape = [1, "T", "T"], T = { min = 1, max = 512 } }'
    ) == (
        InputSpec((512,), "int64", 0, 9, (Dimension(0, "T", 1, 512),)),
        InputSpec((1, 512, 512), dimensions=(T, Dimension(2, "T", 1, 512))),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{ shape = [1, "T"] }', "models.net.inputs: shape has 'T', and nothing says how long that is: add T = { min = 1, max = 512 } beside it, or write a number"),
        ('{ shape = [1, "T"], T = { min = 5, max = 3 } }', "models.net.inputs.0.T: min = 5 is above max = 3"),
        ('{ shape = [1, "T"], T = { min = 5, max = 9, example = 10 } }', "models.net.inputs.0.T: example = 10 is not between min = 5 and max = 9"),
        ('{ shape = [1, "T"], T = { min = 0, max = 3 } }', "models.net.inputs.0.T.min: it must be at least 1: write min = 1"),
        ('{ shape = [1, "T"], T = { min = 1 } }', "models.net.inputs.0.T.max: it is missing: add max = 512"),
        ('{ shape = [1, "T"], T = { min = 1, maxi = 3 } }', "models.net.inputs.0.T.maxi: unknown key; did you mean 'max'?"),
        ('{ shape = [1, "T"], T = 512 }', "models.net.inputs.0.T: it must be a table: write T = { min = 1, max = 512 }"),
        ('{ shape = [1, "T"], T = { min = "1", max = 3 } }', "models.net.inputs.0.T.min: it must be a whole number: write min = 1"),
        ('{ shape = [1, 7], T = { min = 1, max = 3 } }', "models.net.inputs.0.T: unknown key; known here: shape, dtype, low, high, value"),
        ('{ shape = [1, "T"], T = { min = 1, max = 3 }, dtyp = "int8" }', "models.net.inputs.0.dtyp: unknown key; did you mean 'dtype'?"),
        ('{ shape = [1, "T"], T = { min = 1, max = 3 } }, { shape = ["T"], T = { min = 1, max = 4 } }', "models.net.inputs: T is written twice, and differently: say it once, which counts for all inputs"),
        ('{ shape = [1, "low"], low = { min = 1, max = 3 } }', "models.net.inputs: 'low' in shape can't name a dimension, since it is a key of inputs itself"),
        ('{ shape = [1, "dimensions"], dimensions = { min = 1, max = 3 } }', "models.net.inputs: 'dimensions' in shape can't name a dimension, since it is a key of inputs itself"),
        ('{ shape = [1], dimensions = {} }', "models.net.inputs.0.dimensions: unknown key; known here: shape, dtype, low, high, value"),
        ('{ shape = ["1", "3"] }', "models.net.inputs.0.shape: each must be a whole number: write shape = [1, 3]"),
        ('{ shape = [1, -1] }', "models.net.inputs.0.shape: each must be at least 1: write shape = [1, 1]"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        inputs(text)
    assert str(error.value) == f"pocketfit.toml: {said}"


def test_inputs_to_check_are_of_one_size() -> None:
    with pytest.raises(ConfigError) as error:
        inputs('{ shape = ["T"], T = { min = 1, max = 3 } }', 'check_inputs = [{ shape = ["T"] }]')
    assert str(error.value) == (
        "pocketfit.toml: models.net.check_inputs: they are of one size, and 'T' is none: write a number; what inputs "
        "says of T is checked anyway, at its min, its max and between"
    )


def test_an_editor_takes_any_other_key_for_a_dimension() -> None:
    model = json_schema()["properties"]["models"]["additionalProperties"]["properties"]
    (tables,) = [form for form in model["inputs"]["anyOf"] if form["type"] == "array"]
    assert "dimensions" not in str(tables["items"]["properties"].keys())
    assert tables["items"]["additionalProperties"]["required"] == ["min", "max"]
