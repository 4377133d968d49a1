"""What a Pocketfit is made of: the versions that decide what a file is, and what runs it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from pocketfit import __version__
from pocketfit.errors import EnvironmentProblem
from pocketfit.installed import how_to_get_android
from pocketfit.runtimes.library import find_android

# What makes the files, by the names of their distributions.
EXPORTERS = ("torch", "torchvision", "executorch", "torchao")


@dataclass(frozen=True)
class Versions:
    """`exporters` are the installed packages that make files, None for one that is not there.

    `android` names the Android library that runs each format; it is empty where the Android side is not built.
    `older_executorch` are the further versions of ExecuTorch that a .pte can be tried on here.
    """

    pocketfit: str
    python: str
    exporters: Mapping[str, str | None]
    android: Mapping[str, str]
    older_executorch: tuple[str, ...]


def versions() -> Versions:
    """Look them up; imports none of the packages."""
    of_formats: dict[str, str] = {}
    older: tuple[str, ...] = ()
    with suppress(EnvironmentProblem):
        android = find_android()
        of_formats, older = android.of_formats(), tuple(android.older)
    return Versions(
        pocketfit=__version__,
        python=platform.python_version(),
        exporters={name: _installed(name) for name in EXPORTERS},
        android=of_formats,
        older_executorch=older,
    )


def lines(found: Versions) -> list[str]:
    """The same for people, a line each."""
    packages = [f"{name} {release or 'is not installed'}" for name, release in found.exporters.items()]
    android = [f"{format}: {library}" for format, library in found.android.items()]
    older = [f"older ExecuTorch: {', '.join(found.older_executorch)}"] if found.older_executorch else []
    nothing = [] if android else [f"the Android side is not here: {how_to_get_android()}"]
    return [f"pocketfit {found.pocketfit}", f"python {found.python}", *packages, *android, *older, *nothing]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
