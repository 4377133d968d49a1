"""Holds a child that runs model code to its time, memory, user and folder, and to little of our environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.builds.room import Room
from pocketfit.sandbox.order import DEFAULT_LIMITS, ResourceLimits

if TYPE_CHECKING:
    from pocketfit.builds.forking import Forks

# What a child may know of our environment. Everything else, tokens above all, stays here.
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TORCH_HOME", "HF_HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LD_LIBRARY_PATH",
)  # fmt: skip


# torch, and more, asks for the name of its user, whom no list knows.
NAME_OF_USER = {"USER": "model", "LOGNAME": "model"}


@dataclass(frozen=True)
class Sandbox:
    """The limits of a child, and what it may touch. `python` is ours unless given.

    Its memory limit holds for all of its processes together; it also sets it on itself (RLIMIT_DATA) before it runs
    any model code. Unless it is `walled`, it may touch all that we may. `readable` are files and folders beside its
    own, and `downloads` is the cache of a model that has a network. `room` is what children that run at once share, and
    `forks` has processes ready that need not be started.
    `results` is where this run's files and earlier ones' are: not for it to see where they lie in the tree, at its top.
    """

    timeout_s: float = 900.0
    limits: ResourceLimits = DEFAULT_LIMITS
    python: Path | None = None
    walled: bool = True
    readable: tuple[Path, ...] = ()
    downloads: Path | None = None
    room: Room | None = None
    forks: Forks | None = None
    results: Path | None = None

    @property
    def memory_limit_bytes(self) -> int | None:
        return self.limits.memory_bytes

    def held_to(self, *, alone: bool) -> ResourceLimits:
        """The limits that a child is held to, alone or beside others: then its memory is its share of the room."""
        if alone or self.room is None:
            return self.limits
        share_bytes = min(self.limits.memory_bytes or self.room.share_bytes, self.room.share_bytes)
        return replace(self.limits, memory_bytes=share_bytes)


def child_environment(
    environ: Mapping[str, str], home: Path | None, folder: Path, wanted: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a child: an allowlist, what its model wants, and what makes results the same everywhere."""
    passed = {name: environ[name] for name in PASSED_ON if name in environ}
    fixed = {
        "TMPDIR": str(folder),
        # Bytecode caches would be files in the user's tree.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), passed.get("PATH", os.defpath)]),
    }
    return passed | dict(wanted or {}) | fixed | ({"HOME": str(home)} if home else {})
