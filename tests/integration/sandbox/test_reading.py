"""What a program of another user is told when it asks for a file of ours before it reads it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pocketfit.sandbox import landlock
from pocketfit.sandbox.identity import CAP_DAC_READ_SEARCH, has_capability
from pocketfit.sandbox.order import DEFAULT_LIMITS, Walls
from pocketfit.sandbox.paths import of_interpreter, of_system
from pocketfit.supervised import finish_supervised
from tests.integration.conftest import require

CODE = """
import os, sys
given, secret = sys.argv[1:]
print(os.getuid() != 0, os.access(given, os.R_OK), os.access(given, os.W_OK), open(given).read())
try:
    open(secret)
except OSError as error:
    print(type(error).__name__)
"""


def test_it_may_read_what_it_is_told_that_it_may(tmp_path: Path) -> None:
    """Java looks by access() whether a file can be read, and ExecuTorch's classes load none that can't."""
    require(
        os.geteuid() == 0 and has_capability(CAP_DAC_READ_SEARCH) and landlock.version(), "not root, or no Landlock"
    )
    given, secret, work = tmp_path / "given/model.pte", tmp_path / "secret", tmp_path / "work"
    given.parent.mkdir(mode=0o700)
    work.mkdir()
    for path in (given, secret):
        path.write_text("told")
        path.chmod(0o600)
    walls = Walls((*of_system(), *of_interpreter(), str(given)), writable=(str(work),))

    command = [sys.executable, "-I", "-c", CODE, str(given), str(secret)]
    done = finish_supervised(
        command, timeout=60, limits=DEFAULT_LIMITS, walls=walls, cwd=work, env={"PATH": os.environ["PATH"]}
    )

    assert done.stdout.splitlines() == ["True True False told", "PermissionError"], done.stderr
