from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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
CONFIG = '[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3, 16, 16] }]\n'

Git = Callable[..., str]


def require(condition: object, what: str) -> None:
    """Skip on a laptop that lacks something; fail where the gate should have installed it."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit on main: a small network and its configuration."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "net.py").write_text(NET)
    (folder / "pocketfit.toml").write_text(CONFIG)
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
