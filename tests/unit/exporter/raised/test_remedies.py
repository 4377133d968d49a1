from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketfit.exporter.raised.remedies import remedy


def missing(name: str) -> str:
    return remedy(ModuleNotFoundError(f"No module named {name!r}", name=name))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Found no NVIDIA driver on your system. Please check", ": it asks for CUDA, which no phone and no runner has: leave it on the CPU"),
        ("Torch not compiled with CUDA enabled", ": it asks for CUDA, which no phone and no runner has: leave it on the CPU"),
        ("Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False", ': it asks for CUDA, which no phone and no runner has: load it with map_location="cpu"'),
        ("PyTorch is not linked with MPS", ": it asks for MPS, which no phone and no runner has: leave it on the CPU"),
        ("something else", ""),
    ],
)  # fmt: skip
def test_a_device_that_is_not_there(text: str, said: str) -> None:
    assert remedy(RuntimeError(text)) == said


def of_state_dict(missing: list[str], unexpected: list[str]) -> RuntimeError:
    quoted = [", ".join(f'"{key}"' for key in keys) for keys in (missing, unexpected)]
    return RuntimeError(
        "Error(s) in loading state_dict for Net:\n"
        f"\tMissing key(s) in state_dict: {quoted[0]}. \n\tUnexpected key(s) in state_dict: {quoted[1]}. "
    )


@pytest.mark.parametrize(
    ("prefix", "whose"),
    [
        ("module.", " of nn.DataParallel"),
        ("_orig_mod.", " of torch.compile"),
        ("model.", " of a LightningModule"),
        ("module._orig_mod.", ""),
        ("student.net.", ""),
    ],
)
def test_a_checkpoint_of_a_wrapped_module(prefix: str, whose: str) -> None:
    keys = ["a.weight", "b.weight"]
    error = of_state_dict(keys, [f"{prefix}{key}" for key in keys])
    assert remedy(error) == (
        f': the checkpoint\'s keys have the prefix "{prefix}"{whose}: '
        f'load {{key.removeprefix("{prefix}"): value for key, value in checkpoint.items()}}'
    )


def test_other_checkpoints_that_do_not_fit() -> None:
    assert remedy(of_state_dict(["module.a", "module.b"], ["a", "b"])) == (
        ': the model\'s own keys have the prefix "module.", which the checkpoint lacks: load it into model.module'
    )
    assert remedy(of_state_dict(["a.weight"], ["epoch", "optimizer", "state_dict"])) == (
        ': the checkpoint is a dict that holds the weights: load checkpoint["state_dict"]'
    )
    assert remedy(of_state_dict(["a.weight"], ["b.weight"])) == ""


def test_a_pickled_model() -> None:
    assert "weights_only=False) if you trust who made it" in remedy(RuntimeError("Weights only load failed. This file"))
    assert remedy(AttributeError("Can't get attribute 'Net' on <module '__main__' (built-in)>")) == (
        ": the file is a whole model, pickled by a script: save its state_dict instead"
    )


def test_memory_that_is_shared() -> None:
    assert remedy(RuntimeError("unable to open shared memory object </torch_1> in read-write mode")) == (
        ": a model's process has no network, no sockets and no shared memory: docs/sandbox.md"
    )


def test_a_module_to_install(root: Path) -> None:
    assert missing("albumentations") == (
        ": put albumentations into a requirements file and name that by --requirements (in the action: requirements)"
    )
    assert missing("cv2").startswith(": put opencv-python-headless into ")


def test_a_module_that_lies_in_the_repository(root: Path) -> None:
    (root / "libs" / "shared" / "src" / "toolbox").mkdir(parents=True)
    (root / "libs" / "shared" / "src" / "toolbox" / "__init__.py").touch()
    (root / "research").mkdir()
    (root / "research" / "helpers.py").touch()
    assert missing("helpers") == (
        ": it lies in research/, where Python does not look: put that on sys.path in the file of `source`, "
        "or name it in a pyproject.toml (package-dir)"
    )
    (root / "libs" / "shared" / "pyproject.toml").touch()
    assert missing("toolbox") == (
        ": it lies in libs/shared/src/, where Python does not look: "
        "add `-e ./libs/shared` to a requirements file (--requirements)"
    )
    (root / "libs" / "shared" / "src" / "toolbox" / "layers.py").touch()
    assert missing("toolbox.layer") == ": did you mean 'toolbox.layers'?"


def test_an_environment_variable() -> None:
    with pytest.raises(KeyError) as raised:
        os.environ["TINY_WIDTH_OF_NOBODY"]
    said = ": a model's process gets no such environment variable; give it in [models.NAME.env]"
    assert remedy(raised.value) == said
    assert remedy(KeyError("x")) == ""


def test_a_file_that_lies_elsewhere(root: Path) -> None:
    (root / "research").mkdir()
    (root / "research" / "net.pth").touch()
    error = FileNotFoundError(2, "No such file or directory", "net.pth")
    assert remedy(error) == (
        ": paths are relative to the repository's root, and it lies in research/: use Path(__file__).parent"
    )
    assert remedy(FileNotFoundError(2, "No such file or directory", "gone.pth")) == ""
    assert "--readable opens more" in remedy(PermissionError(13, "Permission denied", "/data/net.pth"))
