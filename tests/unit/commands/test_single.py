from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from pocketfit.commands.single import check_file, guess_format
from pocketfit.errors import ConfigError


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


@pytest.mark.parametrize(
    ("dtype", "content", "what"),
    [
        ("float32", None, "is missing"),
        ("float32", b"cut short", "is not as it says"),
        ("object", b"12345678", "is not as it says"),
        ("nonsense", b"1234", "is not as it says"),
    ],
)
def test_a_golden_tensor_that_is_not_there_or_damaged(
    tmp_path: Path, dtype: str, content: bytes | None, what: str
) -> None:
    artifact = tmp_path / "net.lite.fp32.ptl"
    artifact.write_bytes(b"model")
    tensor = {"path": "[0]", "dtype": dtype, "shape": [1], "file": "golden/input0.bin", "name": "x"}
    known = {"file": artifact.name, "model": "net", "format": "lite", "precision": "fp32", "size_bytes": 5}
    entry = {**known, "sha256": "", "recipe": [], "inputs": [tensor], "outputs": []}
    manifest = {"pocketfit": "0", "torch": "2", "commit": None, "artifacts": [entry]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    if content is not None:
        (tmp_path / "golden").mkdir()
        (tmp_path / "golden" / "input0.bin").write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        check_file(artifact, ())

    assert str(caught.value) == (
        f"{tmp_path}/golden/input0.bin, which manifest.json names for net.lite.fp32.ptl, {what}: "
        "copy the folder with the golden tensors too, or give --shape"
    )
    check_file(artifact, ["1"])
