"""A repository with a pull request: the project's examples, and the workflows that users copy."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.process import run

ROOT = Path(__file__).parents[2]
REPO = "octo/phone"
IDENTITY = {
    "GIT_AUTHOR_NAME": "octo",
    "GIT_AUTHOR_EMAIL": "octo@example.com",
    "GIT_COMMITTER_NAME": "octo",
    "GIT_COMMITTER_EMAIL": "octo@example.com",
}


@dataclass(frozen=True)
class Repository:
    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Repository:
        """main holds the examples; the pull request's branch is `topic`."""
        repository = cls(folder)
        shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("__pycache__", "workflows"))
        # The image has no scikit-learn, which the last model is trained on.
        config = folder / "pocketfit.toml"
        models = config.read_text().partition("# Needs scikit-learn")[0]
        # What is tested here is the action, not the verdict on latency, which takes half a minute for each pair.
        config.write_text(f"[device]\nlatency_budget_s = 5\n\n{models}")
        shutil.copytree(ROOT / "examples/workflows", folder / ".github/workflows")
        repository.git("init", "--quiet", "--initial-branch=main")
        # Where act reads the repository's name.
        repository.git("remote", "add", "origin", f"https://github.com/{REPO}.git")
        repository.commit("Models")
        repository.git("branch", "topic")
        return repository

    def push(self, file: str, old: str, new: str, message: str) -> dict[str, Any]:
        """Commit to the pull request, check out its merge with main as GitHub does, and return the event."""
        self.git("switch", "--quiet", "topic")
        path = self.folder / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        head = self.commit(message)
        base = self.git("rev-parse", "main")
        self.git("switch", "--quiet", "--force-create", "merge", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge {head} into {base}", "topic")
        return {
            "action": "synchronize",
            "number": 7,
            "pull_request": {
                "number": 7,
                "head": {"ref": "topic", "sha": head, "repo": {"full_name": REPO}},
                "base": {"ref": "main", "sha": base, "repo": {"full_name": REPO}},
            },
            "repository": {"full_name": REPO, "default_branch": "main"},
        }

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *args: str) -> str:
        return run("git", "-C", self.folder, *args, timeout=60, env=os.environ | IDENTITY).strip()
