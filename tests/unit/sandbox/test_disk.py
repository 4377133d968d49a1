"""What a program keeps on disk: counted to a limit, and nothing of it hidden."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pocketfit.sandbox.disk import DEEPEST, nameless_bytes, usage

MB = 1_000_000


def test_files_and_folders_count_and_each_byte_once(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/full").write_bytes(bytes(MB))
    (tmp_path / "link").symlink_to("/usr")
    os.link(tmp_path / "a/b/full", tmp_path / "again")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1000 * MB)
    files, total_bytes = usage([str(tmp_path)], 100)
    assert files == 6
    assert MB <= total_bytes < 2 * MB


def test_counting_ends_with_the_first_too_many(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / str(number)).touch()
    assert usage([str(tmp_path)], 20)[0] == 21
    assert usage([str(tmp_path), str(tmp_path)], 60)[0] == 60


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert usage([str(tmp_path / "nowhere")], 10) == (0, 0)


def test_a_tree_too_deep_is_one_file_too_many(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEPEST + 2):
        os.mkdir("deep", dir_fd=folder)
        inside = os.open("deep", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inside
    os.close(folder)
    assert usage([str(tmp_path)], 5000)[0] == 5001


def test_a_closed_folder_is_one_file_too_many() -> None:
    euid = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "closed").mkdir(mode=0)
        try:
            # Root may look into every folder.
            os.seteuid(65534 if euid == 0 else euid)
            found = usage([folder], 50)
        finally:
            os.seteuid(euid)
    assert found[0] == 51


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")
def test_open_files_without_a_name(tmp_path: Path) -> None:
    with (tmp_path / "named").open("wb") as named, (tmp_path / "gone").open("wb") as gone:
        named.write(bytes(2 * MB))
        gone.write(bytes(MB))
        gone.flush()
        (tmp_path / "gone").unlink()
        again = os.dup(gone.fileno())
        found = nameless_bytes([os.getpid()], None)
        in_child = nameless_bytes([os.getpid()], lambda: None)
        os.close(again)
    assert MB <= found < 2 * MB
    assert in_child == found
