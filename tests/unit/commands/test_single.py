from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from pocketfit.builds.sandbox import Sandbox
from pocketfit.commands import single
from pocketfit.commands.single import check_file, guess_format
from pocketfit.errors import ConfigError
from pocketfit.job import NotExported
from pocketfit.records import InputSpec


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
    with zipfile.ZipFile(artifact, "w") as archive:
        archive.writestr("net/bytecode.pkl", "")
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


def _central_name(data: bytes, name: bytes, other: bytes) -> bytes:
    at = data.rindex(name)
    return data[:at] + other + data[at + len(name) :]


@pytest.mark.parametrize("damage", ["truncated", "no central directory", "a name that is no UTF-8", "a wild offset"])
def test_a_damaged_archive_is_the_runtimes_to_refuse(tmp_path: Path, damage: str) -> None:
    """It is opened by us, whoever made it, so it must not raise what a bug of ours would: see hole 19."""
    path = tmp_path / "model.ptl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/bytecode.pkl", b"x")
        archive.writestr("modél", b"x")
    data = path.read_bytes()
    path.write_bytes(
        {
            "truncated": data[: len(data) // 2],
            "no central directory": data.replace(b"PK\x01\x02", b"PK\x09\x09"),
            "a name that is no UTF-8": _central_name(data, "modél".encode(), b"mod\xff\xffl"),
            "a wild offset": data[:-6] + b"\xff\xff\xff\x7f\0\0",
        }[damage]
    )
    assert guess_format(path) == "lite"
    check_file(path, ["1"])


def archive(*members: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as written:
        for member in members:
            written.writestr(member, "")
    return data.getvalue()


EXPORT = "name a callable that builds the model to `pocketfit export`, and try the file that it writes"
TAKEN = "smoke takes .ptl, .pt and .pte files"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("net.pth", archive("archive/data.pkl", "archive/version"), f"is a state_dict or pickled object, which no phone loads: {EXPORT}"),
        ("old.pth", b"\x80\x02\x8a\nl\xfc\x9cF", f"is a state_dict or pickled object, which no phone loads: {EXPORT}"),
        ("net.pt2", archive("net/models/model.json"), f"is a program of torch.export, which no phone loads: {EXPORT}"),
        ("data.zip", archive("data/picture.png"), f"is a zip archive with no model in it: {TAKEN}"),
        ("empty.zip", archive(), f"is a zip archive with no model in it: {TAKEN}"),
        ("cat.png", b"\x89PNG\r\n\x1a\n", f"is a PNG picture: {TAKEN}"),
        ("cat.ptl", b"\xff\xd8\xff\xe0", f"is a JPEG picture: {TAKEN}"),
        ("cat.webp", b"RIFF\0\0\0\0WEBPVP8 ", f"is a WebP picture: {TAKEN}"),
        ("net.tflite", b"\x1c\0\0\0TFL3", f"is a TensorFlow Lite file: {TAKEN}"),
        ("text.ptl", b"hello", f"is no model: {TAKEN}"),
        ("none.pte", b"", f"is no model: {TAKEN}"),
        ("far.pt", b"version https://git-lfs.github.com/spec/v1\noid", "is a Git LFS pointer, not the weights: run `git lfs pull` (in a workflow: actions/checkout with lfs: true)"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_said_before_there_is_a_device(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        check_file(path, ["1"])
    assert str(caught.value) == f"{path} {said}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("net.ptl", archive("net/bytecode.pkl")),
        ("net.pt", archive("net/code/__torch__.py", "net/constants.pkl")),
        ("net.pte", b"\x30\0\0\0ET12"),
    ],
)
def test_what_may_be_one_is_the_runtimes_to_judge(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    check_file(tmp_path / name, ["1"])


def test_without_torch_a_file_is_tried_and_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "without_torch", lambda: "torch is not installed here: run it")
    inputs, host = single._on_host(tmp_path / "a.ptl", "lite", (InputSpec((1, 4)),), tmp_path, Sandbox())
    assert [one.shape for one in inputs] == [(1, 4)]
    assert host == NotExported("torch is not installed here: run it")
