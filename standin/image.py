"""This module builds the stand-in as a container image: `python -m standin.image TAG [BASE]`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
TAG = "pocketfit-standin"
BASE = "python:3.11-slim-bookworm"


def build_image(base: str = BASE, tag: str = TAG, android: Path = REPOSITORY / "build/android") -> str:
    """Build the image: `base` has python3, and java or an apt that can install it; `make android` built `android`."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-standin-image-") as temporary:
        context = Path(temporary)
        fill_context(context, android)
        command = ["docker", "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", tag, str(context)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return tag


def fill_context(context: Path, android: Path) -> None:
    """Copy the Dockerfile and what it needs: the stand-in, and Pocketfit's classes and layer.

    Android's libraries are not among it: tests push them.
    """
    shutil.copyfile(HERE / "Dockerfile", context / "Dockerfile")
    shutil.copytree(HERE, context / "standin", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("desktop", "shim"):
        shutil.copytree(android / part, context / "android" / part)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tag", nargs="?", default=TAG)
    options.add_argument("base", nargs="?", default=BASE)
    given = options.parse_args()
    print(build_image(given.base, given.tag))
