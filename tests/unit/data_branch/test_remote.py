"""Pushes to a real bare repository: the first, further ones, those that race, and those that are refused."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pocketfit.builds.git import Git
from pocketfit.data_branch.reading import read_commit
from pocketfit.data_branch.remote import DataBranch, append, branch_problem, remote_address, save_folder
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.history.reading import read_folder
from pocketfit.records import History
from tests.git_server import serve_git
from tests.unit.entrypoint.repository import git
from tests.unit.history.samples import entry, variant

NAME = "pocketfit-history"
TOKEN = "ghs_secret_of_the_job"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "phone.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare")
    return folder


@pytest.fixture
def branch(remote: Path) -> DataBranch:
    return DataBranch(remote.as_uri(), NAME)


def sizes(remote: Path) -> list[int]:
    git_ = Git(remote, bare=True)
    commit = git_.commit(f"refs/heads/{NAME}")
    assert commit
    return [one.variants[0].size_bytes for one in read_commit(git_, commit, NAME).entries]


def hook(remote: Path, name: str, text: str) -> None:
    path = remote / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def refused(branch: DataBranch) -> str:
    with pytest.raises((ConfigError, EnvironmentProblem)) as error:
        append(branch, entry(9, variant(9)), sleep=lambda _: None)
    return str(error.value)


def test_the_first_push_makes_an_orphan_and_the_next_adds_to_it(remote: Path, branch: DataBranch) -> None:
    for number in (1, 2, 3):
        append(branch, entry(number, variant(number, f"net{number}")), most=2)
    assert sizes(remote) == [2, 3]
    assert git(remote, "log", "--format=%s by %an", NAME).splitlines() == [
        f"Add 00000000{number} by github-actions[bot]".replace(f"00000000{number}", "0" * 9) for number in (3, 2, 1)
    ]
    files = git(remote, "ls-tree", "--name-only", NAME).splitlines()
    assert files == ["README.md", "badge.json", "badge.svg", "badges", "entries", "history.json"]
    # Of the newest commit alone.
    assert json.loads(git(remote, "show", f"{NAME}:badge.json"))["message"] == "3 B"
    badges = git(remote, "ls-tree", "--name-only", f"{NAME}:badges").splitlines()
    assert badges == ["net3.lite.fp32.json", "net3.lite.fp32.svg"]


def test_a_commit_that_is_there_already_is_no_new_one(remote: Path, branch: DataBranch) -> None:
    for _ in range(2):
        append(branch, entry(1))
    assert git(remote, "rev-list", "--count", NAME) == "1"


def test_pushes_that_race_all_arrive(remote: Path, branch: DataBranch) -> None:
    """A push that fails was overtaken by one that arrived: of four, none is overtaken more than three times."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: append(branch, entry(number, variant(number)), sleep=_shortly), range(4)))
    assert sizes(remote) == [0, 1, 2, 3]
    assert git(remote, "rev-list", "--count", NAME) == "4"


def _shortly(seconds: float) -> None:
    time.sleep(seconds / 50)


def test_one_that_is_overtaken_at_the_last_moment_is_made_anew(remote: Path, branch: DataBranch) -> None:
    """Another commit takes the branch between the server's look at it and its update."""
    append(branch, entry(1, variant(1)))
    identity = "-c user.name=t -c user.email=t@example.org"
    once = remote / "once"
    once.write_text("")
    hook(
        remote,
        "update",
        f'test -e "{once}" || exit 0\nrm "{once}"\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY\n'
        f"git update-ref {branch_ref()} $(git {identity} commit-tree {NAME}^{{tree}} -p {NAME} -m other)",
    )
    append(branch, entry(2, variant(2)), sleep=lambda _: None)
    assert not once.exists()
    assert sizes(remote) == [1, 2]
    assert git(remote, "log", "--format=%s", NAME).splitlines() == ["Add 000000000", "other", "Add 000000000"]


def branch_ref() -> str:
    return f"refs/heads/{NAME}"


def test_always_overtaken(remote: Path, branch: DataBranch) -> None:
    hook(remote, "pre-receive", 'echo "! [rejected] (fetch first)" >&2; exit 1')
    assert refused(branch) == f"branch {NAME} takes no push: others pushed to it 6 times meanwhile"


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("error: GH006: Protected branch update failed for refs/heads/x.", "a rule protects it: leave this branch out of the repository's rules"),
        ("error: GH013: Repository rule violations found", "a rule protects it: leave this branch out of the repository's rules"),
        ("Permission to octo/phone.git denied to github-actions[bot].", "the token may not write; add the permission `contents: write` under `permissions:` of the job"),
    ],
)  # fmt: skip
def test_a_refused_push_is_not_tried_again(remote: Path, branch: DataBranch, says: str, sentence: str) -> None:
    tried = remote / "tried"
    hook(remote, "pre-receive", f'echo x >> "{tried}"; echo "{says}" >&2; exit 1')
    assert refused(branch) == f"branch {NAME} takes no push: {sentence}"
    assert tried.read_text() == "x\n"


def test_other_branches_are_never_written_to(remote: Path, branch: DataBranch, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(remote), str(work))
    (work / "net.py").write_text("")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "one")
    git(work, "push", "--quiet", "origin", f"HEAD:{NAME}")
    before = git(remote, "rev-parse", NAME)
    assert refused(branch) == f"{NAME} is no history of Pocketfit's: it has no history.json that says so"
    with pytest.raises(ConfigError):
        save_folder(branch, tmp_path / "folder")
    assert git(remote, "rev-parse", NAME) == before


def test_nobody_is_there(tmp_path: Path) -> None:
    gone = DataBranch((tmp_path / "gone.git").as_uri(), NAME)
    assert refused(gone).startswith(f"branch {NAME} can't be fetched: git exited with 128: ")


def test_a_token_by_http(remote: Path) -> None:
    """It stands in no command line; a server that lets it only read answers 403."""
    with serve_git(remote.parent, TOKEN) as server:
        settings = ((f"http.{server.url}/.extraheader", f"Authorization: Basic {server.secrets[1]}"),)
        branch = DataBranch(f"{server.url}/{remote.name}", NAME, settings)
        append(branch, entry(1, variant(1)))
        git(remote, "config", "http.receivepack", "false")
        sentence = "the token may not write; add the permission `contents: write` under `permissions:` of the job"
        assert refused(branch) == f"branch {NAME} takes no push: {sentence}"
        assert server.told == []
    assert sizes(remote) == [1]


def test_a_folder_for_the_run(branch: DataBranch, tmp_path: Path) -> None:
    save_folder(branch, tmp_path / "empty")
    assert read_folder(tmp_path / "empty") == History()
    for number in (1, 2, 3):
        append(branch, entry(number))
    save_folder(branch, tmp_path / "two", 2)
    assert read_folder(tmp_path / "two") == History((entry(2), entry(3)))


@pytest.mark.parametrize("name", ["pocketfit-history", "pocketfit/history", "history.v1"])
def test_names_of_branches(name: str) -> None:
    assert branch_problem(name) == ""


@pytest.mark.parametrize(
    "name", ["", "-d", "a..b", "a b", "a.lock", "refs/heads/../x", "a/", "ä", "x" * 101, "a\n::error::"]
)
def test_names_that_no_branch_has(name: str) -> None:
    assert branch_problem(name) == (
        f"{name[:100]!r} can't name a branch: use letters, digits, _ and -, as in pocketfit-history"
    )


def test_the_address_is_origins_without_a_password(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(ConfigError, match="has no remote origin, whose branch the history would be"):
        remote_address(tmp_path)
    git(tmp_path, "remote", "add", "origin", "https://me:secret@example.org/octo/phone")
    assert remote_address(tmp_path) == "https://example.org/octo/phone"
