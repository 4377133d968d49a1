"""The cache of a run, as its options ask for it: there or not, and explained at the end."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.cli.screen import say
from pocketfit.errors import ConfigError

if TYPE_CHECKING:
    from pocketfit.builds.sandbox import Sandbox
    from pocketfit.builds.sides import Head
    from pocketfit.cache.kept import Cache

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheWish:
    """What the command line says of the cache; `folder` is None for the user's own."""

    folder: Path | None
    limit_bytes: int
    wanted: bool
    explained: bool


def cache_wish(folder: Path | None, size: str, *, no_cache: bool, explained: bool) -> CacheWish:
    """The options together; raises ConfigError where they can't be meant."""
    from pocketfit.units import parse_size

    try:
        limit_bytes = parse_size(size)
    except ValueError as error:
        raise ConfigError(f"--cache-size: {error}") from error
    if no_cache and explained:
        raise ConfigError("--explain-cache explains what was looked for in the cache, and --no-cache looks for nothing")
    return CacheWish(folder, limit_bytes, not no_cache, explained)


@contextmanager
def cached(wish: CacheWish, head: Head, sandbox: Sandbox) -> Iterator[Cache | None]:
    """The cache while the block runs; None where none is wanted, or where it can't be used, which is said."""
    from pocketfit.cache.place import NoCache

    try:
        cache = _opened(wish, head, sandbox) if wish.wanted else None
    except NoCache as problem:
        log.warning("%s; the run goes on without it", problem)
        cache = None
    yield cache
    if cache:
        cache.close()
        if wish.explained:
            for line in cache.explained():
                say(line)


def _opened(wish: CacheWish, head: Head, sandbox: Sandbox) -> Cache:
    from pocketfit.builds.walls import caches
    from pocketfit.cache.kept import Cache
    from pocketfit.cache.place import default_folder, prepared
    from pocketfit.sandbox.paths import of_interpreter, of_repository, of_system

    owners = {os.geteuid()}
    if os.geteuid() == 0:
        # In a container the workspace is the runner's, who may change what is built there anyway.
        owners.add(head.root.stat().st_uid)
    readable: tuple[str | Path, ...] = (
        *of_system(),
        *of_interpreter(),
        *of_repository(head.root).readable,
        *caches(os.environ, Path("/nowhere"), None).values(),
        *sandbox.readable,
    )
    folder = prepared(wish.folder or default_folder(os.environ), owners, readable, head.root)
    return Cache(folder, wish.limit_bytes, str(head.root))
