"""How programs end in bubblewrap, as an ordinary user: told as they are without it, and nothing of them is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.conftest import SYSTEMS_PATH, run_as_ordinary

# Runs each program in turn; prints how each ended.
CODE = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pocketfit.errors import CommandError
from pocketfit.sandbox.layers import layers
from pocketfit.sandbox.order import ResourceLimits, Walls
from pocketfit.sandbox.paths import of_system
from pocketfit.supervised import finish_supervised
found = {"layers": str(layers())}
for name, (args, timeout_s, limits) in json.loads(sys.argv[2]).items():
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = finish_supervised(args, timeout=timeout_s, limits=ResourceLimits(**limits), cwd=Path(folder),
                                     walls=Walls(of_system(), (), (folder,)), env={"PATH": "/usr/bin:/bin"},
                                     last_words=name == "says where")
            found[name] = [done.code, done.hit, done.left, done.stdout, done.stderr]
        except CommandError as error:
            found[name] = str(error)
print(json.dumps(found))
"""


def python(code: str, *, timeout_s: float = 120, **limits: int) -> tuple[list[str], float, dict[str, int]]:
    return ["python3", "-I", "-c", code], timeout_s, limits


PROGRAMS = {
    "ends": python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"),
    "exits as if": python("import sys; sys.exit(139)"),
    "crashes": python("import os; os.kill(os.getpid(), 11)"),
    "aborts": python("import os; os.abort()"),
    "is killed": python("import os; os.kill(os.getpid(), 9)"),
    "leaves": python(
        "import subprocess\n"
        "for _ in range(3): subprocess.Popen(['sleep', '3600'], start_new_session=True, stdin=subprocess.DEVNULL)"
    ),
    "hangs": python("import time; time.sleep(3600)", timeout_s=2),
    "says where": python(
        "import faulthandler, time\nfaulthandler.enable()\ndef forward(): time.sleep(3600)\nforward()", timeout_s=2
    ),
    "bombs": python("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", processes=40),
    "eats": python("import time; held = bytearray(b'x' * 400_000_000); time.sleep(3600)", memory_bytes=200_000_000),
    "writes": python("open('big', 'wb').truncate(2_000_000)", file_bytes=1_000_000),
    "is missing": (["/usr/bin/no-such-program"], 120.0, {}),
    "is no program": (["/etc/passwd"], 120.0, {}),
}


@pytest.fixture(scope="module")
def ends(open_copy: Path) -> dict[str, Any]:
    (open_copy / "ends.py").write_text(CODE)
    (open_copy / "ends.py").chmod(0o644)
    words = [str(open_copy / "ends.py"), str(open_copy / "whole/src"), json.dumps(PROGRAMS)]
    found: dict[str, Any] = json.loads(run_as_ordinary(words, SYSTEMS_PATH))
    assert "bubblewrap" in found["layers"]
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ends", [3, "", 0, "out\n", "err\n"]),
        ("exits as if", [139, "", 0, "", ""]),
        ("crashes", [-11, "", 0, "", ""]),
        ("aborts", [-6, "", 0, "", ""]),
        ("is killed", [-9, "", 0, "", ""]),
        ("leaves", [0, "", 3, "", ""]),
        ("hangs", [-9, "time", 0, "", ""]),
        ("eats", [-9, "memory", 0, "", ""]),
        ("is missing", "/usr/bin/no-such-program exited with 127: /usr/bin/no-such-program not found"),
        ("is no program", "/etc/passwd exited with 126: /etc/passwd may not be run"),
    ],
)
def test_an_end_is_told_as_it_was(ends: dict[str, Any], name: str, said: object) -> None:
    assert ends[name] == said


def test_too_many_processes_are_seen_and_all_are_gone(ends: dict[str, Any]) -> None:
    assert ends["bombs"][:2] == [-9, "processes"]


def test_a_program_that_is_out_of_time_says_where_it_is(ends: dict[str, Any]) -> None:
    assert ends["says where"][:3] == [-6, "time", 0]
    assert "line 3 in forward" in ends["says where"][4]


def test_a_limit_on_files_holds(ends: dict[str, Any]) -> None:
    assert "File too large" in ends["writes"][4]
