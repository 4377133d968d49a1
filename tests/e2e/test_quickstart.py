"""The laptop's road of docs/quickstart.md, walked: what the page shows is what it prints.

`make quickstart` writes the page's transcripts from these runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.repository import IDENTITY, ROOT
from tests.e2e.transcript import COLUMNS, Page, Shell, fenced, words

pytestmark = pytest.mark.timeout(1500)

PAGE = Page(ROOT / "docs/quickstart.md")
WIDER = ("plants/model.py", "width: int = 32", "width: int = 64")


@pytest.fixture
def check() -> Callable[[str, str], None]:
    """Hold a transcript against the page's block, or write it there."""

    def compare(name: str, text: str) -> None:
        if os.environ.get("POCKETFIT_WRITE_QUICKSTART"):
            PAGE.write(name, text)
        shown, said = words(PAGE.block(name)), words(text)
        assert shown == said, f"{name}: only on the page {shown - said}, only in the run {said - shown}"

    return compare


def plants(folder: Path) -> Path:
    """A repository as somebody has one who comes to Pocketfit."""
    shutil.copytree(ROOT / "tests/e2e/quickstart", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for words_of_git in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "PlantNet"]):
        subprocess.run(["git", "-C", folder, *words_of_git], check=True, env=os.environ | IDENTITY)
    return folder


def shell(folder: Path, **more: str) -> Shell:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("LANG", "JAVA_HOME", "DOCKER_HOST") if name in os.environ}
    return Shell(
        folder, {**kept, **IDENTITY, "PATH": path, "HOME": str(folder.parent), "COLUMNS": str(COLUMNS), **more}
    )


CHANGE = f"sed -i 's/{WIDER[1]}/{WIDER[2]}/' {WIDER[0]}"


def test_on_a_laptop(tmp_path: Path, check: Callable[[str, str], None]) -> None:
    here = shell(plants(tmp_path / "plants"))
    first = here.transcript(["pocketfit init", "pocketfit run --base none"])
    check("laptop, first", fenced(first))
    here.transcript(["git add -A", "git commit -q -m 'Watch what the phone pays'", "git switch -q -c wider"])
    second = here.transcript([CHANGE, "git commit -q -a -m 'Twice as wide'", "pocketfit run --base main"])
    check("laptop, second", fenced(second))
