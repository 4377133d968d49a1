from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketfit.cache.entries import Damaged, Entries

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    folder = tmp_path / "cache"
    folder.mkdir()
    return Entries(folder, limit_bytes=10_000)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "made").mkdir()
    files = {"net.ptl": tmp_path / "made/net.ptl", "golden/net/input0.bin": tmp_path / "made/input0.bin"}
    for name, path in files.items():
        path.write_bytes(name.encode() * 50)
    return files


def targets(tmp_path: Path) -> dict[str, Path]:
    return {name: tmp_path / "taken" / name for name in ("net.ptl", "golden/net/input0.bin")}


def test_what_is_kept_is_found_whole(entries: Entries, files: dict[str, Path], tmp_path: Path) -> None:
    assert entries.find("builds", KEY) is None
    entries.keep("builds", KEY, '{"a": 1}', files)
    found = entries.find("builds", KEY)
    assert found
    assert found.record == b'{"a": 1}'
    found.take(targets(tmp_path))
    assert {name: path.read_bytes() for name, path in targets(tmp_path).items()} == {
        name: path.read_bytes() for name, path in files.items()
    }
    assert entries.find("builds", OTHER) is None
    assert entries.find("trials", KEY) is None


def test_an_entry_takes_the_place_of_the_one_before(entries: Entries, files: dict[str, Path]) -> None:
    entries.keep("builds", KEY, "1", files)
    entries.keep("builds", KEY, "2", {})
    found = entries.find("builds", KEY)
    assert found
    assert (found.record, found.files) == (b"2", ())
    assert sorted(path.name for path in entries.folder.iterdir()) == ["builds"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), "has another hash"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "has another size"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "Too many levels of symbolic links"),
        (lambda path: os.link(path, path.with_name("second")), "has another name too"),
    ],
)
def test_a_file_that_is_not_what_was_kept_is_not_taken(
    entries: Entries, files: dict[str, Path], tmp_path: Path, change: object, said: str
) -> None:
    entries.keep("builds", KEY, "{}", files)
    assert callable(change)
    change(entries.folder / "builds" / KEY[:2] / KEY / "golden/net/input0.bin")
    found = entries.find("builds", KEY)
    assert found
    with pytest.raises(Damaged, match=said):
        found.take(targets(tmp_path))
    # Nor is the one that was in order.
    assert [path for path in targets(tmp_path).values() if path.exists()] == []


def test_other_files_than_those_of_the_record_are_not_taken(
    entries: Entries, files: dict[str, Path], tmp_path: Path
) -> None:
    entries.keep("builds", KEY, "{}", files)
    found = entries.find("builds", KEY)
    assert found
    with pytest.raises(Damaged, match="its files are not those of its record"):
        found.take({"net.ptl": tmp_path / "net.ptl"})


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_record_that_is_not_what_was_kept_is_damaged(entries: Entries, files: dict[str, Path], at: int) -> None:
    entries.keep("builds", KEY, '{"a": 1}', files)
    record = entries.folder / "builds" / KEY[:2] / KEY / "entry"
    data = bytearray(record.read_bytes())
    data[at] ^= 1
    record.write_bytes(data)
    with pytest.raises(Damaged):
        entries.find("builds", KEY)


def test_an_entry_that_was_put_in_anothers_place_is_damaged(entries: Entries, files: dict[str, Path]) -> None:
    entries.keep("builds", KEY, "{}", files)
    place = entries.folder / "builds" / OTHER[:2]
    place.mkdir()
    (entries.folder / "builds" / KEY[:2] / KEY).rename(place / OTHER)
    with pytest.raises(Damaged, match="its record has another hash"):
        entries.find("builds", OTHER)


def test_one_that_is_half_written_is_not_there(entries: Entries, files: dict[str, Path]) -> None:
    with pytest.raises(FileNotFoundError):
        entries.keep("builds", KEY, "{}", files | {"gone": files["net.ptl"].with_name("gone")})
    assert entries.find("builds", KEY) is None
    assert [path for path in entries.folder.rglob("*") if path.is_file()] == []


def test_the_least_recently_used_goes_first(entries: Entries, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(4_000))
    for number, key in enumerate((KEY, OTHER, "ef" * 32)):
        entries.keep("builds", key, "{}", {"net.ptl": large})
        os.utime(entries.folder / "builds" / key[:2] / key, (number, number))
    # Being found is being used.
    assert entries.find("builds", KEY)
    assert entries.trim() == 1
    assert entries.find("builds", OTHER) is None
    assert entries.find("builds", KEY)
    assert entries.trim() == 0


def test_what_nobody_will_finish_goes_too(entries: Entries) -> None:
    old, young = entries.folder / ".partial-old", entries.folder / ".partial-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    entries.trim()
    assert [path.name for path in entries.folder.iterdir()] == [".partial-young"]
