"""What a child may see and use, without one; tests/integration/builds/test_worker.py asks real ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pocketfit.builds.sandbox import child_environment


def test_a_child_sees_what_is_listed_and_no_secret(tmp_path: Path) -> None:
    environ = {"LANG": "C", "HF_HOME": "/cache", "HOME": "/root", "GITHUB_TOKEN": "secret", "PATH": "/usr/bin"}
    assert child_environment(environ, None, tmp_path) == {
        "LANG": "C",
        "HF_HOME": "/cache",
        "HOME": "/root",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin",
        "TMPDIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def test_a_child_gets_what_its_model_wants_and_no_other_limits(tmp_path: Path) -> None:
    wanted = {"TINY_WIDTH": "8", "HF_HOME": "/mine", "OMP_NUM_THREADS": "64"}
    environment = child_environment({"HF_HOME": "/cache"}, None, tmp_path, wanted)
    assert (environment["TINY_WIDTH"], environment["HF_HOME"]) == ("8", "/mine")
    assert environment["OMP_NUM_THREADS"] == "1"


def test_a_child_of_another_user_has_another_home(tmp_path: Path) -> None:
    environment = child_environment({"HOME": "/root"}, tmp_path, tmp_path)
    assert environment["HOME"] == str(tmp_path)
