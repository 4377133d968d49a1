"""What root writes in somebody's folder is theirs, as in a container whose /work is the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketfit.files import write_text_atomically
from pocketfit.files.owner import give, give_tree, make_folder, owner_of
from pocketfit.staging import staged

USER = (1000, 1000)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    os.chown(folder, *USER)
    return folder


def owners(folder: Path) -> set[tuple[int, int]]:
    paths = [folder, *folder.rglob("*")]
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in paths}


@root_only
def test_a_file_and_its_new_folders_are_the_owners(home: Path) -> None:
    write_text_atomically(home / ".github/workflows/pocketfit.yml", "on: push\n")
    assert owners(home) == {USER}


@root_only
def test_what_is_roots_stays_so(tmp_path: Path) -> None:
    assert owner_of(tmp_path) is None
    write_text_atomically(tmp_path / "deep/file", "")
    assert owners(tmp_path / "deep") == {(0, 0)}


def test_nobody_else_gives_anything_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert owner_of(tmp_path) is None


@root_only
def test_all_that_a_run_leaves_is_the_owners(home: Path) -> None:
    with staged(home / "pocketfit-out") as staging:
        staging.out.prepare()
        (staging.out.artifacts("head") / "net.ptl").write_bytes(b"net")
        write_text_atomically(staging.out.report_json, "{}")
        # Until it is whole it is ours alone.
        assert staging.out.folder.stat().st_uid == 0
    assert owners(home) == {USER}
    names = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert names == {"pocketfit-out/.gitignore", "pocketfit-out/report.json", "pocketfit-out/artifacts/head/net.ptl"}


@root_only
def test_what_a_link_leads_to_and_what_others_own_stays(home: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").touch()
    (home / "link").symlink_to(tmp_path / "victim")
    (home / "theirs").touch()
    os.chown(home / "theirs", 2000, 2000)
    give_tree(home, USER)
    assert (tmp_path / "victim").stat().st_uid == 0
    assert ((home / "link").lstat().st_uid, (home / "theirs").stat().st_uid) == (1000, 2000)


def test_a_number_that_does_not_exist_here_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "chown", refuse)
    give(tmp_path, (65534, 65534))
    make_folder(tmp_path / "deep/folder")
    assert (tmp_path / "deep/folder").is_dir()
