from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit.builds.git import Git as Repository
from pocketfit.errors import ConfigError, EnvironmentProblem
from tests.integration.conftest import Git, in_repository


def state(folder: Path) -> dict[str, str]:
    """All that a user would call theirs: files, index, refs, stash."""
    git = in_repository(folder)
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    index = (folder / ".git" / "index").read_bytes()
    return {
        "files": repr(files),
        "index": repr(index),
        "refs": git("for-each-ref"),
        "stash": git("stash", "list"),
        "head": git("symbolic-ref", "HEAD"),
        "worktrees": git("worktree", "list"),
    }


def test_root_from_a_folder_inside(repository: Path) -> None:
    (repository / "deep").mkdir()
    assert Repository(repository / "deep").root() == repository


def test_not_a_repository(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not in a git repository: run `git init` and commit, or use --base none"):
        Repository(tmp_path).root()


def test_merge_base_is_where_head_left(repository: Path, git: Git) -> None:
    fork = git("rev-parse", "HEAD")
    git("switch", "-q", "-c", "topic")
    git("commit", "-q", "--allow-empty", "-m", "ours")
    git("switch", "-q", "main")
    git("commit", "-q", "--allow-empty", "-m", "theirs")
    git("switch", "-q", "topic")
    assert Repository(repository).merge_base("main") == fork
    assert Repository(repository).default_base() == "refs/heads/main"


def test_base_that_does_not_exist(repository: Path) -> None:
    with pytest.raises(ConfigError, match="base 'nope' is not a commit, branch or tag of this repository"):
        Repository(repository).merge_base("nope")


def test_base_that_looks_like_an_option(repository: Path) -> None:
    with pytest.raises(ConfigError, match="base '--all' is not a commit"):
        Repository(repository).merge_base("--all")


def test_an_unrelated_base_has_no_common_history(repository: Path, git: Git) -> None:
    git("switch", "-q", "--orphan", "other")
    git("commit", "-q", "--allow-empty", "-m", "other")
    with pytest.raises(ConfigError, match="HEAD and base 'main' have no common history"):
        Repository(repository).merge_base("main")


def test_worktree_leaves_everything_as_it_was(repository: Path, git: Git) -> None:
    base = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "head")
    (repository / "net.py").write_text("# changed, not committed\n")
    (repository / "new.py").write_text("# not known to git\n")
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {repository}/hook-ran\n")
    hook.chmod(0o755)
    before = state(repository)

    assert Repository(repository).is_dirty()
    with Repository(repository).worktree(base) as tree:
        assert "class Net" in (tree / "net.py").read_text()
        assert not tree.is_relative_to(repository)

    assert not tree.exists()
    assert state(repository) == before


def test_worktree_goes_when_something_raises(repository: Path, git: Git) -> None:
    def fail_inside() -> None:
        with Repository(repository).worktree(git("rev-parse", "HEAD")):
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_inside()
    assert git("worktree", "list").count("\n") == 0


def clone_shallow(repository: Path, target: Path, branch: str) -> Repository:
    in_repository(repository)("clone", "-q", "--depth=1", "--branch", branch, f"file://{repository}", str(target))
    return Repository(target)


def test_shallow_clone_is_deepened_by_the_commit_needed(repository: Path, git: Git, tmp_path: Path) -> None:
    base = git("rev-parse", "HEAD")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    git("switch", "-q", "-c", "topic")
    for number in range(3):
        git("commit", "-q", "--allow-empty", "-m", str(number))
    clone = clone_shallow(repository, tmp_path / "clone", "topic")
    assert clone.is_shallow()
    assert clone.commit(base) is None

    assert clone.merge_base(base) == base

    # That commit, and not the whole history.
    assert in_repository(tmp_path / "clone")("rev-list", "--all", "--count") == "1"


def test_shallow_clone_without_a_remote_says_what_to_do(repository: Path, git: Git, tmp_path: Path) -> None:
    base = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "head")
    clone = clone_shallow(repository, tmp_path / "clone", "main")
    in_repository(tmp_path / "clone")("remote", "set-url", "origin", f"file://{tmp_path}/gone")
    with pytest.raises(EnvironmentProblem, match="actions/checkout with fetch-depth: 0") as caught:
        clone.merge_base(base)
    assert caught.value.exit_code == 3


def test_shallow_clone_meets_a_branch_by_name(repository: Path, git: Git, tmp_path: Path) -> None:
    fork = git("rev-parse", "HEAD")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    git("switch", "-q", "-c", "topic")
    for number in range(3):
        git("commit", "-q", "--allow-empty", "-m", str(number))
    git("switch", "-q", "main")
    git("commit", "-q", "--allow-empty", "-m", "theirs")
    clone = clone_shallow(repository, tmp_path / "clone", "topic")

    assert clone.merge_base("main") == fork


def test_shallow_clone_and_a_branch_that_nobody_has(repository: Path, git: Git, tmp_path: Path) -> None:
    git("commit", "-q", "--allow-empty", "-m", "head")
    clone = clone_shallow(repository, tmp_path / "clone", "main")
    with pytest.raises(ConfigError, match="base 'nope' is not a commit, branch or tag of this repository"):
        clone.merge_base("nope")


KEEP_A_WORKTREE = """
import sys, time
from pathlib import Path
from pocketfit.builds.git import Git
from pocketfit.process import exit_on_sigterm
exit_on_sigterm()
with Git(Path(sys.argv[1])).worktree("HEAD") as tree:
    print(tree, flush=True)
    time.sleep(600)
"""


def hold_a_worktree(repository: Path, temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", KEEP_A_WORKTREE, str(repository)],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_worktrees_of_killed_runs_go_and_no_others(repository: Path, git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "-q", "--detach", str(tmp_path / "users"))
    git("worktree", "add", "-q", "--detach", str(tmp_path / "unplugged"))
    # As on a drive that is not there at the moment: git would prune it.
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    before = git("worktree", "list")
    folders = [tmp_path / name for name in ("alive", "dead", "gone")]
    for folder in folders:
        folder.mkdir()
    runs = [hold_a_worktree(repository, folder) for folder in folders]
    alive, dead, gone = (tree for _, tree in runs)
    try:
        assert git("worktree", "list").count("\n") == before.count("\n") + 3
        for process, _ in runs[1:]:
            process.kill()
            process.wait()
        # A folder of temporary files may be emptied by others.
        shutil.rmtree(tmp_path / "gone")

        with Repository(repository).worktree("HEAD") as tree:
            listed = git("worktree", "list")
            assert [str(one) in listed for one in (tree, alive, dead, gone)] == [True, True, False, False]

        assert git("worktree", "list").count("\n") == before.count("\n") + 1
    finally:
        for process, _ in runs:
            process.terminate()
            process.wait()
    assert git("worktree", "list") == before
    assert list((tmp_path / "alive").iterdir()) == []
