from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pocketfit.cache.memo import FILE, Memo


def write(path: Path, text: str, age_s: float = 0.0) -> None:
    """A file that was last written, as far as its times say, `age_s` ago; the time of its change is the kernel's."""
    path.write_text(text)
    now = path.stat().st_mtime
    os.utime(path, (now - age_s, now - age_s))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_file_that_was_written_just_now_is_read_each_time(tmp_path: Path) -> None:
    memo, path = Memo(tmp_path), tmp_path / "file"
    write(path, "1", age_s=3600)
    assert memo.sha256(str(path), path.stat()) == sha256("1")
    # Whoever sets a file's time does not set that of its change.
    assert memo.known(str(path), "anything") is None
    memo.save()
    assert not (tmp_path / FILE).exists()


def test_what_was_told_is_known_as_long_as_nothing_changed(tmp_path: Path) -> None:
    memo, path = Memo(tmp_path), tmp_path / "file"
    write(path, "1")
    memo.tell(str(path), (1, 2, 3, 4, 5), "ab")
    memo.tell("root", "looked", "cd")
    memo.save()
    again = Memo(tmp_path)
    assert again.known(str(path), (1, 2, 3, 4, 5)) == "ab"
    assert again.known(str(path), (1, 2, 3, 4, 6)) is None
    assert (again.known("root", "looked"), again.known("root", "otherwise")) == ("cd", None)
    # A file that is another one now is read.
    assert again.sha256(str(path), path.stat()) == sha256("1")


def test_a_memory_that_was_changed_is_forgotten(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    memo.tell("root", "looked", "cd")
    memo.save()
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes().replace(b"cd", b"ce"))
    assert Memo(tmp_path).known("root", "looked") is None
    file.write_bytes(b"")
    assert Memo(tmp_path).known("root", "looked") is None


def test_a_file_that_is_another_by_now_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, "1")
    before = path.stat()
    write(path, "22")
    with pytest.raises(OSError, match="changed while it was read"):
        Memo(tmp_path).sha256(str(path), before)
