"""The cache of one run: what is looked up in it, what is kept of the run, and what is said of both."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketfit.cache.entries import Damaged, Entries, Found
from pocketfit.cache.keys import Looked, explain, key_of
from pocketfit.cache.memo import Memo
from pocketfit.cache.surroundings import surroundings
from pocketfit.cache.tree import Unknowable, digest_of
from pocketfit.files import new_file, read_regular
from pocketfit.files.owner import give, owner_of

log = logging.getLogger(__name__)

LAST = "last"
LAST_LIMIT_BYTES = 50_000_000
# Of a larger tree nobody reads which of its files changed.
MOST_NAMES = 20_000


def written(record: Any) -> str:
    """A record as JSON, for the door (let_in) to read again."""
    from pydantic import RootModel

    model: Any = RootModel[type(record)]  # type: ignore[misc]
    return str(model(record).model_dump_json())


class Cache:
    """The cache in `folder` (place.prepared), which may take `limit_bytes`. Whatever fails in it is said once.

    `where` tells one repository's last run from another's.
    """

    def __init__(self, folder: Path, limit_bytes: int, where: str) -> None:
        self.entries, self.memo = Entries(folder, limit_bytes), Memo(folder)
        self.looks: list[Looked] = []
        self._where, self._folder = where, folder
        self._surroundings: dict[str, str] | str | None = None
        self._lock = threading.Lock()
        self._wrote = False
        self._failed = ""

    def surroundings(self) -> dict[str, str]:
        """What is the same for all that a run makes; raises Unknowable."""
        with self._lock:
            if self._surroundings is None:
                try:
                    self._surroundings = surroundings(self.memo)
                except (OSError, Unknowable) as problem:
                    self._surroundings = str(problem)
        if isinstance(self._surroundings, str):
            raise Unknowable(self._surroundings)
        return self._surroundings

    def look_again(self) -> None:
        """Forget what was seen, since that may have changed; files that are as they were are not read again."""
        with self._lock:
            self._surroundings = None

    def find(self, kind: str, parts: Mapping[str, str], name: str) -> Found | None:
        """The entry of these parts; one that is damaged is removed, and said."""
        key = key_of(parts)
        try:
            return self.entries.find(kind, key)
        except Damaged as problem:
            self.damaged(kind, key, name, problem)
            return None

    def damaged(self, kind: str, key: str, name: str, problem: Exception) -> None:
        """Say that an entry is not what was kept, and remove it."""
        log.warning("cache: what was kept of %s is damaged and is made again: %s", name, problem)
        self.entries.forget(kind, key)

    def keep(self, kind: str, parts: Mapping[str, str], record: str, files: Mapping[str, Path]) -> None:
        """Keep a result; where that fails, nothing more is kept in this run."""
        if self._failed:
            return
        try:
            self.entries.keep(kind, key_of(parts), record, files)
            self._wrote = True
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._failed:
            self._failed = error.strerror or str(error)
            log.warning("cache %s: it can't be written (%s): nothing of this run is kept", self._folder, self._failed)

    def looked(self, look: Looked) -> None:
        """Note a look, for who wants it explained."""
        with self._lock:
            self.looks.append(look)

    def last(self, name: str) -> dict[str, str] | None:
        """What `keep_last` was told under this name, by the last run of the same repository."""
        try:
            read = json.loads(read_regular(self._last_file(name), LAST_LIMIT_BYTES))
        except (OSError, ValueError):
            return None
        return {str(key): str(value) for key, value in read.items()} if isinstance(read, dict) else None

    def keep_last(self, name: str, contents: Mapping[str, str]) -> None:
        if self._failed or len(contents) > MOST_NAMES:
            return
        try:
            file = self._last_file(name)
            file.parent.mkdir(mode=0o700, exist_ok=True)
            if owner := owner_of(self._folder):
                give(file.parent, owner)
            with new_file(file) as stream:
                stream.write(json.dumps(dict(contents)).encode())
        except OSError as error:
            self._fail(error)

    def _last_file(self, name: str) -> Path:
        digest = digest_of({"where": self._where, "name": name})
        return self._folder / LAST / f"{digest[:32]}.json"

    def close(self) -> None:
        """Write what is known of files, and make room."""
        if self._failed:
            return
        try:
            self.memo.save()
        except OSError as error:
            self._fail(error)
        if self._wrote and (removed := self.entries.trim()):
            log.debug("cache: %d entries had to go", removed)

    def explained(self) -> list[str]:
        """What went into each key of this run, and what changed since the last one."""
        return explain(sorted(self.looks, key=lambda look: look.name))
