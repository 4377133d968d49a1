"""The commit of a release, in a real repository that has what the checks read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.errors import ConfigError, ConfigProblems
from tools.release import commit
from tools.release.places import KINDS
from tools.release.record import Record, read_record, write_record
from tools.release.steps import Release, check, join_images, move_major, tag_release

REGISTRY = "127.0.0.1:1/pocketfit"
DIGESTS = {REGISTRY: "sha256:" + "a" * 64, f"{REGISTRY}-comment": "sha256:" + "b" * 64}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "octo")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "octo@example.com")
    root = tmp_path / "pocketfit"
    files = {
        "src/pocketfit/__init__.py": '"""It."""\n\n__version__ = "1.2.0"\n',
        "CHANGELOG.md": "## 1.2.0 (today)\n\n- New.\n",
        ".gitignore": "/build\n",
        "Dockerfile": f"ARG BASE=python:3.11@sha256:{'c' * 64}\nFROM ${{BASE}}\n",
        "requirements/torch-cpu.txt": "torch==2.12.1+cpu\n",
    } | {kind.action: f"runs:\n  using: docker\n  image: {kind.dockerfile}\n" for kind in KINDS.values()}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    commit.git(root, "init", "--quiet", "--initial-branch=main")
    commit.git(root, "add", "--all")
    commit.git(root, "commit", "--quiet", "--message", "All")
    return root


def release(root: Path, said: list[str] | None = None, *, dry_run: bool = False) -> Release:
    say = (said if said is not None else []).append
    return Release(root, "1.2.0", REGISTRY, root / "build/release.json", say, dry_run=dry_run)


def record(root: Path) -> Record:
    return Record("1.2.0", commit.git(root, "rev-parse", "HEAD"), DIGESTS)


def test_the_tag_is_a_commit_beside_main_whose_actions_name_the_images(root: Path) -> None:
    head = commit.git(root, "rev-parse", "HEAD")
    made = tag_release(release(root), record(root), sign=False, remote=None)

    assert commit.git(root, "rev-parse", "v1.2.0^{commit}") == made
    assert commit.git(root, "rev-parse", f"{made}^") == head == commit.git(root, "rev-parse", "main")
    assert commit.git(root, "status", "--porcelain") == ""
    assert commit.git(root, "diff", "--name-only", head, made).split() == [kind.action for kind in KINDS.values()]
    assert commit.git(root, "show", f"{made}:action.yml").endswith(f"  image: docker://{REGISTRY}@{DIGESTS[REGISTRY]}")
    assert f"{REGISTRY}-comment@sha256:bb" in commit.git(root, "show", f"{made}:comment/action.yml")


def test_the_same_again_is_the_same_commit_and_no_reason_to_refuse(root: Path) -> None:
    first = tag_release(release(root), record(root), sign=False, remote=None)
    check(root, "1.2.0")
    assert tag_release(release(root), record(root), sign=False, remote=None) == first


def test_a_tag_of_another_commit_stays_where_it_is(root: Path) -> None:
    commit.git(root, "tag", "v1.2.0")
    sentence = "the tag v1.2.0 exists, with another commit or other images: take the next version"
    with pytest.raises(ConfigProblems) as refused:
        check(root, "1.2.0")
    assert refused.value.problems == (sentence,)
    with pytest.raises(ConfigError) as caught:
        tag_release(release(root), record(root), sign=False, remote=None)
    assert str(caught.value) == sentence
    assert commit.git(root, "rev-parse", "v1.2.0") == commit.git(root, "rev-parse", "main")


def test_a_dirty_tree_is_refused(root: Path) -> None:
    (root / "action.yml").write_text("")
    (root / "new.py").touch()
    with pytest.raises(ConfigProblems) as refused:
        check(root, "1.2.0")
    assert refused.value.problems == (
        "action.yml and 1 more differs from HEAD: commit it, since a release is of a commit",
    )


def test_what_is_not_pinned_is_refused_unless_it_is_only_tried(root: Path) -> None:
    (root / "Dockerfile").write_text("ARG BASE=python:3.11\nFROM ${BASE}\n")
    commit.git(root, "rm", "--quiet", "requirements/torch-cpu.txt")
    commit.git(root, "commit", "--quiet", "--all", "--message", "Not pinned")
    with pytest.raises(ConfigProblems) as refused:
        check(root, "1.2.0")
    by_whom = "the workflow 'Look up pins' writes it, a person commits it"
    assert refused.value.problems == (
        f"the Dockerfile's base is named by tag: {by_whom}",
        f"requirements/torch-cpu.txt, with the hashes of PyTorch's CPU wheels, is not there: {by_whom}",
    )
    check(root, "1.2.0", pinned=False)


def test_nothing_is_tagged_without_images_or_in_a_dry_run(root: Path) -> None:
    empty = Record("1.2.0", "")
    with pytest.raises(ConfigError, match="is no image by digest"):
        tag_release(release(root), empty, sign=False, remote=None)
    with pytest.raises(ConfigError, match=r"no image of 127\.0\.0\.1:1/pocketfit was pushed: run `images` first"):
        join_images(release(root))
    said: list[str] = []
    made = tag_release(release(root, said, dry_run=True), empty, sign=False, remote="nowhere")
    assert said == [f"v1.2.0 would be {made}"]
    assert commit.git(root, "tag", "--list") == ""


def test_the_major_tag_follows_and_is_pushed(root: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    commit.git(root, "init", "--quiet", "--bare", str(remote))
    with pytest.raises(ConfigError, match=r"there is no tag v1\.2\.0: release it first"):
        move_major(release(root), str(remote))
    commit.git(root, "tag", "v1")
    commit.git(root, "push", "--quiet", str(remote), "v1")
    made = tag_release(release(root), record(root), sign=False, remote=str(remote))
    assert commit.git(remote, "tag", "--list").split() == ["v1", "v1.2.0"]

    move_major(release(root), str(remote))

    assert commit.git(remote, "rev-parse", "v1") == made == commit.git(remote, "rev-parse", "v1.2.0^{commit}")


def test_what_is_done_is_kept_for_this_commit_alone(tmp_path: Path) -> None:
    file = tmp_path / "build/record.json"
    assert read_record(file, "1.2.0", "c") == Record("1.2.0", "c")
    write_record(file, Record("1.2.0", "c").having("name/amd64", "sha256:1"))
    assert read_record(file, "1.2.0", "c").digests == {"name/amd64": "sha256:1"}
    for version, at in (("1.2.1", "c"), ("1.2.0", "d")):
        assert read_record(file, version, at).digests == {}
    file.write_text("{")
    assert read_record(file, "1.2.0", "c").digests == {}
