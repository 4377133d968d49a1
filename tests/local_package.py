"""A package in a repository's own tree, which builds without any index and leaves something behind where it is built."""

from __future__ import annotations

from pathlib import Path

PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = """\
import os, pathlib, zipfile


def build_wheel(directory, settings=None, metadata=None):
    pathlib.Path("left-behind").write_text("")
    files = {
        "who.py": f"BUILT_BY = {os.getuid()}\\n",
        "who-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: who\\nVersion: 1\\n",
        "who-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "who-1.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(pathlib.Path(directory, "who-1-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "who-1-py3-none-any.whl"
"""


def write_package(folder: Path) -> None:
    """The package `who`, whose module says which user built it."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
