"""The repository that docs/quickstart.md begins with, and a shell in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.repository import IDENTITY, ROOT
from tests.e2e.transcript import COLUMNS, Shell

WIDER = ("plants/model.py", "width: int = 32", "width: int = 64")
CHANGE = f"sed -i 's/{WIDER[1]}/{WIDER[2]}/' {WIDER[0]}"
COMMIT = ("git add -A", "git commit -q -m 'Watch what the phone pays'")
# The image by the name that the page gives it.
IMAGE = "pocketfit"
IN_CONTAINER = f'docker run --rm --volume "$PWD:/work" {IMAGE}'
# Whose the repository is: somebody's else than root's.
OWNER, GROUP = os.geteuid() or 1000, os.getegid() or 1000
# What the shell may know of this machine.
KEPT = ("LANG", "JAVA_HOME", "DOCKER_HOST")


def plants(folder: Path) -> Path:
    """A repository as somebody has one who comes to Pocketfit."""
    shutil.copytree(ROOT / "tests/e2e/quickstart", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "PlantNet"]):
        subprocess.run(["git", "-C", folder, *words], check=True, env=os.environ | IDENTITY)
    return folder


def shell(folder: Path, **more: str) -> Shell:
    """A shell in that folder, with this environment's `pocketfit` and `more` variables."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return Shell(
        folder, {**kept, **IDENTITY, "PATH": path, "HOME": str(folder.parent), "COLUMNS": str(COLUMNS), **more}
    )


def give(folder: Path) -> None:
    """Make a repository its owner's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, OWNER, GROUP, follow_symlinks=False)


def others(folder: Path) -> list[str]:
    """List what in a repository is not its owner's."""
    statuses = {path: path.lstat() for path in folder.rglob("*")}
    return [str(path) for path, status in statuses.items() if (status.st_uid, status.st_gid) != (OWNER, GROUP)]
