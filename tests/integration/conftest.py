"""Fixtures of more than one folder. Each is defined here alone: a session's fixture imported twice is set up twice."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pocketfit.devices.emulator.docker import Docker, connect
from pocketfit.errors import CommandError, EnvironmentProblem
from standin.fixture import StandIn, standin
from standin.image import BASE, build_image
from standin.namespace import NEEDED, unshare_command
from tests.e2e.base_image import ensure_base_image

WHO = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}

# A network as small as one can be that still has what breaks: a convolution without bias before a batch norm.
NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, width, 3, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(width, 4)
        with torch.no_grad():
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 2)
            self.norm.weight.uniform_(0.5, 2)
            self.norm.bias.normal_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.norm(self.convolution(x)).relu().mean((2, 3))))


def net(width: int = 8) -> nn.Module:
    return Net(width)
"""
# Few tests are about a verdict on latency, and each pair would take half a minute.
QUICK = "[device]\nlatency_budget_s = 3\n\n"
CONFIG = '[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3, 16, 16] }]\n'

Git = Callable[..., str]
StandInImage = Callable[[str], str]


def require(condition: object, what: str) -> None:
    """Skip on a laptop that lacks something; fail where the gate should have installed it."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with net.py, whose `net` is the small network."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "net.py").write_text(NET)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit on main: a small network and its configuration."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "net.py").write_text(NET)
    (folder / "pocketfit.toml").write_text(QUICK + CONFIG)
    git = in_repository(folder)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    return folder


def in_repository(folder: Path) -> Git:
    def git(*args: str) -> str:
        command = ["git", "-C", str(folder), *args]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **WHO}
        ).stdout.strip()

    return git


@pytest.fixture
def git(repository: Path) -> Git:
    return in_repository(repository)


@pytest.fixture(scope="session")
def docker() -> Docker:
    try:
        return connect()
    except EnvironmentProblem as problem:
        require(False, str(problem))
        raise


@pytest.fixture(scope="session")
def api(docker: Docker) -> Any:
    import docker as sdk

    return sdk.from_env().api


@pytest.fixture(scope="session")
def standin_runs() -> None:
    """A stand-in needs the real adb client, and a file system of its own."""
    require(shutil.which("adb"), "adb is not on PATH: apt-get install adb")
    require(unshare_command(), NEEDED)


@pytest.fixture
def start_standin(standin_runs: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., StandIn]]:
    """`start_standin(**settings)`; whatever starts adb in this test talks to the last one's server."""
    with ExitStack() as stack:

        def start(**settings: object) -> StandIn:
            device = stack.enter_context(standin(**settings))  # type: ignore[arg-type]
            for name, value in device.environment.items():
                monkeypatch.setenv(name, value)
            return device

        yield start


@pytest.fixture(scope="session")
def standin_image(api: Any) -> Iterator[StandInImage]:
    """The stand-in device as an image that misbehaves as it is told."""
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    try:
        ensure_base_image(BASE)
    except CommandError as problem:
        require(False, f"no {BASE} to build the stand-in on: {problem}")
    name = f"pocketfit-test-standin:{uuid.uuid4().hex[:8]}"
    good = build_image(tag=f"{name}-1")
    made = [good]

    def build(faults: str = "") -> str:
        if not faults:
            return good
        text = f'FROM {good}\nENV POCKETFIT_STANDIN_FAULTS="{faults}"\n'
        made.append(f"{name}-{len(made) + 1}")
        list(api.build(fileobj=io.BytesIO(text.encode()), tag=made[-1], rm=True))
        return made[-1]

    yield build
    for image in reversed(made):
        api.remove_image(image, force=True)
