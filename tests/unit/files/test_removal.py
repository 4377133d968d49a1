from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketfit.files.removal import remove_tree


def test_a_tree_goes_with_all_in_it_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    tree = tmp_path / "tree"
    (tree / "a/b").mkdir(parents=True)
    (tree / "a/b/file").touch()
    (tree / "a/link").symlink_to(outside)
    (tree / "link").symlink_to(outside)
    os.mkfifo(tree / "a/pipe")
    remove_tree(tree)
    assert not tree.exists()
    assert (outside / "file").exists()


def test_a_tree_that_is_deeper_than_python_has_frames(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    at = os.open(tree, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=at)
        deeper = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = deeper
    os.close(at)
    remove_tree(tree)
    assert not tree.exists()


def test_a_tree_whose_modes_forbid_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "a/b").mkdir(parents=True)
    (tree / "a/b/file").touch()
    for folder in (tree / "a/b", tree / "a", tree):
        folder.chmod(0)
    remove_tree(tree)
    assert not tree.exists()


def test_a_link_is_not_taken_for_its_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with pytest.raises(OSError, match="Not a directory"):
        remove_tree(tmp_path / "link")
    assert (tmp_path / "folder").is_dir()
