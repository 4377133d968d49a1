"""Anatomy of a model and its file: parameters, and bytes by module, dtype and part of the archive."""

from __future__ import annotations

import pickle
import zipfile
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.records import Anatomy
from pocketfit.runtimes.inert import Inert, InertUnpickler

if TYPE_CHECKING:
    import torch

# Modules are named to this depth, and on through plain containers: "layer1.0", "features.18", "encoder.layers.3".
DEPTH = 2
# Newer archives have the file format's version under the second name.
VERSIONS = ("version", ".data/version")
DTYPE_OF_STORAGE = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
}


def count_parameters(model: torch.nn.Module) -> int:
    """Elements of all parameters, shared ones once; frozen TorchScript has none left and counts 0."""
    return sum(parameter.numel() for parameter in model.parameters())


def dissect(path: Path, model: torch.nn.Module, macs: Mapping[str, int], dropped_debug_bytes: int | None) -> Anatomy:
    """The anatomy of the saved file. `model` is the eager one: a frozen file knows no modules any more."""
    modules = bytes_by_module(model)
    if not zipfile.is_zipfile(path):
        return Anatomy(modules=modules, macs=macs)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename.partition("/")[2]: info for info in archive.infolist()}
        # Weights, nearly all of a file, need not be read to be counted.
        read = {name: archive.read(info) for name, info in entries.items() if name.endswith(".pkl") or name in VERSIONS}
    sizes, parts = {name: info.file_size for name, info in entries.items()}, Counter[str]()
    for name, size_bytes in sizes.items():
        parts[_part(name)] += size_bytes
    parts["alignment and index"] = path.stat().st_size - sum(parts.values())
    return Anatomy(
        modules=modules,
        macs=macs,
        dtypes=_bytes_by_dtype(sizes, read),
        parts=dict(parts),
        dropped_debug_bytes=dropped_debug_bytes,
        format_version=_format_version(read),
    )


def bytes_by_module(model: torch.nn.Module) -> dict[str, int]:
    """Bytes of parameters and buffers, shared ones once, in the model's order; "" holds those of no submodule."""
    sizes = Counter[str]()
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        sizes[group_of(model, name.split(".")[:-1])] += tensor.numel() * tensor.element_size()
    return dict(sizes)


def group_of(model: torch.nn.Module, path: list[str]) -> str:
    """The module that a report names for what stands at this place in the model."""
    from torch import nn

    module: Any = model
    for depth, part in enumerate(path):
        if depth >= DEPTH and type(module) not in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
            return ".".join(path[:depth])
        module = getattr(module, part)
    return ".".join(path)


def _part(name: str) -> str:
    match name.partition("/")[0]:
        case "code":
            return "code"
        case "bytecode" | "bytecode.pkl":
            return "bytecode"
        case "constants" | "constants.pkl":
            return "constants"
        case "data" | "data.pkl":
            return "data"
    return "other"


def _bytes_by_dtype(sizes: Mapping[str, int], read: Mapping[str, bytes]) -> dict[str, int]:
    """Add up the tensors' records, each once: the pickles say what each is. Empty where one can't be read."""
    dtypes: dict[str, str] = {}
    for name, content in read.items():
        if name.endswith(".pkl"):
            try:
                storages = _storages(content)
            except (pickle.UnpicklingError, AttributeError, EOFError, TypeError, ValueError):
                return {}
            for storage, key in storages:
                # Lite files refer to one folder's records from the other's pickle.
                for record in (f"{name.removesuffix('.pkl')}/{key}", f"constants/{key}", key):
                    if record in sizes:
                        dtypes[record] = DTYPE_OF_STORAGE.get(storage, storage)
                        break
    totals = Counter[str]()
    for record, dtype in dtypes.items():
        totals[dtype] += sizes[record]
    return dict(totals.most_common())


def _storages(content: bytes) -> list[tuple[str, str]]:
    """Type and key of each tensor's storage in a pickle; nothing of it is built."""
    reader = _StorageReader(content)
    reader.load()
    return reader.storages


class _StorageReader(InertUnpickler):
    """Classes keep their names, since a storage's class says what dtype it has."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.storages: list[tuple[str, str]] = []

    def find_class(self, _module: str, name: str, /) -> Any:
        return type(name, (Inert,), {})

    def persistent_load(self, pid: Any, /) -> Any:
        _, storage, key, *_ = pid
        self.storages.append((storage.__name__, str(key)))
        return Inert()


def _format_version(read: Mapping[str, bytes]) -> int | None:
    """The version that a runtime compares with its own: of the bytecode where there is some, else of the archive."""
    if "bytecode.pkl" in read:
        version, *_methods = InertUnpickler(read["bytecode.pkl"]).load()
        return int(version)
    return next((int(read[name]) for name in VERSIONS if name in read), None)
