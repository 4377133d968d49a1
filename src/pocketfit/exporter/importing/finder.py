"""Keeps a repository's files from hiding the packages that we and torch import.

A repository's folders stand first on sys.path, as in a script that is started there; but torch, executorch and many
others import modules as late as they need them, and must not find a torchao/ or a profile.py of the repository then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import FrameType, ModuleType

from pocketfit.exporter.importing.layout import layout_of
from pocketfit.exporter.importing.plain import OUR_PACKAGES

PACKAGE = "__init__.py"
INSTALLED = ("site-packages", "dist-packages")
# Modules that import others for whoever asks them to.
IMPORTERS = ("importlib", "pkgutil", "runpy")


class InstalledFirst:
    """Finds what is installed before what the repository has: our packages always, others unless the repository asks.

    `path` is sys.path without the repository. `places` are where the repository's code is looked for: its root first.
    `packages` are those that a project's own files call otherwise than their folder.
    """

    def __init__(self, root: Path, path: Sequence[str], places: Sequence[Path] = ()) -> None:
        self.roots, self.path = (root, root.resolve()), list(path)
        self.places = (root, *places)
        self.packages: dict[str, Path] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return None
        if name in OUR_PACKAGES or not self._asked_by_repository():
            found = PathFinder.find_spec(name, self.path, target)
            if found is not None:
                return found
        return self._renamed(name)

    def _renamed(self, name: str) -> ModuleSpec | None:
        folder = self.packages.get(name)
        if folder is None or not (folder / PACKAGE).is_file():
            return None
        return spec_from_file_location(name, folder / PACKAGE, submodule_search_locations=[str(folder)])

    def _asked_by_repository(self) -> bool:
        file = next((frame.f_code.co_filename for frame in _callers() if not _imports_for_others(frame)), "")
        return any(is_own(Path(file), root) for root in self.roots)


def install(root: Path, beside: Path | None = None) -> None:
    """Put the repository's root on sys.path, and the finder before it; `beside` is its configuration's folder.

    Packages are then found in both, and where the project in each says that its own lie.
    """
    if any(isinstance(finder, InstalledFirst) for finder in sys.meta_path):
        return
    others = () if beside in (None, root) else (beside,)
    finder = InstalledFirst(root, sys.path, others)
    sys.meta_path.insert(0, finder)
    sys.path[:0] = map(str, finder.places)
    for place in finder.places:
        add_project(place)


def add_project(folder: Path) -> None:
    """Look for packages where the project in a folder says that they lie: last, as installed by `pip install -e`."""
    layout = layout_of(folder)
    sys.path += [str(place) for place in layout.folders if str(place) not in sys.path]
    for finder in sys.meta_path:
        if isinstance(finder, InstalledFirst):
            finder.packages |= layout.packages


def places() -> tuple[Path, ...]:
    """The folders that a repository's code is looked for in, its root first; none where it was not installed."""
    return next((finder.places for finder in sys.meta_path if isinstance(finder, InstalledFirst)), ())


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
