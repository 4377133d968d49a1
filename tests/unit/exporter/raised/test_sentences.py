"""What model code raises, as one sentence: no torch is needed to raise torch's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pocketfit.exporter.raised.places import at, place_of
from pocketfit.exporter.raised.sentences import is_about_inputs, not_forwarded, raised


def error_of(file: Path, code: str, **given: Any) -> BaseException:
    """What the code raises, standing in a file of the repository."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)
    try:
        exec(compile(code, str(file), "exec"), dict(given))
    except BaseException as error:
        # Without this file, which is no part of torch either.
        below = error.__traceback__ and error.__traceback__.tb_next
        return error.with_traceback(below or error.__traceback__)
    raise AssertionError("it raised nothing")


def test_the_line_and_its_function(root: Path) -> None:
    code = "sizes = {}\ndef inner(size):\n    return sizes[size]\n\ndef outer():\n    return inner('large')\nouter()\n"
    error = error_of(root / "pkg" / "deep.py", code)
    assert raised("forward", error) == "forward raises KeyError: 'large' at pkg/deep.py:3, in inner"
    assert raised("", error, "") == "KeyError: 'large' at pkg/deep.py:3, in inner"


def test_the_line_of_the_model_that_led_into_a_library(root: Path) -> None:
    error = error_of(root / "net.py", "import json\n\ndef build():\n    json.loads('{')\nbuild()\n")
    assert str(place_of(error)) == "net.py:4, in build"
    assert " at net.py:4, in build" in raised("net.py:build", error)


def test_a_library_alone_names_its_own_line(root: Path) -> None:
    library = root.parent / "lib" / "python3.11" / "site-packages" / "timm" / "models.py"
    assert at(error_of(library, "def make():\n    return {}['x']\nmake()\n")) == " at timm/models.py:2, in make"
    torch = root.parent / "lib" / "python3.11" / "site-packages" / "torch" / "nn.py"
    assert at(error_of(torch, "{}['x']\n")) == ""


def test_a_files_own_level_has_no_function(root: Path) -> None:
    assert raised("net.py", error_of(root / "net.py", "\nint('x')\n"), "can't be imported:") == (
        "net.py can't be imported: ValueError: invalid literal for int() with base 10: 'x' at net.py:2"
    )


def test_a_syntax_error_shows_its_line(root: Path) -> None:
    error = error_of(root / "net.py", "x = 1\ndef f(:\n")
    assert raised("net.py", error, "can't be imported:") == (
        "net.py can't be imported: SyntaxError: invalid syntax at net.py:2, `def f(:`"
    )


def test_a_line_that_torchscript_names(root: Path) -> None:
    text = (
        "The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript:\n"
        f'  File "{root}/net.py", line 9, in forward\n    x @ y\nRuntimeError: no'
    )
    assert raised("forward", RuntimeError(text)) == "forward raises RuntimeError: no at net.py:9, in forward"


def test_nothing_that_matters_is_beyond_what_a_report_shows(root: Path) -> None:
    keys = [f"backbone.blocks.{index}.attention.projection.weight" for index in range(50)]
    missing, unexpected = (", ".join(f'"{before}{key}"' for key in keys) for before in ("", "module."))
    text = (
        "Error(s) in loading state_dict for DetectionTransformer:\n"
        f"\tMissing key(s) in state_dict: {missing}. \n\tUnexpected key(s) in state_dict: {unexpected}. "
    )
    code = "def build():\n    raise RuntimeError(text)\nbuild()\n"
    said = raised("research/detector/net.py:build", error_of(root / "research" / "net.py", code, text=text))
    assert len(said) <= 400
    assert "Error(s) in loading state_dict for DetectionTransformer: Missing key(s) in state_dict: " in said
    assert " and 49 more" in said
    assert said.endswith(
        ' at research/net.py:2, in build: the checkpoint\'s keys have the prefix "module." of nn.DataParallel: '
        'load {key.removeprefix("module."): value for key, value in checkpoint.items()}'
    )


# As torch raises: from a line that is not the model's.
IN_TORCH: dict[str, Any] = {}
exec(compile("def fail(error):\n    raise error\n", "/x/site-packages/torch/nn.py", "exec"), IN_TORCH)


class Tensor:
    dtype, shape = "torch.float32", (1, 8)


ABOUT_INPUTS = [
    "RuntimeError('mat1 and mat2 shapes cannot be multiplied (48x16 and 5x2)')",
    "RuntimeError('Given groups=1, weight of size [8, 3, 3, 3], expected input[1, 1, 16, 16] to have 3 channels')",
    "RuntimeError('expected scalar type Float but found Double')",
    "RuntimeError('The size of tensor a (3) must match the size of tensor b (4)')",
    "RuntimeError('Input type (double) and bias type (float) should be the same')",
    "RuntimeError('Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [1, 8]')",
    "NotImplementedError('\"addmm_impl_cpu_\" not implemented for \\'Long\\'')",
    "IndexError('index out of range in self')",
    "IndexError('Dimension out of range (expected to be in range of [-2, 1], but got 2)')",
    "AssertionError('was expecting embedding dimension of 64, but got 32')",
]


@pytest.mark.parametrize("error", ABOUT_INPUTS)
def test_what_torch_says_of_tensors_is_about_the_inputs(root: Path, error: str) -> None:
    code = f"def forward(x):\n    return layer(x)\nlayer = lambda x: fail({error})\nforward(1)\n"
    found = error_of(root / "net.py", code, **IN_TORCH)
    assert is_about_inputs(found)
    said = not_forwarded(found, (Tensor(),), "these inputs", "change `inputs` of [models.net], or --shape")  # type: ignore[arg-type]
    assert said.startswith("forward does not take these inputs (float32 1x8): ")
    assert said.endswith(" at net.py:3; change `inputs` of [models.net], or --shape")


OF_FORWARD = {
    "{}['large']": "KeyError: 'large'",
    "None.shape": "AttributeError: 'NoneType' object has no attribute 'shape'",
    "[][2]": "IndexError: list index out of range",
    "int('x')": "ValueError: invalid literal for int() with base 10: 'x'",
    "fail(RuntimeError('Boolean value of Tensor with more than one value is ambiguous'))": (
        "RuntimeError: Boolean value of Tensor with more than one value is ambiguous"
    ),
    "fail(TypeError('Block.forward() takes 2 positional arguments but 3 were given'))": (
        "TypeError: Block.forward() takes 2 positional arguments but 3 were given"
    ),
}


@pytest.mark.parametrize("code", OF_FORWARD)
def test_what_is_not_about_the_inputs(root: Path, code: str) -> None:
    error = error_of(root / "net.py", f"def forward():\n    return {code}\nforward()\n", **IN_TORCH)
    assert not is_about_inputs(error)
    said = not_forwarded(error, (Tensor(),), "these inputs", "change them")  # type: ignore[arg-type]
    assert said == f"forward raises {OF_FORWARD[code]} at net.py:2, in forward"


def test_what_the_model_raises_itself_is_its_own_matter(root: Path) -> None:
    error = error_of(root / "net.py", "raise ValueError('the image size must be divisible by 32')\n")
    assert not is_about_inputs(error)


def test_a_shape_that_is_unpacked(root: Path) -> None:
    class Image:
        shape = (1, 8)

    error = error_of(root / "net.py", "b, c, h, w = x.shape\n", x=Image())
    assert is_about_inputs(error)
    assert not is_about_inputs(error_of(root / "other.py", "a, b = [1]\n"))


def test_a_call_with_too_many_inputs() -> None:
    # Whoever called forward was torch, on our behalf.
    assert is_about_inputs(TypeError("Net.forward() takes 2 positional arguments but 3 were given"))
    assert not is_about_inputs(TypeError("unsupported operand type(s) for +: 'int' and 'str'"))


def test_a_library_that_is_not_installed_is_not_the_model(root: Path) -> None:
    library = root.parent / "vendor" / "tuner.py"
    error_of(library, "{}['x']\n")
    code = "def build():\n    exec(compile(library.read_text(), str(library), 'exec'))\nbuild()\n"
    assert at(error_of(root / "net.py", code, library=library)) == " at net.py:2, in build"
