from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.__main__ import pocketfit_command, without_cache

ROOT = Path(__file__).parents[3]
POCKETFIT = [sys.executable, "-I", "-u", "-m", "pocketfit"]
IN_A_JOB = {"GITHUB_ACTIONS": "true"}


@pytest.mark.parametrize(
    ("args", "environ", "command"),
    [
        ([], IN_A_JOB, None),
        ([], {}, [*POCKETFIT, "--help"]),
        (["export", "a:b", "-o", "x"], {}, [*POCKETFIT, "export", "a:b", "-o", "x"]),
        (["doctor"], IN_A_JOB, [*POCKETFIT, "doctor"]),
    ],
)
def test_which_program_it_is(args: list[str], environ: dict[str, str], command: list[str] | None) -> None:
    assert pocketfit_command(args, environ) == command


def start(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PATH": "/usr/bin:/bin", **environ}
    return subprocess.run(
        [sys.executable, "-P", "-m", "entrypoint", *args], env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (("--help",), "pocketfit [OPTIONS] COMMAND [ARGS]..."),
        (("export", "--help"), "pocketfit export [OPTIONS] "),
        # Options before and after the argument arrive in their order.
        (("smoke", "--shape", "1,3", "x.ptl", "--help"), "pocketfit smoke [OPTIONS] "),
    ],
)
def test_the_command_line_is_the_same_as_on_a_laptop(words: tuple[str, ...], usage: str) -> None:
    done = start(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert usage in done.stdout


def test_exit_codes_pass_through() -> None:
    assert start("no-such-command").returncode == 2


def test_an_odd_job_is_one_sentence() -> None:
    done = start(GITHUB_ACTIONS="true")
    assert done.returncode == 2
    assert done.stdout == "::error title=Pocketfit::not inside a GitHub job: GITHUB_EVENT_PATH is not set\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("args", "environ", "off"),
    [
        (["run"], {}, True),
        (["run", "--cache-size", "1GB"], {}, True),
        (["run", "--cache", "/cache"], {}, False),
        (["run", "--cache=/cache"], {}, False),
        (["run", "--explain-cache"], {}, False),
        (["run"], {"POCKETFIT_CACHE": "/cache"}, False),
    ],
)
def test_a_container_keeps_a_cache_only_where_it_is_asked_to(
    args: list[str], environ: dict[str, str], off: bool
) -> None:
    assert without_cache(args, environ) == ({"POCKETFIT_NO_CACHE": "1"} if off else {})
