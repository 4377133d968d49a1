from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.files import forget_partials, new_file, write_text_atomically


def test_makes_its_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out" / "report.md"

    write_text_atomically(path, "grüß\n")
    write_text_atomically(path, "gruß\n")

    assert path.read_bytes() == "gruß\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["report.md"]


def test_other_users_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_text_atomically(tmp_path / "report.json", "{}")
    finally:
        os.umask(old)
    assert (tmp_path / "report.json").stat().st_mode & 0o777 == 0o644


def test_lone_surrogates_do_not_stop_it(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / "report.md", "bad \udc80 name")
    assert (tmp_path / "report.md").read_text() == "bad ? name"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ConfigError) as caught:
        write_text_atomically(tmp_path / "out" / "report.md", "text")
    assert str(caught.value) == f"{tmp_path}/out/report.md can't be written: File exists"


def test_a_folder_in_the_way_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "report.md").mkdir()
    with pytest.raises(ConfigError, match=r"report\.md can't be written: Is a directory"):
        write_text_atomically(tmp_path / "report.md", "text")
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "report.json").symlink_to(victim)
    # What the temporary file was called once, by a number that can be guessed.
    (tmp_path / f".report.json.{os.getpid()}.tmp").symlink_to(victim)
    write_text_atomically(tmp_path / "report.json", "{}")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "report.json").is_symlink()


def test_a_file_that_is_not_finished_is_nowhere(tmp_path: Path) -> None:
    (tmp_path / "artifact").write_text("old")

    def stopped() -> None:
        with new_file(tmp_path / "artifact") as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("artifact", "old")]


def test_what_a_killed_writer_left_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from pocketfit.files import new_file\nwith new_file(Path('target')): os.kill(os.getpid(), 9)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    old, young = tmp_path.iterdir()
    os.utime(old, (1, 1))
    (tmp_path / "users.partial").touch()
    os.utime(tmp_path / "users.partial", (1, 1))
    with new_file(tmp_path / "mine") as stream:
        (mine,) = set(tmp_path.iterdir()) - {old, young, tmp_path / "users.partial"}
        os.utime(mine, (1, 1))
        forget_partials(tmp_path)
        stream.write(b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([young, tmp_path / "mine", tmp_path / "users.partial"])
    assert (tmp_path / "mine").read_text() == "whole"
