from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.errors import ConfigError
from pocketfit.records import Config, InputSpec, ModelSpec, Variant
from pocketfit.variants import (
    model_name,
    one_model,
    parse_shapes,
    parse_variants,
    select_models,
    select_variants,
    skip_reason,
)

A, B, E = (Variant(name, "lite", "fp32") for name in "abe")
SLOW = Variant("a", "executorch", "int8")


def test_variants_in_words() -> None:
    assert parse_variants(["a/lite/fp32, b/lite/fp32", "a/lite/fp32"], "--variant") == (A, B)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("net/lite/int9", "unknown precision 'int9': use one of fp32, fp16, int8, int8-dynamic"),
        ("net/tflite/fp32", "unknown format 'tflite': use one of lite, torchscript, executorch"),
        ("net/ptl/fp32", "unknown format 'ptl': did you mean 'lite'?"),
    ],
)
def test_a_word_that_is_unknown_is_named(word: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_variants([word], "--variant")
    assert str(caught.value) == f"--variant: {word!r} is no variant: {said}"


@pytest.mark.parametrize("word", ["", "a", "a/lite", "a/lite/fp32/x", "-a/lite/fp32"])
def test_words_that_are_no_variants(word: str) -> None:
    with pytest.raises(ConfigError, match=f"^--variant: '{word}' is no variant: write it like resnet18/lite/fp32$"):
        parse_variants([word], "--variant")


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1,3,224,224", InputSpec((1, 3, 224, 224))),
        ("1,16:int64", InputSpec((1, 16), "int64")),
        (" 1, 16 : bool ", InputSpec((1, 16), "bool")),
        ("1,3:", InputSpec((1, 3))),
    ],
)
def test_a_shape_is_written_with_commas_and_its_dtype_after_a_colon(text: str, spec: InputSpec) -> None:
    assert parse_shapes([text, "7"], "--shape") == (spec, InputSpec((7,)))


@pytest.mark.parametrize("text", ["", "1x3", "1,,3", "1 3", "0,3", "1,0,5", "-1", ":int64", "\u0661,3", "9" * 5000])
def test_a_shape_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shapes([text], "--shape")
    assert str(caught.value) == (
        f"--shape {text!r} is no shape: write lengths with commas, e.g. 1,3,224,224 or 1,16:int64"
    )


@pytest.mark.parametrize("dtype", ["half", "float16", "int 64"])
def test_a_dtype_that_java_does_not_have_is_refused(dtype: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shapes([f"1,3:{dtype}"], "input-shape")
    assert str(caught.value) == (
        f"input-shape '1,3:{dtype}': unknown dtype {dtype!r}; use one of float32, float64, int64, int32, int8, uint8, bool"
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("torchvision.models:resnet18", "resnet18"),
        ("models/net.py:build.small", "build.small"),
        ("pkg.zoo:Factory.build", "Factory.build"),
        ("models/saved model.pt", "saved_model"),
        ("net v2.pt", "net_v2"),
        ("weights.v2.pt", "weights.v2"),
        ("net.py:_private", "model_private"),
        (":", "model"),
        ('a.py:x"]\n[device]', "x____device_"),
        ("net.py:" + "long" * 30, "long" * 20),
    ],
)
def test_a_model_is_named_after_its_source(source: str, name: str) -> None:
    assert model_name(source) == name
    assert [spec.name for spec in one_model(source, (), (), ()).models] == [name]


def test_one_model_has_a_configurations_defaults() -> None:
    assert one_model("m:f", (), (), ()) == Config((ModelSpec("f", "m:f", by_options=True),))


def test_one_model_with_all_that_can_be_said_of_it() -> None:
    spec = ModelSpec("f", "m:f", inputs=(InputSpec((1, 3)),), formats=("lite", "executorch"), precisions=("int8",))
    assert one_model("m:f", ["1,3"], ["lite", "executorch"], ["int8"]) == Config((replace(spec, by_options=True),))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("m:f", (), ["light"], ()), "--format: unknown format 'light': use one of lite, torchscript, executorch"),
        (("m:f", (), ["ptl"], ()), "--format: unknown format 'ptl': did you mean 'lite'?"),
        (("m:f", (), (), ["int4"]), "--precision: unknown precision 'int4': use one of fp32, fp16, int8, int8-dynamic"),
        (("", (), (), ()), "--source is empty: write module:callable, path/to/file.py:callable, or a saved file"),
        (("m:f", ["1x3"], (), ()), "--shape '1x3' is no shape: write lengths with commas, e.g. 1,3,224,224 or 1,16:int64"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_model_is_a_sentence(
    words: tuple[str, list[str], list[str], list[str]], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        one_model(*words)
    assert str(caught.value) == sentence


def test_selecting_variants() -> None:
    spec = ModelSpec("a", "m:f", formats=("lite", "executorch"), precisions=("fp32", "int8"))
    config = Config((spec, ModelSpec("b", "m:g")))
    assert select_variants(config, ()) == config
    found = select_variants(config, [A, SLOW, E])
    assert [(one.name, one.formats, one.precisions) for one in found.models] == [
        ("a", ("lite",), ("fp32",)),
        ("a", ("executorch",), ("int8",)),
    ]


def test_selecting_models() -> None:
    config = Config((ModelSpec("a", "m:f"), ModelSpec("b", "m:g")))
    assert select_models(config, (), "pocketfit.toml") == config
    assert [spec.name for spec in select_models(config, ["b"], "pocketfit.toml").models] == ["b"]
    with pytest.raises(ConfigError, match=r"^pocketfit\.toml has no model 'c': it has a, b$"):
        select_models(config, ["a", "c"], "pocketfit.toml")


def test_a_format_that_nobody_knows() -> None:
    assert skip_reason(ModelSpec("net", "x:y"), "onnx", "fp32") == "format onnx is not in this version of Pocketfit"


@pytest.mark.parametrize("source", ["net.pt", "net.pth", "deep/net.jit", "net.ptl"])
def test_torchscript_is_no_source_of_executorch(source: str) -> None:
    assert skip_reason(ModelSpec("net", source), "executorch", "fp32") == (
        f"{source} is a saved TorchScript file, which torch.export does not take: "
        "name a callable that builds the module, or a .pt2 file that torch.export.save wrote"
    )


@pytest.mark.parametrize("source", ["net.pt2", "net.py:net", "module.pt:net"])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int8-dynamic"])
def test_what_executorch_takes(source: str, precision: str) -> None:
    assert skip_reason(ModelSpec("net", source), "executorch", precision) is None
