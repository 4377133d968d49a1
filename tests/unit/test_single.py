from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.records import InputSpec
from pocketfit.single import guess_format, model_name, parse_shapes


def test_shapes() -> None:
    assert parse_shapes(["1,3,224,224", "1,16:int64"]) == (InputSpec((1, 3, 224, 224)), InputSpec((1, 16), "int64"))


@pytest.mark.parametrize("text", ["", "1x3", "1,,3", "0,3", "-1", "1,3:"])
def test_what_is_no_shape(text: str) -> None:
    if text == "1,3:":
        assert parse_shapes([text]) == (InputSpec((1, 3)),)
        return
    with pytest.raises(ConfigError, match="is no shape: write lengths with commas"):
        parse_shapes([text])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("torchvision.models:resnet18", "resnet18"),
        ("models/net.py:build.small", "build.small"),
        ("models/saved model.pt", "saved_model"),
        ("weights.v2.pt", "weights.v2"),
        ("net.py:_private", "model_private"),
        (":", "model"),
    ],
)
def test_a_model_is_named_after_its_source(source: str, name: str) -> None:
    assert model_name(source) == name


def test_format_by_content_then_by_name(tmp_path: Path) -> None:
    for name, member, format_name in (("a.pt", "a/bytecode.pkl", "lite"), ("b.ptl", "b/constants.pkl", "torchscript")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "")
        assert guess_format(tmp_path / name) == format_name
    for name, format_name in (
        ("c.ptl", "lite"),
        ("d.pt", "torchscript"),
        ("e.pte", "executorch"),
        ("f", "torchscript"),
    ):
        (tmp_path / name).write_text("no archive")
        assert guess_format(tmp_path / name) == format_name
