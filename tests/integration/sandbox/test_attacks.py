"""All that model code must be kept from, tried for real in each place: as root, as an ordinary user, in a container."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pocketfit.errors import CommandError
from standin.image import BASE
from tests.e2e.base_image import ensure_base_image
from tests.integration.conftest import require
from tests.integration.sandbox.attacks import ATTACKS
from tests.integration.sandbox.conftest import SYSTEMS_PATH, run_as_ordinary

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# Another user, who may read what the tests' own may (whose home the interpreter can be in), but owns nothing.
AS_NOBODY = (
    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip
IN_CONTAINER = ("docker", "run", "--rm", f"--volume={ROOT}/src:/x/src:ro", f"--volume={ROOT}/tests:/x/tests:ro")
WORKS = (
    "works_socketpair", "works_subprocess", "works_threads", "works_pipes_of_multiprocessing", "works_own_folder",
    "works_repository",
)  # fmt: skip

PLACES = {
    "root": (sys.executable, str(HERE / "runner.py")),
    "user": (*AS_NOBODY, sys.executable, str(HERE / "runner.py")),
    "container": (*IN_CONTAINER, BASE, "python3", "/x/tests/integration/sandbox/runner.py"),
    "container-user": (*IN_CONTAINER, "--user=1000:1000", BASE, "python3", "/x/tests/integration/sandbox/runner.py"),
}
# As a fork server's forks, which no exec has cleaned.
PLACES |= {f"{place}-forked": (*PLACES[place], "forked") for place in ("root", "user", "container")}
LAYERS = {
    "root": "own user, Landlock",
    "user": "Landlock",
    "container": "own user, Landlock",
    "container-user": "Landlock",
    "root-forked": "own user, Landlock",
    "user-forked": "Landlock",
    "container-forked": "own user, Landlock",
}


# What an ordinary user's program in bubblewrap may signal where there is no Landlock: the first process in there, which
# the kernel has ignore it.
OWN_FIRST_PROCESS = {"signal_the_supervisor", "signal_pid_1"}


@cache
def outcome(place: str, *more: str) -> dict[str, Any]:
    """All attacks in one place; once for all tests of it."""
    if place.startswith("container"):
        try:
            ensure_base_image(BASE)
        except CommandError as problem:
            require(False, f"no {BASE} to run in: {problem}")
    done = subprocess.run([*PLACES[place], *more], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def need(place: str) -> None:
    if place.startswith("root"):
        require(os.geteuid() == 0, "only root can give a program a user of its own")
    if place.startswith("user"):
        require(os.geteuid() == 0 and shutil.which("setpriv"), "only root can become an ordinary user")
    if place.startswith("container"):
        require(shutil.which("docker"), "docker is not on PATH")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(place: str, name: str) -> None:
    need(place)
    assert outcome(place)["said"][name] == ""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", WORKS)
def test_what_models_need_goes_on_working(place: str, name: str) -> None:
    need(place)
    assert outcome(place)["said"][name] == "hello"


@pytest.mark.parametrize("place", PLACES)
def test_every_attack_was_tried_behind_all_layers(place: str) -> None:
    need(place)
    said = outcome(place)
    assert said["code"] == 0
    assert said["forked"] == place.endswith("-forked")
    assert said["layers"].startswith(LAYERS[place])
    assert said["layers"].endswith("seccomp, no network")
    assert set(said["said"]) == {*ATTACKS, *WORKS}
    assert "canary" not in said["stderr"]


def test_without_walls_the_attacks_reach_what_they_are_after() -> None:
    """Else their silence behind walls would say nothing."""
    need("user")
    said = outcome("user", "bare")["said"]
    refused = {name for name in ATTACKS if said[name] == ""}
    # What an ordinary user may not do anyway, and the limits, which hold without walls.
    assert refused <= {
        "signal_pid_1", "trace_another_process", "read_the_supervisor_by_process_vm_readv", "be_root",
        "take_a_descriptor_of_the_supervisor", "mount_a_file_system", "change_the_root", "watch_by_perf",
        "load_a_bpf_program", "use_userfaultfd", "open_by_a_handle", "write_a_file_beyond_the_limit",
        "raise_the_limits", "find_a_canary_in_what_is_given", "become_root_by_a_setuid_program",
        "change_a_file_of_the_repository", "use_the_kernels_keys", "use_io_uring", "call_by_the_numbers_of_x32",
        "walk_through_another_process_root", "read_another_process_environment", "read_another_process_memory",
        "read_another_process_maps", "clone_into_a_namespace",
    }  # fmt: skip
    assert said["read_a_password_at_home"].endswith(".netrc")
    assert said["write_anywhere_else"].endswith("/planted")


@pytest.fixture(scope="module")
def in_bubblewrap(open_copy: Path) -> dict[str, dict[str, Any]]:
    """All attacks as an ordinary user: in bubblewrap with and without Landlock, and with neither."""
    return {
        "both": as_ordinary(open_copy / "whole", SYSTEMS_PATH),
        "bubblewrap alone": as_ordinary(open_copy / "no-landlock", SYSTEMS_PATH),
        "neither": as_ordinary(open_copy / "no-landlock", "/nowhere"),
    }


def as_ordinary(copy: Path, path: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(run_as_ordinary([str(copy / "tests/integration/sandbox/runner.py")], path))
    assert said["code"] == 0, said["stderr"]
    assert set(said["said"]) == {*ATTACKS, *WORKS}
    return said


def test_in_bubblewrap_every_attack_is_refused_and_the_rest_works(in_bubblewrap: dict[str, dict[str, Any]]) -> None:
    outcome = in_bubblewrap["both"]
    assert outcome["layers"].endswith("seccomp, bubblewrap, no network")
    assert outcome["layers"].startswith("Landlock ABI")
    assert {name: said for name, said in outcome["said"].items() if name in ATTACKS and said} == {}
    assert {name: outcome["said"][name] for name in WORKS} == dict.fromkeys(WORKS, "hello")


def test_bubblewrap_holds_where_there_is_no_landlock(in_bubblewrap: dict[str, dict[str, Any]]) -> None:
    outcome = in_bubblewrap["bubblewrap alone"]
    assert outcome["layers"] == "seccomp, bubblewrap, no network"
    reached = {name: said for name, said in outcome["said"].items() if name in ATTACKS and said}
    assert reached == dict.fromkeys(OWN_FIRST_PROCESS, "1")
    assert {name: outcome["said"][name] for name in WORKS} == dict.fromkeys(WORKS, "hello")


def test_without_both_the_attacks_reach_files_and_processes(in_bubblewrap: dict[str, dict[str, Any]]) -> None:
    """Else their silence in bubblewrap would say nothing of it."""
    outcome = in_bubblewrap["neither"]
    assert outcome["layers"] == "seccomp, no network"
    reached = {name for name in ATTACKS if outcome["said"][name]}
    assert reached >= {
        "read_a_password_at_home", "read_what_is_hidden_in_the_repository", "write_anywhere_else", "list_other_folders",
        "change_a_file_of_the_repository", "signal_the_runner", "signal_a_sibling_in_a_sandbox_of_its_own",
        "read_another_process_environment", "walk_through_another_process_root",
    }  # fmt: skip
