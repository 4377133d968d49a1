"""Pushes to a device: our runtime, which stays there from run to run, and the files of this run, each once."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pocketfit.devices.android.adb import Adb
from pocketfit.files.temporary import temporary_folder
from pocketfit.records import RuntimeName
from pocketfit.runtimes.library import AndroidSide

log = logging.getLogger(__name__)

HOME = "/data/local/tmp/pocketfit"
# What a run that was killed left is removed by the next one a day later: a run of today may still need its own.
LEFTOVER_MIN = 24 * 60


class Pushed:
    """Our folder `home` on one device. Its methods raise CommandError where the device does not take part."""

    def __init__(self, adb: Adb, home: str = HOME) -> None:
        self.adb = adb
        self.home = home
        self.work = f"{home}/run-{secrets.token_hex(6)}"
        self.outputs = f"{self.work}/outputs"
        self._there: set[str] = set()

    def prepare(self) -> None:
        """Make this run's folder."""
        old = f"find {self.home} -maxdepth 1 -name 'run-*' -mmin +{LEFTOVER_MIN} -exec rm -rf {{}} + 2>/dev/null"
        self.adb.shell(f"{old}; mkdir -p {self.work}/files")

    def clear(self) -> None:
        """End what still runs on this run's files and remove them; the runtime stays for the next run."""
        self._there.clear()
        # Others may use the device too. The bracket keeps the pattern from matching this very command.
        self.adb.shell(f"pkill -9 -f '[a]rtifact={self.work}/'; rm -rf {self.work}")

    def runtime(self, android: AndroidSide, name: RuntimeName, abi: str) -> str:
        """Push the program and a runtime's libraries unless they are there; returns their folder, named by hash."""
        sources = _runtime_files(android, name, abi)
        target = f"{self.home}/{name}-{digest(sources)}"
        if target not in self._there and self.adb.shell_to_its_end(f"test -d {target}", 20).code != 0:
            log.info("%s: pushing %s", self.adb.serial, android.runtimes[name])
            # Under another name until it is whole: a push can be cut off anywhere.
            partial = f"{self.work}/runtime"
            self.adb.shell(f"rm -rf {partial}; mkdir -p {partial}")
            self.adb.push(sources, partial)
            # Newer Androids load no code that can still be written to.
            self.adb.shell(f"chmod 444 {partial}/*; mv {partial} {target}")
        self._there.add(target)
        return target

    def forget_runtime(self, android: AndroidSide, name: RuntimeName, abi: str) -> None:
        """Push it again next time: a power cut can leave empty files under the right name."""
        self.adb.shell(f"rm -rf {self.home}/{name}-{digest(_runtime_files(android, name, abi))}")
        self._there.clear()

    def files(self, paths: Sequence[Path]) -> dict[Path, str]:
        """Push files that are not there yet; returns where each is on the device, which is under its hash."""
        names = {path: f"{digest([path])}{path.suffix}" for path in paths}
        missing = {name: path for path, name in names.items() if name not in self._there}
        if missing:
            with _renamed(missing) as sources:
                self.adb.push(sources, f"{self.work}/files")
            self._there.update(missing)
        return {path: f"{self.work}/files/{name}" for path, name in names.items()}


def digest(paths: Sequence[Path]) -> str:
    """Hash the content of one file, or the names and contents of several."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.name}\0".encode() if len(paths) > 1 else b"")
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:24]


def _runtime_files(android: AndroidSide, name: RuntimeName, abi: str) -> list[Path]:
    return [android.program(name), *sorted(android.libraries(name, abi).glob("*.so"))]


@contextlib.contextmanager
def _renamed(names: Mapping[str, Path]) -> Iterator[list[Path]]:
    """The files under other names, as links: adb names what it pushes after its source."""
    with temporary_folder("pocketfit-push-") as folder:
        for name, path in names.items():
            (folder / name).symlink_to(path.absolute())
        yield [folder / name for name in names]
