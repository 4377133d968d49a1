"""A repository with the history that pull requests have, made by git."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Repository:
    """main: one - two; topic, from one: work; and merge, GitHub's merge of topic into main."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.one = self.commit("one")
        self.git("switch", "--quiet", "--create", "topic")
        self.work = self.commit("work")
        self.git("switch", "--quiet", "main")
        self.two = self.commit("two")
        self.git("switch", "--quiet", "--create", "merge")
        self.git("merge", "--quiet", "--no-ff", "--message=merge", "topic")
        self.merge = self.git("rev-parse", "HEAD")

    def git(self, *args: str) -> str:
        return git(self.folder, *args)

    def commit(self, name: str) -> str:
        (self.folder / name).write_text(name)
        self.git("add", name)
        self.git("commit", "--quiet", "--message", name)
        return self.git("rev-parse", "HEAD")

    def clone(self, target: Path, ref: str, *, depth: int | None) -> Path:
        """As actions/checkout does it."""
        target.mkdir()
        git(target, "init", "--quiet")
        git(target, "remote", "add", "origin", self.folder.as_uri())
        git(target, "fetch", "--quiet", "--no-tags", *([f"--depth={depth}"] if depth else []), "origin", ref)
        git(target, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return target


def git(folder: Path, *args: str) -> str:
    words = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *args]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
