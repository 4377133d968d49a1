from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pocketfit.cache.place import NoCache, default_folder, prepared

OURS = (os.geteuid(),)
NOWHERE = Path("/nowhere")


def test_the_users_own_folder_unless_the_environment_names_another() -> None:
    assert default_folder({"XDG_CACHE_HOME": "/caches"}) == Path("/caches/pocketfit")
    assert default_folder({}) == Path.home() / ".cache/pocketfit"


def test_a_new_folder_is_ours_alone(tmp_path: Path) -> None:
    inner = prepared(tmp_path / "a" / "cache", OURS, (), NOWHERE)
    assert inner == tmp_path / "a/cache/v1"
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (inner.parent, inner)] == [0o700, 0o700]
    assert prepared(tmp_path / "a" / "cache", OURS, (), NOWHERE) == inner


def test_one_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    prepared(tmp_path / "cache", OURS, (), NOWHERE)
    (tmp_path / "cache").chmod(0o755)
    prepared(tmp_path / "cache", OURS, (), NOWHERE)
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize("within", ["", "v1"])
def test_one_that_others_may_write_is_not_used(tmp_path: Path, within: str) -> None:
    prepared(tmp_path / "cache", OURS, (), NOWHERE)
    place = tmp_path / "cache" / within
    place.chmod(0o777)
    with pytest.raises(NoCache) as caught:
        prepared(tmp_path / "cache", OURS, (), NOWHERE)
    assert str(caught.value) == (f"cache {place}: others may write to it, so what is in it may be anybody's: remove it")


def test_one_of_another_user_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    stranger = os.geteuid() + 1
    with pytest.raises(NoCache) as caught:
        prepared(tmp_path / "cache", (stranger,), (), NOWHERE)
    assert str(caught.value) == (
        f"cache {tmp_path}/cache: it belongs to another user (number {os.geteuid()}): name another with --cache"
    )


def test_a_link_or_a_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "file").touch()
    for name, what in (("link", "a link"), ("file", "no folder")):
        with pytest.raises(NoCache, match=f"it is {what}: remove it, or name another with --cache"):
            prepared(tmp_path / name, OURS, (), NOWHERE)


def test_one_of_another_version_or_of_something_else_is_not_used(tmp_path: Path) -> None:
    inner = prepared(tmp_path / "cache", OURS, (), NOWHERE)
    (inner / "pocketfit-cache").write_text("2\n")
    with pytest.raises(NoCache, match="it is of another version of Pocketfit: remove it"):
        prepared(tmp_path / "cache", OURS, (), NOWHERE)
    (tmp_path / "other" / "v1").mkdir(parents=True, mode=0o700)
    (tmp_path / "other" / "v1" / "photo.jpg").touch()
    with pytest.raises(NoCache, match="it holds something else than a cache: remove it"):
        prepared(tmp_path / "other", OURS, (), NOWHERE)


def test_one_that_models_can_read_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "link").symlink_to("tree")
    with pytest.raises(NoCache, match="which models' code may read: name another with --cache"):
        prepared(tmp_path / "link" / "cache", OURS, (tmp_path / "tree",), NOWHERE)
    assert not (tmp_path / "tree" / "cache").exists()


def test_one_that_a_commit_could_bring_is_not_used(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(NoCache) as caught:
        prepared(tmp_path / ".cache", OURS, (), tmp_path)
    assert str(caught.value) == (
        f"cache {tmp_path}/.cache: it lies in the repository, whose commits could bring what they like: "
        "name a folder outside, or one in .git"
    )
    assert prepared(tmp_path / ".git" / "cache", OURS, (), tmp_path) == tmp_path / ".git/cache/v1"


def test_a_place_where_none_can_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoCache) as caught:
        prepared(tmp_path / "file" / "cache", OURS, (), NOWHERE)
    assert str(caught.value) == f"cache {tmp_path}/file/cache: it can't be used: File exists"
