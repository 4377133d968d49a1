"""Saved weights: what is in them, read without running anything, and the class that they belong to."""

from __future__ import annotations

import ast
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pocketfit.files.saved import BROKEN_ARCHIVE
from pocketfit.runtimes.inert import Inert, InertUnpickler
from pocketfit.survey.classes import lineage
from pocketfit.survey.code import Code

if TYPE_CHECKING:
    import griffe

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt")
# What holds the weights among an optimizer's state and counters.
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "module")
# What DataParallel and torch.compile put before each name.
PREFIXES = ("module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.")
# Of names and shapes alone: a model with more parameters than this holds is none for a phone.
PICKLE_LIMIT_BYTES = 20_000_000
BEST = ("best", "final", "last", "latest")


@dataclass(frozen=True)
class Checkpoint:
    """A saved state_dict: the key that it stands under in the file ("" for none), and the names of its tensors."""

    path: PurePosixPath
    wrapper: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Weights:
    """A checkpoint of a class; `prefix` is what its names have before the class's own."""

    checkpoint: Checkpoint
    prefix: str


def read_checkpoint(root: Path, path: PurePosixPath) -> Checkpoint | None:
    """The state_dict in a file that torch.save wrote, or None where there is none."""
    try:
        with zipfile.ZipFile(root / path) as archive:
            name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
            if name is None or archive.getinfo(name).file_size > PICKLE_LIMIT_BYTES:
                return None
            content = archive.read(name)
        held = _Reader(content).load()
    except (*BROKEN_ARCHIVE, pickle.UnpicklingError, AttributeError, TypeError, MemoryError, RecursionError):
        return None
    if names := _tensors(held):
        return Checkpoint(path, "", names)
    for key in (*WRAPPERS, *(held if isinstance(held, dict) else ())):
        if isinstance(held, dict) and isinstance(key, str) and key.isprintable() and (names := _tensors(held.get(key))):
            return Checkpoint(path, key, names)
    return None


def weights_for(code: Code, found: griffe.Class, checkpoints: Sequence[Checkpoint]) -> Weights | None:
    """The checkpoint whose names are this class's layers: of several, the one that is called the best."""
    layers = _members(code, found)
    fitting = [
        Weights(checkpoint, prefix)
        for checkpoint in checkpoints
        if (prefix := _prefix(checkpoint.names, layers)) is not None
    ]
    return min(fitting, key=lambda one: _preference(one.checkpoint.path), default=None)


def _prefix(names: Iterable[str], layers: set[str]) -> str | None:
    """What stands before every name, where what follows are these layers; None where they are another class's."""
    first = {name.partition(".")[0] + "." for name in names}
    prefixes: tuple[str, ...] = ("", *PREFIXES, *(first if len(first) == 1 else ()))
    for prefix in prefixes:
        tops = {name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix)}
        if tops and tops <= layers and all(name.startswith(prefix) for name in names):
            return prefix
    return None


def _members(code: Code, found: griffe.Class) -> set[str]:
    """The names that a class and its bases give to layers, parameters and buffers."""
    members: set[str] = set()
    for owner in lineage(code, found)[0]:
        for node in ast.walk(code.definition(owner) or ast.Pass()):
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    members.add(name)
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="self"), attr="register_buffer" | "register_parameter"),
                    args=[ast.Constant(value=str(name)), *_],
                ):
                    members.add(name)
    return members


def _preference(path: PurePosixPath) -> tuple[int, str]:
    stem = path.stem.lower()
    return next((place for place, word in enumerate(BEST) if word in stem), len(BEST)), str(path)


def _tensors(held: Any) -> tuple[str, ...]:
    """The names in a state_dict; none where it is anything else."""
    if not isinstance(held, dict) or not held:
        return ()
    whole = all(isinstance(name, str) and isinstance(value, Inert) for name, value in held.items())
    return tuple(held) if whole else ()


class _Reader(InertUnpickler):
    """Tensors are Inert, the mappings around them are read."""

    def find_class(self, module: str, name: str, /) -> Any:
        return OrderedDict if (module, name) == ("collections", "OrderedDict") else super().find_class(module, name)
