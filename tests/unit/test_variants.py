from __future__ import annotations

import pytest

from pocketfit.errors import ConfigError
from pocketfit.records import Config, ModelSpec, Variant
from pocketfit.variants import parse_variants, select_models, select_variants, skip_reason

A, B, E = (Variant(name, "lite", "fp32") for name in "abe")
SLOW = Variant("a", "executorch", "int8")


def test_variants_in_words() -> None:
    assert parse_variants(["a/lite/fp32, b/lite/fp32", "a/lite/fp32"], "--variant") == (A, B)


@pytest.mark.parametrize("word", ["", "a", "a/lite", "a/lite/fp32/x", "a/onnx/fp32", "a/lite/fp8", "-a/lite/fp32"])
def test_words_that_are_no_variants(word: str) -> None:
    with pytest.raises(ConfigError, match=f"^--variant: '{word}' is no variant: write it like resnet18/lite/fp32$"):
        parse_variants([word], "--variant")


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
