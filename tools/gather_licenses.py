"""Gathers the licences of all that an image redistributes, at its build: gather_licenses.py TARGET [FOLDER...].

Each Python package brings its own, Debian has them in /usr/share/doc, a FOLDER holds further ones. TARGET gets a folder
for each package. A package that says nothing of its licence ends the build.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

# How licences are called in packages: those files, and all of a folder of that name.
LICENSE = re.compile(r"(^|/)(licen[cs]es?|copying|copyright|notice|third.?party)[^/]*(/[^/]+)?$", re.IGNORECASE)
DOC = Path("/usr/share/doc")
# Of packages that say nothing themselves. This one, of torch's CUDA build, has no file: it lists others, which say it.
NAMED = {"cuda-toolkit": "CUDA's own: https://docs.nvidia.com/cuda/eula/"}


def gather(target: Path, doc: Path, packages: Iterable[Distribution], folders: Iterable[Path]) -> list[str]:
    """Copy them; return the packages that say nothing of their licence."""
    silent = []
    for package in packages:
        name = package.metadata["Name"]
        folder = target / "python" / f"{name}-{package.version}"
        folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files := list(license_files(package))):
            shutil.copyfile(file, folder / (file.name if number == 0 else f"{number}-{file.name}"))
        words = said(package)
        if words:
            (folder / "METADATA").write_text("\n".join(words) + "\n", encoding="utf-8")
        if not files and not words:
            silent.append(name)
    for file in sorted(doc.glob("*/copyright")):
        (target / "debian").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / "debian" / file.parent.name)
    for folder in folders:
        shutil.copytree(folder, target / folder.name, dirs_exist_ok=True)
    return silent


def license_files(package: Distribution) -> Iterator[Path]:
    """Those of a package's own metadata, where wheels have them."""
    for file in package.files or []:
        inside = str(file).partition(".dist-info/")[2]
        if LICENSE.search(inside) and (path := Path(str(file.locate()))).is_file():
            yield path


def said(package: Distribution) -> list[str]:
    """What the metadata say: the expression, the older free text's first line, the classifiers."""
    expression = package.metadata["License-Expression"] or NAMED.get(package.metadata["Name"], "")
    text = (package.metadata["License"] or "").strip().partition("\n")[0]
    classifiers = [line for line in package.metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    return [line for line in (expression, text, *classifiers) if line]


def main() -> int:
    target, *folders = map(Path, sys.argv[1:])
    if silent := gather(target, DOC, distributions(), folders):
        print(f"no licence is known of {', '.join(sorted(silent))}: name it, or leave the package out", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
