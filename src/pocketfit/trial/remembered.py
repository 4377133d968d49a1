"""Which files need not be tried again: unchanged ones that passed on the same device, runtime and inputs before.

Times are never taken from an earlier run: an unchanged file is not timed, and how long it took to load is left out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pocketfit.cache.entries import Damaged
from pocketfit.cache.kept import Cache, written
from pocketfit.cache.keys import Looked, key_of
from pocketfit.cache.surroundings import folder_digest
from pocketfit.cache.tree import Unknowable, digest_of
from pocketfit.devices.base import Repeatable, Running
from pocketfit.door import let_in
from pocketfit.records import Built, Limits, Smoke
from pocketfit.store import plain

log = logging.getLogger(__name__)

TRIALS = "trials"


class KeptTrials:
    """The trials of one run on `device`, as far as earlier runs made them."""

    def __init__(self, cache: Cache, device: Running) -> None:
        self.cache, self._device = cache, device
        self.used = 0
        self._conditions = self._look()
        self._made: list[tuple[dict[str, str], Smoke]] = []

    def _look(self) -> dict[str, str] | str:
        """All that determines a trial beside the file and its inputs, or why that can't be told."""
        if not isinstance(self._device, Repeatable):
            return f"on device {self._device.info.kind} nobody knows whether it would go the same way"
        conditions = self._device.conditions()
        try:
            folders = {
                str(number): folder_digest(path, self.cache.memo) for number, path in enumerate(conditions.folders)
            }
            return {**conditions.facts, "device's files": digest_of(folders), **self.cache.surroundings()}
        except (OSError, Unknowable) as problem:
            return str(problem)

    def _parts(self, built: Built, folder: Path, limits: Limits) -> dict[str, str] | str:
        if isinstance(self._conditions, str):
            return self._conditions
        golden = {}
        try:
            for tensor in built.export.golden:
                path = folder / tensor.file
                golden[tensor.file] = self.cache.memo.sha256(str(path), path.lstat())
        except OSError as problem:
            return str(problem)
        # Names in a model's source, which are not in its file, and times of a build are no matter to a device.
        judged = replace(
            built, build_s=None, operator_times=None, export=replace(built.export, anatomy=None, places={})
        )
        records = {"built": plain(judged), "limits": plain(limits)}
        return {
            "file": built.sha256,
            "golden tensors": digest_of(golden),
            "records": digest_of({"all": json.dumps(records, sort_keys=True)}),
            **self._conditions,
        }

    def find(self, built: Built, folder: Path, limits: Limits) -> Smoke | None:
        """What became of this very file before, where that was all right."""
        name = f"trial {built.variant}"
        parts = self._parts(built, folder, limits)
        if isinstance(parts, str):
            self.cache.looked(Looked(name, {}, f"not looked for, since {parts}"))
            return None
        smoke = self._read(parts, name)
        self.cache.looked(Looked(name, parts, "found" if smoke else "not found", self.cache.last(name)))
        self.cache.keep_last(name, parts)
        self.used += smoke is not None
        return smoke

    def _read(self, parts: Mapping[str, str], name: str) -> Smoke | None:
        found = self.cache.find(TRIALS, parts, name)
        if found is None:
            return None
        try:
            smoke: Smoke = let_in(Smoke, found.record)
            if smoke.status != "passed" or found.files:
                raise Damaged("it is no trial that passed")
        except (Damaged, ValueError) as problem:
            self.cache.damaged(TRIALS, key_of(parts), name, problem)
            return None
        return smoke

    def add(self, built: Built, folder: Path, limits: Limits, smoke: Smoke) -> None:
        """Note a trial that may be kept: one that passed."""
        parts = self._parts(built, folder, limits)
        if smoke.status == "passed" and not isinstance(parts, str):
            self._made.append((parts, replace(smoke, load_ms=None, first_ms=None)))

    def keep(self) -> None:
        """Keep what was noted, unless the device's files changed meanwhile."""
        if not self._made:
            return
        self.cache.look_again()
        if self._look() != self._conditions:
            return
        for parts, smoke in self._made:
            record = written(smoke)
            if let_in(Smoke, record) == smoke:
                self.cache.keep(TRIALS, parts, record, {})

    def notes(self) -> tuple[str, ...]:
        """Say how many files were not tried again, where there are any."""
        if not self.used:
            return ()
        files = "1 unchanged file was" if self.used == 1 else f"{self.used} unchanged files were"
        return (
            f"{files} not tried again: an earlier run did so on the same runtime and inputs, and all was well (cache)",
        )
