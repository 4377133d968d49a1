from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.cli.listing import COMMANDS

HEAVY = ("torch", "docker", "numpy", "scipy", "pydantic", "requests", "jinja2")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('LOADED', [name for name in {HEAVY!r} if name in sys.modules]))\n"
        "sys.argv = ['pocketfit', '--help']\n"
        "from pocketfit.cli import main\nmain()"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", command, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Example: " in done.stdout
    assert f"pocketfit {command}" in done.stdout


def test_the_version_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "pocketfit", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout == f"pocketfit {__version__}\n"


def test_a_run_without_torch_says_how_to_install_it() -> None:
    code = (
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest)\n"
        "sys.argv = ['pocketfit', 'run']\n"
        "from pocketfit.cli import main\nmain()"
    )
    done = run(code)
    assert done.returncode == 3
    assert done.stderr == "error: torch is not installed here: run `make setup`\n"


def test_check_loads_nothing_heavy_and_says_each_problem_on_a_line(tmp_path: Path) -> None:
    (tmp_path / "pocketfit.toml").write_text('[models.a]\nsource = "a.py:a"\n[models.b]\nsource = 1\n')
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('LOADED', [name for name in {HEAVY!r} if name in sys.modules]))\n"
        "sys.argv = ['pocketfit', 'check']\n"
        "from pocketfit.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "LOADED ['pydantic']\n")
    assert done.stderr == (
        "error: pocketfit.toml:2: models.a.source: a.py: no such file in the repository\n"
        'error: pocketfit.toml:4: models.b.source: it must be text: write source = "path/to/file.py:callable"\n'
    )
