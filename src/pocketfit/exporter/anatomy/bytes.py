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
        records = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    parts = Counter[str]()
    for name, content in records.items():
        parts[_part(name)] += len(content)
    parts["alignment and index"] = path.stat().st_size - sum(parts.values())
    return Anatomy(
        modules=modules,
        macs=macs,
        dtypes=_bytes_by_dtype(records),
        parts=dict(parts),
        dropped_debug_bytes=dropped_debug_bytes,
        format_version=_format_version(path, records),
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


def _bytes_by_dtype(records: dict[str, bytes]) -> dict[str, int]:
    """Add up the tensors' records, each once: the pickles say what each is. Empty where one can't be read."""
    sizes: dict[str, tuple[str, int]] = {}
    for name, content in records.items():
        if name.endswith(".pkl"):
            try:
                storages = _storages(content)
            except (pickle.UnpicklingError, AttributeError, EOFError, TypeError, ValueError):
                return {}
            for storage, key in storages:
                # Lite files refer to one folder's records from the other's pickle.
                for record in (f"{name.removesuffix('.pkl')}/{key}", f"constants/{key}", key):
                    if record in records:
                        sizes[record] = (DTYPE_OF_STORAGE.get(storage, storage), len(records[record]))
                        break
    totals = Counter[str]()
    for dtype, size_bytes in sizes.values():
        totals[dtype] += size_bytes
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


def _format_version(path: Path, records: dict[str, bytes]) -> int | None:
    """The version that a runtime compares with its own: of the bytecode where there is some, else of the archive."""
    import torch

    if "bytecode.pkl" in records:
        return int(torch._C._get_model_bytecode_version(str(path)))
    # Newer archives have it under the second name.
    version = records.get("version", records.get(".data/version"))
    return None if version is None else int(version)
