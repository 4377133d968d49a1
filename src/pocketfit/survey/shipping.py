"""Which formats a repository's app takes, by what it ships and what its build asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FILE_LIMIT_BYTES = 1_000_000
BUILD_FILES = re.compile(r"(\.gradle|\.gradle\.kts|\.versions\.toml|pom\.xml)$")
# Each format with what names it: in the app's build, in code, and as the end of a file.
LIBRARIES = {
    "lite": re.compile(r"pytorch_android_lite"),
    "torchscript": re.compile(r"pytorch_android(?!_lite|_torchvision)\b"),
    "executorch": re.compile(r"executorch[-_]android"),
}
CALLS = {
    "lite": re.compile(r"_save_for_lite_interpreter|optimize_for_mobile|LiteModuleLoader"),
    "executorch": re.compile(r"\bexecutorch\b"),
}
SUFFIXES = {".ptl": "lite", ".pte": "executorch"}
ASSETS = ("assets", "raw")


@dataclass(frozen=True)
class Shipping:
    """The formats that are shipped today, each with the file that says so; none where nothing does."""

    formats: dict[str, str]


def find_shipping(root: Path, paths: Iterable[PurePosixPath]) -> Shipping:
    """Look at names, and at the text of builds and code; the app's own build is surest, then files, then scripts."""
    libraries: dict[str, str] = {}
    files: dict[str, str] = {}
    calls: dict[str, str] = {}
    for path in paths:
        if path.suffix in SUFFIXES:
            files.setdefault(SUFFIXES[path.suffix], str(path))
        elif path.suffix == ".pt" and any(part in ASSETS for part in path.parts):
            files.setdefault("torchscript", str(path))
        elif BUILD_FILES.search(path.name):
            _look(_text(root / path), LIBRARIES, str(path), libraries)
        elif path.suffix in (".py", ".kt", ".java"):
            _look(_text(root / path), CALLS, str(path), calls)
    return Shipping(libraries or files or calls)


def _look(text: str, patterns: dict[str, re.Pattern[str]], path: str, found: dict[str, str]) -> None:
    for name, pattern in patterns.items():
        if pattern.search(text):
            found.setdefault(name, path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace") if path.stat().st_size <= FILE_LIMIT_BYTES else ""
    except OSError:
        return ""
