"""Every kind of thing that a stranger can put where a file was expected."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketfit.files import open_regular, opened, read_named, read_regular

TERABYTE = 1 << 40
Plant = Callable[[Path], object]


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def hard_link(path: Path) -> None:
    secret = path.parent.parent / "secret"
    secret.write_text("somebody's")
    path.hardlink_to(secret)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(TERABYTE)


def unix_socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    # Its address has at most 108 bytes.
    os.chdir(here)
    socket.socket(socket.AF_UNIX).bind(path.name)
    os.close(here)


PLANTED: dict[str, tuple[Plant, str]] = {
    "link": (link, "Too many levels of symbolic links"),
    "dangling_link": (dangling, "Too many levels of symbolic links"),
    "hard_link": (hard_link, "result has another name too (a hard link)"),
    "fifo": (os.mkfifo, "result is not a regular file"),
    "socket": (unix_socket, "No such device or address"),
    "folder": (Path.mkdir, "result is not a regular file"),
    "sparse": (sparse, "result is larger than 1000 bytes"),
    "large": (lambda path: path.write_bytes(b"x" * 1001), "result is larger than 1000 bytes"),
    "nothing": (lambda path: None, "No such file or directory"),
}


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "theirs"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("kind", PLANTED)
def test_nothing_but_a_small_file_of_one_name_is_read_or_taken(theirs: Path, tmp_path: Path, kind: str) -> None:
    plant, sentence = PLANTED[kind]
    plant(theirs / "result")
    ours = tmp_path / "ours"
    ours.mkdir()
    with opened(theirs) as given:
        for attempt in (
            lambda: read_regular(theirs / "result", 1000),
            lambda: given.read("result", 1000),
            lambda: given.take("result", ours / "result", 1000),
        ):
            with pytest.raises((OSError, ValueError)) as caught:
                attempt()
            assert sentence in str(caught.value)
    assert list(ours.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_no_file(theirs: Path) -> None:
    os.mknod(theirs / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    with pytest.raises((OSError, ValueError), match=r"zero is not a regular file|Permission denied"):
        read_regular(theirs / "zero", 1000)
    with pytest.raises((OSError, ValueError), match=r"zero is not a regular file|Permission denied"):
        read_named(theirs / "zero", 1000)


def test_what_is_as_it_should_be_is_copied_to_a_new_file(theirs: Path, tmp_path: Path) -> None:
    (theirs / "deep").mkdir()
    (theirs / "deep/result").write_bytes(b"12345")
    target = tmp_path / "target"
    victim = tmp_path / "victim"
    victim.write_text("mine")
    target.symlink_to(victim)
    with opened(theirs) as given:
        assert given.take("deep/result", target, 5) == 5
    assert (target.read_bytes(), target.is_symlink(), victim.read_text()) == (b"12345", False, "mine")
    assert target.stat().st_ino != (theirs / "deep/result").stat().st_ino


def test_a_folder_that_was_swapped_meanwhile_is_the_one_that_was_opened(theirs: Path, tmp_path: Path) -> None:
    (theirs / "result").write_text("first")
    other = tmp_path / "other"
    other.mkdir()
    (other / "result").write_text("second")
    with opened(theirs) as given:
        theirs.rename(tmp_path / "away")
        theirs.symlink_to(other)
        assert given.read("result", 100) == b"first"
    with pytest.raises(OSError, match="Not a directory"), opened(theirs):
        pass


def test_no_link_is_followed_on_the_way(theirs: Path) -> None:
    (theirs / "golden").symlink_to("/etc")
    with opened(theirs) as given, pytest.raises(OSError, match="Not a directory"):
        given.read("golden/passwd", 1_000_000)


@pytest.mark.parametrize("name", ["", ".", "..", "/etc/passwd", "../secret", "a/../../secret"])
def test_a_name_that_leads_out_of_its_folder(theirs: Path, name: str) -> None:
    with opened(theirs) as given, pytest.raises(ValueError, match="is no file inside its folder"):
        given.open(name)


def test_a_file_that_the_user_named_may_be_a_link(theirs: Path) -> None:
    (theirs / "report").write_text("text")
    (theirs / "latest").symlink_to("report")
    assert read_named(theirs / "latest", 10) == b"text"
    with pytest.raises(ValueError, match="latest is larger than 3 bytes"):
        read_named(theirs / "latest", 3)
    with pytest.raises(ValueError, match="theirs is not a regular file"):
        read_named(theirs, 3)
    os.mkfifo(theirs / "pipe")
    with pytest.raises(ValueError, match="pipe is not a regular file"):
        read_named(theirs / "pipe", 3)


def test_a_pipe_does_not_block(theirs: Path) -> None:
    os.mkfifo(theirs / "pipe")
    with pytest.raises(ValueError, match="pipe is not a regular file"):
        open_regular(theirs / "pipe")
