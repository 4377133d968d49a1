"""Saved models as sources: which files can be one, asked without running anything in them."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path

# What zipfile raises for bytes that only look like an archive, wherever it meets them.
BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, RuntimeError, LookupError),
)
TORCHSCRIPT_SUFFIXES = (".pt", ".pth", ".jit", ".ptl")
SAVED_SUFFIXES = (*TORCHSCRIPT_SUFFIXES, ".pt2")
LFS_VERSION = "version https://git-lfs.github.com/spec/"
LFS_REMEDY = (
    "is a Git LFS pointer, not the weights: run `git lfs pull` (in a workflow: actions/checkout with lfs: true)"
)

TAKEN = "smoke takes .ptl, .pt and .pte files"
EXPORT = "name a callable that builds the model to `pocketfit export`, and try the file that it writes"
PICKLE, EXECUTORCH, PROGRAM = b"\x80", b"ET", "models/model.json"
# By what a file begins with, from which byte on.
OTHERS = {
    (0, b"\x89PNG"): "a PNG picture",
    (0, b"\xff\xd8\xff"): "a JPEG picture",
    (0, b"GIF8"): "a GIF picture",
    (8, b"WEBP"): "a WebP picture",
    (4, b"TFL3"): "a TensorFlow Lite file",
    (0, b"\x89HDF"): "an HDF5 file",
    (0, b"\x7fELF"): "a program or library",
}


def is_saved(source: str, suffixes: tuple[str, ...] = SAVED_SUFFIXES) -> bool:
    """Return whether a `source` names a saved file instead of a callable."""
    return ":" not in source and source.endswith(suffixes)


def saved_problem(path: Path, shown: str) -> str | None:
    """Why the file can't be a saved model, or None; `shown` is what to call it."""
    if not path.is_file():
        return f"{shown}: no such file in the repository"
    if _begins_with(path, LFS_VERSION.encode()):
        return f"{shown} {LFS_REMEDY}"
    try:
        names = _names_in(path)
    except BROKEN_ARCHIVE:
        return f"{shown} is not a TorchScript file: it is no zip archive"
    if path.suffix != ".pt2" and not _is_scripted(names):
        return (
            f"{shown} is a state_dict or pickled object, not TorchScript: "
            "name a callable that builds the module and loads it"
        )
    return None


def artifact_problem(path: Path) -> str | None:
    """Say what a file is that no phone could load, after its name; None for what a runtime has to judge.

    A damaged archive is the runtime's: it says in which way.
    """
    start = _start(path)
    if start.startswith(LFS_VERSION.encode()):
        return LFS_REMEDY
    if start.startswith(b"PK"):
        try:
            names = _names_in(path)
        except BROKEN_ARCHIVE:
            return None
        if _is_scripted(names) or "bytecode.pkl" in names:
            return None
        if PROGRAM in names or path.suffix == ".pt2":
            return f"is a program of torch.export, which no phone loads: {EXPORT}"
        if "data.pkl" not in names:
            return f"is a zip archive with no model in it: {TAKEN}"
        start = PICKLE
    if start.startswith(PICKLE):
        return f"is a state_dict or pickled object, which no phone loads: {EXPORT}"
    if start[4:].startswith(EXECUTORCH):
        return None
    kind = next((kind for (at, magic), kind in OTHERS.items() if start[at:].startswith(magic)), "no model")
    return f"is {kind}: {TAKEN}"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(LFS_VERSION))


def _begins_with(path: Path, magic: bytes) -> bool:
    return _start(path).startswith(magic)


def _names_in(path: Path) -> list[str]:
    """The names in an archive of torch's, without the folder that all of them are in."""
    with zipfile.ZipFile(path) as archive:
        return [name.partition("/")[2] for name in archive.namelist()]


def _is_scripted(names: list[str]) -> bool:
    return any(name.startswith("code/") for name in names) or "constants.pkl" in names
