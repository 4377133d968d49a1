"""A folder of strangers' files: what is read of it, and what is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.history import reading
from pocketfit.history.entry import file_name
from pocketfit.history.reading import ENTRIES, MARK, mark_json, read_folder
from pocketfit.records import History
from pocketfit.store import history_entry_json
from tests.unit.history.samples import entry, of_sizes, variant, write


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as error:
        read_folder(folder)
    return str(error.value).replace(str(folder), "DIR")


def test_the_newest_of_a_folder_in_the_order_of_their_dates(tmp_path: Path) -> None:
    known = of_sizes([1, 2, 3, 4])
    folder = write(tmp_path / "kept", known)
    (folder / ENTRIES / "README.md").write_text("no entry")
    assert read_folder(folder) == known
    assert read_folder(folder, 2) == History(known.entries[-2:])
    (tmp_path / "link").symlink_to(folder)
    assert read_folder(tmp_path / "link") == known


def test_an_empty_history(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(mark_json())
    assert read_folder(tmp_path) == History()


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        (None, "DIR is no history of Pocketfit's: it has no history.json that says so"),
        ("{", "DIR is no history of Pocketfit's: it has no history.json that says so"),
        ("[" * 3_000, "DIR is no history of Pocketfit's: it has no history.json that says so"),
        ("[1]", "DIR is no history of Pocketfit's: it has no history.json that says so"),
        ('{"pocketfit_history": 2}', "DIR has schema 2, and this Pocketfit reads 1: use the one that wrote it"),
        ('{"pocketfit_history": true}', "DIR has schema true, and this Pocketfit reads 1: use the one that wrote it"),
        ('{"pocketfit_history": "\\u202e::error::"}', 'DIR has schema "\\u202e::error::", and this Pocketfit reads 1: use the one that wrote it'),
        (" " * 5_000, "DIR can't be read: history.json is larger than 4096 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_history(tmp_path: Path, mark: str | None, sentence: str) -> None:
    (tmp_path / ENTRIES).mkdir()
    if mark is not None:
        (tmp_path / MARK).write_text(mark)
    assert refused(tmp_path) == sentence


def test_damaged_entries_are_left_out_and_said(tmp_path: Path) -> None:
    known = of_sizes([1, 2, 3])
    folder = write(tmp_path / "kept", known)
    first, second, _ = (folder / ENTRIES / file_name(one) for one in known.entries)
    first.write_text('{"commit": ')
    second.write_text(second.read_text().replace('"schema":1', '"schema":2'))
    found = read_folder(folder)
    assert found.entries == known.entries[2:]
    assert found.problems == (f"2 of 3 entries of the history are left out: {second.name}: schema should be 1, not 2",)


def test_an_entry_of_a_newer_version_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path / "kept", of_sizes([1]))
    (file,) = (folder / ENTRIES).iterdir()
    content = json.loads(file.read_text()) | {"pocketfit": "9.0\u202e", "energy_j": 4}
    file.write_text(json.dumps(content))
    (problem,) = read_folder(folder).problems
    assert problem == (
        f"the only entry of the history is left out: {file.name}: energy_j is not a known key "
        "(pocketfit 9.0 wrote it, and this is 0.1.0: read it with that version, or a newer one)"
    )


def test_an_entry_under_anothers_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "kept", of_sizes([1, 2]))
    old, new = sorted((folder / ENTRIES).iterdir())
    new.write_text(old.read_text())
    (problem,) = read_folder(folder).problems
    assert (
        problem
        == f"1 of 2 entries of the history is left out: {new.name} is of another commit or date than its name says"
    )


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder", "sparse"])
def test_what_is_no_file_of_its_own(tmp_path: Path, kind: str) -> None:
    """Nothing outside is read, and nothing blocks."""
    folder = write(tmp_path / "kept", History())
    secret = tmp_path / "secret"
    secret.write_text(history_entry_json(entry(1)))
    place = folder / ENTRIES / file_name(entry(1))
    match kind:
        case "link":
            place.symlink_to(secret)
        case "hard link":
            os.link(secret, place)
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "sparse":
            with place.open("wb") as file:
                file.truncate(1 << 40)
    found = read_folder(folder)
    assert found.entries == ()
    assert found.problems[0].startswith(f"the only entry of the history is left out: {place.name}")


def test_a_folder_of_entries_that_is_a_link(tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", of_sizes([1]))
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / MARK).write_text(mark_json())
    (folder / ENTRIES).symlink_to(elsewhere / ENTRIES)
    assert refused(folder) == "DIR can't be read: Not a directory"


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "kept", of_sizes([1, 2, 3]))
    size = len(history_entry_json(entry(0, variant(1))))
    monkeypatch.setattr(reading, "ALL_LIMIT_BYTES", size + 10)
    found = read_folder(folder)
    assert [one.variants[0].size_bytes for one in found.entries] == [3]
    assert found.problems[0].startswith("2 of 3 entries of the history are left out: ")
    monkeypatch.setattr(reading, "MOST_NAMES", 2)
    assert refused(folder) == "DIR can't be read: entries holds more than 2 files"


def test_hostile_names_are_cleaned(tmp_path: Path) -> None:
    """Shown whole or cut, on one line, in one direction."""
    name = "\u202egpj.exe" + "n" * 200 + "\n::error::"
    folder = write(tmp_path / "kept", History((entry(1, variant(5, name)),)))
    (found,) = read_folder(folder).entries
    assert found.variants[0].model == "gpj.exe" + "n" * 200 + " ::error::"
