"""Names of modules that TorchScript can read back.

A class's name in an artifact begins with its module's, and the reader takes nothing but ASCII identifiers that are no
words of its own language.
"""

from __future__ import annotations

import inspect
import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# What the exporter itself imports, torch, executorch and torchao among it, and what they import in turn.
OUR_PACKAGES = frozenset({
    "executorch", "filelock", "flatbuffers", "fsspec", "functorch", "jinja2", "markupsafe", "mpmath", "networkx",
    "numpy", "nvidia", "packaging", "pkg_resources", "pocketfit", "pydantic", "pydantic_core", "ruamel", "setuptools",
    "sympy", "tabulate", "torch", "torchao", "torchgen", "triton", "typing_extensions", "typing_inspection", "yaml",
})  # fmt: skip

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_taken(name: str) -> bool:
    """Whether a module of this name at the top is Python's, or one that we or torch use."""
    return name in OUR_PACKAGES or name in sys.stdlib_module_names or name == "__main__"


def plain_name(parts: tuple[str, ...]) -> str:
    """A module's name for a file at this place: the same on every machine, and nobody else's."""
    first, *rest = map(_plain_part, parts)
    return ".".join([f"{first}_" if is_taken(first) else first, *rest])


def is_plain(name: str) -> bool:
    return bool(PLAIN.fullmatch(name)) and not any(map(keyword.iskeyword, name.split(".")))


def _plain_part(part: str) -> str:
    # One letter can be written in two ways, and file systems differ in which.
    composed = unicodedata.normalize("NFC", part)
    written = re.sub(r"[^A-Za-z0-9_]", lambda found: f"_{ord(found[0]):x}_", composed)
    if keyword.iskeyword(written):
        return f"{written}_"
    return f"_{written}" if written[:1].isdigit() or not written else written


def rename_modules(root: Path, model: torch.nn.Module) -> None:
    """Give classes and functions of the repository's modules, and of the model's layers, names that can be read back.

    The modules stay findable under their new names, as torch.jit.script looks for their source there.
    """
    for name, module in list(sys.modules.items()):
        if not is_plain(name) and _is_in(module, root):
            for value in list(vars(module).values()):
                _rename(value)
    for layer in model.modules():
        _rename(type(layer))


def _rename(value: Any) -> None:
    name = getattr(value, "__module__", None)
    if not (inspect.isclass(value) or inspect.isfunction(value)) or not isinstance(name, str) or is_plain(name):
        return
    # Traced and scripted modules have classes of their own, which torch names.
    if module := sys.modules.get(name):
        plain = plain_name(tuple(name.split(".")))
        sys.modules.setdefault(plain, module)
        value.__module__ = plain


def _is_in(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(root)


def odd_names(model: torch.nn.Module) -> dict[str, str]:
    """What each name with a letter beyond ASCII is: a class, a layer (or tensor) or an argument of the model."""
    found: dict[str, str] = {}
    for layer in model.modules():
        arguments = inspect.signature(layer.forward).parameters if inspect.ismethod(layer.forward) else ()
        found |= dict.fromkeys(arguments, "argument")
        tensors = (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False))
        found |= {name: "layer" for name, _ in (*layer.named_children(), *tensors)}
        found[type(layer).__name__] = "class"
    return {name: kind for name, kind in found.items() if not name.isascii()}


def unreadable(code: str, odd: Mapping[str, str]) -> str | None:
    """What to say of TorchScript's code in which a name has a letter beyond ASCII, or None. `odd` are known names."""
    word = next((word for word in re.findall(r"\w+", code) if not word.isascii()), None)
    if word is None:
        return None
    # A traced model's file calls a value x_1 where the model calls several x.
    kind = odd.get(word) or odd.get(re.sub(r"_\d+$|^(input|self)_", "", word)) or "variable"
    letter = next(char for char in word if not char.isascii())
    return (
        f"the {kind} {word} has the letter {letter}, and torch can't read such a TorchScript file back: "
        "rename it with letters of ASCII, or use format lite"
    )
