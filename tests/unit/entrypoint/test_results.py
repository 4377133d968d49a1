from __future__ import annotations

import os
from pathlib import Path

import pytest

from entrypoint.results import give_back

OWNER = 12345


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are somebody else's")
def test_what_root_made_is_given_back(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "elsewhere"
    for folder in (workspace / "pocketfit-out/artifacts", workspace / ".git/objects", workspace / "src", elsewhere):
        folder.mkdir(parents=True)
    for file in ("pocketfit-out/report.json", ".git/objects/new", "src/theirs"):
        (workspace / file).touch()
    (elsewhere / "secret").touch()
    (workspace / "pocketfit-out/link").symlink_to(elsewhere)
    (workspace / ".git/kept").touch()
    os.chown(workspace / ".git/kept", 777, 777)
    os.chown(workspace, OWNER, OWNER)

    give_back(workspace, "pocketfit-out")

    owners = {str(path.relative_to(tmp_path)): path.lstat().st_uid for path in sorted(tmp_path.rglob("*"))}
    assert owners == {
        "elsewhere": 0,
        "elsewhere/secret": 0,
        "workspace": OWNER,
        "workspace/.git": OWNER,
        "workspace/.git/kept": 777,
        "workspace/.git/objects": OWNER,
        "workspace/.git/objects/new": OWNER,
        "workspace/pocketfit-out": OWNER,
        "workspace/pocketfit-out/artifacts": OWNER,
        "workspace/pocketfit-out/link": OWNER,
        "workspace/pocketfit-out/report.json": OWNER,
        "workspace/src": 0,
        "workspace/src/theirs": 0,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives anything back")
def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/out").symlink_to(tmp_path / "elsewhere")
    os.chown(tmp_path / "workspace", OWNER, OWNER)
    give_back(tmp_path / "workspace", "out")
    assert (tmp_path / "elsewhere").stat().st_uid == 0
