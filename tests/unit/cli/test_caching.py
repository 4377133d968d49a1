from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import Head, Request
from pocketfit.cli.caching import CacheWish, cache_wish, cached
from pocketfit.errors import ConfigError
from pocketfit.records import Config


def head(root: Path) -> Head:
    return Head(Request(root), root, None, None, None, None, Config(()), Config(()))


def wish(folder: Path) -> CacheWish:
    return cache_wish(folder, "2 GB", no_cache=False, explained=False)


def test_options_that_can_not_be_meant() -> None:
    with pytest.raises(ConfigError, match='--cache-size: "much" is not a size: write a number and B, kB, MB or GB'):
        cache_wish(None, "much", no_cache=False, explained=False)
    with pytest.raises(ConfigError, match="--explain-cache explains what was looked for in the cache, and --no-cache"):
        cache_wish(None, "2 GB", no_cache=True, explained=True)
    assert cache_wish(None, "1.5 MB", no_cache=False, explained=True) == CacheWish(None, 1_500_000, True, True)


def test_one_that_can_not_be_used_is_one_sentence_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "cache").chmod(0o777)
    with caplog.at_level(logging.WARNING), cached(wish(tmp_path / "cache"), head(tmp_path / "none"), Sandbox()) as kept:
        assert kept is None
    assert caplog.messages == [
        f"cache {tmp_path}/cache: others may write to it, so what is in it may be anybody's: remove it; "
        "the run goes on without it"
    ]


def test_none_is_opened_where_none_is_wanted(tmp_path: Path) -> None:
    unwanted = cache_wish(tmp_path / "cache", "2 GB", no_cache=True, explained=False)
    with cached(unwanted, head(tmp_path), Sandbox()) as kept:
        assert kept is None
    assert list(tmp_path.iterdir()) == []


def test_it_lies_where_no_model_can_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not among the data that the user opened to models either."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "data").mkdir()
    sandbox = Sandbox(readable=(tmp_path / "data",))
    with caplog.at_level(logging.WARNING), cached(wish(tmp_path / "data/c"), head(tmp_path / "tree"), sandbox) as kept:
        assert kept is None
    assert "which models' code may read: name another with --cache; the run goes on without it" in caplog.messages[0]
    with cached(wish(tmp_path / "c"), head(tmp_path / "tree"), sandbox) as kept:
        assert kept
    assert (tmp_path / "c").stat().st_uid == os.geteuid()
