from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketfit.cache import tree
from pocketfit.cache.memo import Memo
from pocketfit.cache.tree import Unknowable, digest_of, list_tree


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    (tmp_path / "memo").mkdir()
    return Memo(tmp_path / "memo")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "models").mkdir(parents=True)
    (root / "models" / "net.py").write_text("a = 1\n")
    (root / "weights.bin").write_bytes(b"1234")
    (root / ".git").mkdir()
    return root


def test_two_trees_of_the_same_content_are_the_same(root: Path, memo: Memo, tmp_path: Path) -> None:
    other = tmp_path / "other"
    root_listing = list_tree(root, memo)
    os.system(f"cp -r {root} {other}")
    assert list_tree(other, memo).digest() == root_listing.digest()
    # Though nobody would take one for the other, untouched.
    assert list_tree(other, memo).looked != root_listing.looked
    assert list_tree(root, memo) == root_listing


def test_what_is_hidden_counts_by_its_name_alone(root: Path, memo: Memo) -> None:
    (root / "out").mkdir()
    before = list_tree(root, memo, hidden=True, without=root / "out")
    assert before.contents[".git"] == before.contents["out"] == "hidden"
    for folder in (".git", "out"):
        (root / folder / "index").write_text("1")
    assert list_tree(root, memo, hidden=True, without=root / "out") == before
    assert list_tree(root, memo).digest() != before.digest()


def test_a_link_counts_with_what_it_leads_to(root: Path, memo: Memo, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("1")
    (root / "data").symlink_to(data)
    before = list_tree(root, memo)
    data.write_text("2")
    after = list_tree(root, memo)
    assert before.contents["data"] != after.contents["data"]
    assert after.contents["data"].startswith(f"link {data} 1 ")
    data.unlink()
    assert list_tree(root, memo).contents["data"] == f"link {data} nowhere"
    data.mkdir()
    with pytest.raises(Unknowable, match=f"data links to {data}, which is outside of it and no file"):
        list_tree(root, memo)


def test_a_link_inside_counts_by_its_words(root: Path, memo: Memo) -> None:
    (root / "net.py").symlink_to("models/net.py")
    assert list_tree(root, memo).contents["net.py"] == "link models/net.py"


def test_a_pipe_is_not_waited_for(root: Path, memo: Memo) -> None:
    os.mkfifo(root / "pipe")
    assert list_tree(root, memo).contents["pipe"].startswith("special ")


def test_too_much_is_not_looked_at(root: Path, memo: Memo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_BYTES", 9)
    with pytest.raises(Unknowable, match="it has more than 0 GB"):
        list_tree(root, memo)
    monkeypatch.setattr(tree, "MOST_FILES", 2)
    with pytest.raises(Unknowable, match="it has more than 2 files"):
        list_tree(root, memo)


def test_no_two_mappings_have_one_digest() -> None:
    assert digest_of({"a": "bc"}) != digest_of({"ab": "c"})
    assert digest_of({"a": "b", "c": "d"}) == digest_of({"c": "d", "a": "b"})
    # A name that is no UTF-8, as the file system gives it.
    assert digest_of({os.fsdecode(b"\xff"): ""}) != digest_of({"": ""})
