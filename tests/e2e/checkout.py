"""A clone of this project in which a release is made."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pocketfit.process import Finished, finish, run
from tests.e2e.act import copy_action
from tests.e2e.repository import IDENTITY, ROOT

VERSION = "0.1.0"
# docker, which tries a push that breaks off four times again, waits 50 s in all between them.
RELEASE_TIMEOUT_S = 1500


@dataclass(frozen=True)
class Checkout:
    """A clone of this project in which a person has prepared the release."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Checkout:
        """What a person prepares: a day in the changelog, all committed."""
        checkout = cls(copy_action(folder))
        changelog = folder / "CHANGELOG.md"
        changelog.write_text(changelog.read_text().replace("(not released)", "(today)"))
        checkout.git("init", "--quiet", "--initial-branch=main")
        checkout.git("add", "--all")
        checkout.git("commit", "--quiet", "--message", "All")
        return checkout

    def git(self, *words: str) -> str:
        return run("git", "-C", self.folder, *words, timeout=60, env=os.environ | IDENTITY).strip()

    def release(self, command: str, *words: str) -> Finished:
        return finish(
            [sys.executable, "-m", "tools.release", command, VERSION, "--root", str(self.folder), *words],
            timeout=RELEASE_TIMEOUT_S,
            cwd=ROOT,
            env=os.environ | IDENTITY,
        )

    def record(self) -> dict[str, str]:
        digests = json.loads((self.folder / f"build/release/{VERSION}.json").read_text())["digests"]
        assert isinstance(digests, dict)
        return digests

    def released(self, target: Path) -> Path:
        """The files of the release's tag, as users' runners get them."""
        target.mkdir()
        run("sh", "-c", f"git -C '{self.folder}' archive v{VERSION} | tar -x -C '{target}'", timeout=60)
        return target


def forget_images(registry: str) -> None:
    """Remove this machine's names of a registry's images, so that they would be fetched."""
    listed = run("docker", "image", "ls", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}", timeout=60)
    for line in listed.splitlines():
        repository, tag, digest = line.split()
        if repository.startswith(registry):
            name = f"{repository}:{tag}" if tag != "<none>" else f"{repository}@{digest}"
            finish(["docker", "image", "rm", name], timeout=60)
