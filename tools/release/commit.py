"""The commit and tags of a release, made beside the checkout: its files and HEAD stay as they are."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.process import finish, run
from tools.release.checks import Tree, unpinned
from tools.release.places import tag_of

TIMEOUT_S = 120
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


def git(root: Path, *words: str, **environ: str) -> str:
    return run("git", "-C", root, *words, timeout=TIMEOUT_S, env={**os.environ, **environ}).strip()


def read_tree(root: Path) -> Tree:
    """Return the state of a checkout; raises ConfigError where it is none of Pocketfit."""
    found = VERSION.search((root / "src/pocketfit/__init__.py").read_text(encoding="utf-8"))
    if found is None:
        raise ConfigError("src/pocketfit/__init__.py has no line __version__")
    changed = git(root, "status", "--porcelain", "--untracked-files=normal").splitlines()
    tags = frozenset(git(root, "tag", "--list").split())
    names = tuple(line.strip().partition(" ")[2].strip() for line in changed)
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    locks = [path.name for path in (root / "requirements").glob("*.txt")]
    return Tree(found[1], names, tags, changelog, unpinned(dockerfile, locks))


def tag_is_of(root: Path, version: str, commit: str) -> bool:
    """Return whether the version's tag is one that an interrupted release of this commit made."""
    found = finish(["git", "-C", root, "rev-parse", f"{tag_of(version)}^{{commit}}^"], timeout=TIMEOUT_S)
    return found.code == 0 and found.stdout.strip() == commit


def commit_files(root: Path, files: Mapping[str, str], message: str) -> str:
    """Return a commit upon HEAD in which `files`, by path, have these texts; no branch has it.

    It has HEAD's own date, so that the same files are the same commit.
    """
    when = git(root, "show", "--no-patch", "--format=%cI", "HEAD")
    with tempfile.TemporaryDirectory(prefix="pocketfit-release-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", "HEAD", **index)
        for number, (path, text) in enumerate(sorted(files.items())):
            content = Path(folder) / str(number)
            content.write_text(text, encoding="utf-8")
            blob = git(root, "hash-object", "-w", str(content))
            git(root, "update-index", "--cacheinfo", f"100644,{blob},{path}", **index)
        tree = git(root, "write-tree", **index)
    return git(root, "commit-tree", tree, "-p", "HEAD", "-m", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)


def tag(root: Path, name: str, commit: str, message: str, *, sign: bool) -> None:
    """Tag a commit, once: raises ConfigError where the tag is another's."""
    found = finish(["git", "-C", root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], timeout=TIMEOUT_S)
    if found.code == 0:
        if found.stdout.strip() != commit:
            raise ConfigError(f"the tag {name} exists, with another commit or other images: take the next version")
        return
    git(root, "tag", "--sign" if sign else "--annotate", "--message", message, name, commit)


def push_tag(root: Path, remote: str, name: str, *, move: bool = False) -> None:
    """Push a tag; one that users follow, like v1, may `move`."""
    git(root, "push", "--quiet", *(["--force"] if move else []), remote, f"refs/tags/{name}")


def move_tag(root: Path, name: str, commit: str) -> None:
    git(root, "tag", "--force", name, commit)
