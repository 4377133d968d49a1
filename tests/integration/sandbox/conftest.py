"""Our package as an ordinary user runs it, by an interpreter of the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.conftest import require

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# One without rights of root's, as a laptop's user is: bwrap refuses whoever has some.
AS_ORDINARY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs")
SYSTEMS_PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture(scope="session")
def open_copy() -> Iterator[Path]:
    """Our package and the attacks where every user may read them, and once more as on a kernel without Landlock."""
    require(os.geteuid() == 0 and shutil.which("setpriv"), "only root can become an ordinary user")
    require(shutil.which("bwrap"), "bwrap is not on PATH: apt-get install bubblewrap")
    with tempfile.TemporaryDirectory(prefix="sandbox-copy-") as name:
        for kind in ("whole", "no-landlock"):
            tests = Path(name, kind, "tests/integration/sandbox")
            tests.mkdir(parents=True)
            for script in ("runner.py", "attacks.py"):
                shutil.copy(HERE / script, tests)
            shutil.copytree(ROOT / "src/pocketfit", Path(name, kind, "src/pocketfit"))
        with Path(name, "no-landlock/src/pocketfit/sandbox/landlock.py").open("a") as file:
            file.write("\n\ndef version() -> int:\n    return 0\n")
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        yield Path(name)


def run_as_ordinary(words: Sequence[str], path: str) -> str:
    """Run a script as an ordinary user who has this PATH; returns what it prints."""
    python = shutil.which("python3", path=SYSTEMS_PATH)
    require(python, "no python3 of the system, which every user may run")
    setpriv, *more = AS_ORDINARY
    done = subprocess.run(
        [str(shutil.which(setpriv)), *more, str(python), *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={"PATH": path},
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
