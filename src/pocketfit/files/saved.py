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


def is_saved(source: str, suffixes: tuple[str, ...] = SAVED_SUFFIXES) -> bool:
    """Return whether a `source` names a saved file instead of a callable."""
    return ":" not in source and source.endswith(suffixes)


def saved_problem(path: Path, shown: str) -> str | None:
    """Why the file can't be a saved model, or None; `shown` is what to call it."""
    if not path.is_file():
        return f"{shown}: no such file in the repository"
    with path.open("rb") as file:
        if file.read(len(LFS_VERSION)) == LFS_VERSION.encode():
            return f"{shown} {LFS_REMEDY}"
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except BROKEN_ARCHIVE:
        return f"{shown} is not a TorchScript file: it is no zip archive"
    scripted = any(name.startswith("code/") for name in names) or "constants.pkl" in names
    if path.suffix != ".pt2" and not scripted:
        return (
            f"{shown} is a state_dict or pickled object, not TorchScript: "
            "name a callable that builds the module and loads it"
        )
    return None
