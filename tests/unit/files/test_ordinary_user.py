"""The same for an ordinary user, where these tests run as root: the others about files, once more."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.ordinary_user import AS_NOBODY

HERE = Path(__file__).parent
FILES = [*(path for path in sorted(HERE.glob("test_*.py")) if path != Path(__file__)), HERE.parent / "test_staging.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests are an ordinary user's already")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_an_ordinary_user_is_as_safe(file: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        command = [*AS_NOBODY, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={name}/x", str(file)]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=HERE.parents[2],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HOME": name, "TMPDIR": name},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
