"""Keeps a repository's files from hiding the packages that we and torch import.

A repository's folders stand first on sys.path, as in a script that is started there; but torch, executorch and many
others import modules as late as they need them, and must not find a torchao/ or a profile.py of the repository then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, ModuleType

from pocketfit.exporter.importing.plain import OUR_PACKAGES

INSTALLED = ("site-packages", "dist-packages")
# Modules that import others for whoever asks them to.
IMPORTERS = ("importlib", "pkgutil", "runpy")


class InstalledFirst:
    """Finds what is installed before what the repository has: our packages always, others unless the repository asks.

    `path` is sys.path without the repository.
    """

    def __init__(self, root: Path, path: Sequence[str]) -> None:
        self.roots, self.path = (root, root.resolve()), list(path)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or (name not in OUR_PACKAGES and self._asked_by_repository()):
            return None
        return PathFinder.find_spec(name, self.path, target)

    def _asked_by_repository(self) -> bool:
        file = next((frame.f_code.co_filename for frame in _callers() if not _imports_for_others(frame)), "")
        return any(is_own(Path(file), root) for root in self.roots)


def install(root: Path) -> None:
    """Put the repository's root on sys.path, and the finder before it."""
    if any(isinstance(finder, InstalledFirst) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, InstalledFirst(root, sys.path))
    sys.path.insert(0, str(root))


def is_own(file: Path, root: Path) -> bool:
    """Whether a file or folder is the repository's own: a virtual environment may stand in it too."""
    return file.is_relative_to(root) and not set(INSTALLED) & set(file.parts)


def hidden_by(root: Path, name: str) -> str | None:
    """The file or folder of the repository that has the name of one of our packages, where `name` is in that."""
    top = name.partition(".")[0]
    if top not in OUR_PACKAGES or find_spec(top) is None:
        return None
    folders = (Path(place) for place in sys.path if is_own(Path(place), root))
    places = (folder / shown for folder in folders for shown in (top, f"{top}.py"))
    return next((str(place.relative_to(root)) for place in places if place.exists()), None)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _imports_for_others(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name == __name__ or name.partition(".")[0] in IMPORTERS or "importlib" in frame.f_code.co_filename
