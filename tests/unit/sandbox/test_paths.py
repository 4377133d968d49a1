from __future__ import annotations

import os
import sys
from pathlib import Path

from pocketfit.sandbox.order import Walls
from pocketfit.sandbox.paths import of_interpreter, of_repository, of_system


def test_a_tree_is_open_but_for_what_is_hidden_and_where_links_lead(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / ".git", root / "src", outside):
        folder.mkdir(parents=True)
    for file in (root / "net.py", root / ".env", outside / "secret"):
        file.touch()
    (root / "link").symlink_to(outside)
    (root / "file-link").symlink_to(outside / "secret")
    (root / "to-git").symlink_to(".git")
    assert of_repository(root) == Walls(
        readable=(f"{root}/net.py", f"{root}/src", f"{root}/.git/annex/objects"), listable=(str(root),)
    )


def test_a_folder_of_results_at_the_top_is_not_shown(tmp_path: Path) -> None:
    for name in ("net", "out"):
        (tmp_path / name).mkdir()
    annex = f"{tmp_path}/.git/annex/objects"
    assert of_repository(tmp_path, tmp_path / "out").readable == (f"{tmp_path}/net", annex)
    assert of_repository(tmp_path, tmp_path / "net" / "out").readable == (f"{tmp_path}/net", f"{tmp_path}/out", annex)


def test_a_link_in_place_of_git_annex_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "root/.git").mkdir(parents=True)
    (tmp_path / "root/.git/annex").symlink_to("/")
    assert of_repository(tmp_path / "root").readable == ()


def test_a_tree_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert of_repository(tmp_path / "nowhere").readable == (f"{tmp_path}/nowhere/.git/annex/objects",)


def test_no_settings_that_can_hold_a_password_are_open_to_model_code() -> None:
    assert not {"/etc/pip.conf", "/etc/netrc", "/etc/shadow", "/etc", "/root"} & set(of_system())


def test_the_folder_that_we_are_in_is_no_part_of_the_interpreter() -> None:
    assert os.getcwd() not in of_interpreter()
    assert {sys.prefix, sys.base_prefix} <= set(of_interpreter())
    layer = Path("/tmp/somewhere/layer/bin/python")
    assert "/tmp/somewhere" in of_interpreter(layer)


def test_the_system_holds_no_whole_etc() -> None:
    assert "/etc" not in of_system()
    assert "/etc/passwd" in of_system()
    assert not [path for path in of_system() if "shadow" in path or path.endswith(("/ssl", "/private"))]
