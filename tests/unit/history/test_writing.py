from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.history.entry import file_name
from pocketfit.history.reading import ENTRIES, MARK, read_folder
from pocketfit.history.writing import add_to_folder, too_old
from tests.unit.history.samples import entry, variant


def sizes(folder: Path) -> list[int]:
    return [one.variants[0].size_bytes for one in read_folder(folder).entries]


def test_entries_come_and_the_oldest_go(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    for number in (3, 1, 2, 4):
        add_to_folder(folder, entry(number, variant(number)), most=3)
    assert sizes(folder) == [2, 3, 4]


def test_a_commit_has_one_entry(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    add_to_folder(folder, entry(1, variant(1)))
    add_to_folder(folder, entry(1, variant(2)))
    add_to_folder(folder, replace(entry(2, variant(3)), commit=entry(1).commit))
    assert sizes(folder) == [3]


def test_what_is_not_ours_stays() -> None:
    new = file_name(entry(9))
    assert too_old(["README.md", file_name(entry(1)), file_name(entry(2))], new, 2) == [file_name(entry(1))]
    # An old commit that was just measured again is kept.
    old = file_name(entry(0))
    assert too_old([file_name(entry(1)), file_name(entry(2))], old, 2) == [file_name(entry(1))]


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    def refused(folder: Path) -> str:
        with pytest.raises(ConfigError) as error:
            add_to_folder(folder, entry(1))
        return str(error.value).replace(str(folder), "DIR")

    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("")
    assert refused(full) == "DIR is no history of Pocketfit's, and is not empty: name another folder"
    assert [path.name for path in full.iterdir()] == ["thesis.tex"]
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / MARK).write_text('{"pocketfit_history": 2}')
    assert refused(newer) == "DIR has schema 2, and this Pocketfit reads 1: use the one that wrote it"
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / ENTRIES).symlink_to(full)
    assert refused(linked) == "DIR holds a link where its own files are to be: name another folder"
    assert [path.name for path in full.iterdir()] == ["thesis.tex"]
