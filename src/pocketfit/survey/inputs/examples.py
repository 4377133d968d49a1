"""Example inputs and picture sizes that a repository's scripts write down."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pocketfit.survey.code import Code, Source
from pocketfit.survey.inputs.layers import Guess
from pocketfit.survey.makers import made_by
from pocketfit.survey.options import UNKNOWN, options_of
from pocketfit.survey.values import Scope, assigned, value_of

if TYPE_CHECKING:
    import griffe

TRACED = frozenset({
    "torch.jit.trace", "torch.onnx.export", "torch.export.export", "torch.onnx.dynamo_export", "torch.jit.trace_module",
})  # fmt: skip
FILLED = frozenset({"rand", "randn", "ones", "zeros", "empty"})
DTYPES = {"long": "int64", "int64": "int64", "int": "int32", "int32": "int32", "bool": "bool", "float64": "float64"}
# The sizes of the pictures of torchvision's data sets.
DATASETS = {
    **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST"), 28),
    **dict.fromkeys(("CIFAR10", "CIFAR100", "SVHN"), 32),
    "STL10": 96,
}
SIZE_OPTIONS = ("image_size", "img_size", "input_size", "crop_size", "imgsz", "resolution", "im_size", "imsize")
SIZED = frozenset({"CenterCrop", "RandomResizedCrop", "RandomCrop", "Resize"})
LARGEST = 4096


def examples_of(code: Code, target: griffe.Class | str, count: int) -> tuple[tuple[Guess, ...], str] | None:
    """The example inputs that a script gives to a model, as many as `count`, and where: `export.py:12`."""
    import griffe

    for source in code.sources.values():
        for call, function in source.calls:
            scope = Scope(source, function)
            meaning = code.meaning(call.func, source)
            if isinstance(meaning, str) and meaning in TRACED and len(call.args) > 1:
                made, given = made_by(code, call.args[0], scope), _parts(call.args[1], scope)
            elif isinstance(call.func, ast.Name) and (meaning is None or isinstance(meaning, griffe.Attribute)):
                made, given = _made_before(code, call.func, scope), list(call.args)
            else:
                continue
            if made is None or made.target is not target or len(given) != count:
                continue
            found = [tensor_of(code, node, scope) for node in given]
            if all(found):
                return tuple(guess for guess in found if guess), f"{source.path}:{call.lineno}"
    return None


def tensor_of(code: Code, node: ast.AST | None, scope: Scope) -> Guess | None:
    """The shape and dtype of a tensor that is made up where it is used, for one example instead of a batch."""
    dtype: str | None = None
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in (*DTYPES, "to", "cuda")
    ):
        dtype = dtype or DTYPES.get(node.func.attr)
        node = node.func.value
    if isinstance(node, ast.Name) and scope.function is not None:
        return tensor_of(code, assigned(scope.function, node.id, node.lineno), scope)
    if isinstance(node, ast.Name):
        return tensor_of(code, assigned(scope.source.tree, node.id, node.lineno), scope)
    if not isinstance(node, ast.Call):
        return None
    name = str(code.meaning(node.func, scope.source) or "")
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "dtype"), None)
    if given is not None:
        dtype = DTYPES.get(getattr(given, "attr", ""), dtype)
    if name == "torch.randint":
        numbers = [value_of(code, part, scope) for part in node.args]
        shape = next((value for value in numbers if isinstance(value, list)), None)
        ends = [value for value in numbers if isinstance(value, int)]
        bounds = (0, ends[0] - 1) if len(ends) == 1 else (ends[0], ends[1] - 1) if ends else (None, None)
        return _example(shape, dtype or "int64", bounds)
    if name.removeprefix("torch.") not in FILLED or not name.startswith("torch."):
        return None
    values = [value_of(code, part, scope) for part in node.args]
    return _example(values[0] if len(values) == 1 and isinstance(values[0], list) else values, dtype or "float32")


def image_size(code: Code, bound: Mapping[str, Any]) -> int | None:
    """The width and height of pictures, by an argument of the model, an option, or what prepares the data."""
    for name in SIZE_OPTIONS:
        if _is_size(value := bound.get(name, UNKNOWN)):
            return int(value)
    found = [value for source in code.sources.values() if (value := _size_in(code, source))]
    return found[0] if len(set(found)) == 1 else None


def _size_in(code: Code, source: Source) -> int | None:
    """The size that a file gives to pictures, the last of several steps before the others."""
    options = options_of(source)
    sizes: list[int] = [options[name] for name in SIZE_OPTIONS if _is_size(options.get(name))]
    for call, function in source.calls:
        meaning = code.meaning(call.func, source)
        if not isinstance(meaning, str) or not meaning.startswith("torchvision."):
            continue
        last = meaning.rpartition(".")[2]
        if last in SIZED and call.args:
            value = value_of(code, call.args[0], Scope(source, function))
            value = value[0] if isinstance(value, list) and len(set(map(repr, value))) == 1 else value
            if _is_size(value):
                sizes.append(value)
        elif last in DATASETS and ".datasets" in meaning:
            sizes.insert(0, DATASETS[last])
    return sizes[-1] if sizes else None


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 8 <= value <= LARGEST


def _example(shape: Any, dtype: str, bounds: tuple[int | None, int | None] = (None, None)) -> Guess | None:
    if not isinstance(shape, list) or not shape or len(shape) > 8:
        return None
    if any(not isinstance(length, int) or isinstance(length, bool) or not 0 < length < 10**6 for length in shape):
        return None
    return replace(Guess((1, *shape[1:]), dtype, *bounds), time=None)


def _parts(node: ast.expr, scope: Scope) -> list[ast.expr]:
    if isinstance(node, ast.Name):
        value = assigned(scope.function or scope.source.tree, node.id, node.lineno)
        node = value if isinstance(value, ast.Tuple) else node
    return list(node.elts) if isinstance(node, (ast.Tuple, ast.List)) else [node]


def _made_before(code: Code, name: ast.Name, scope: Scope) -> Any:
    value = assigned(scope.function or scope.source.tree, name.id, name.lineno)
    return made_by(code, value, scope) if value is not None and value is not UNKNOWN else None
