"""Holds a child that runs model code to its time, memory, user and folder, and to little of our environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What a child may know of our environment. Everything else, tokens above all, stays here.
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TORCH_HOME", "HF_HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LD_LIBRARY_PATH",
)  # fmt: skip


@dataclass(frozen=True)
class Sandbox:
    """The limits of a child. `user` is the name to run as, which only root can; `python` is ours unless given.

    The child sets `memory_limit_bytes` on itself (RLIMIT_DATA) before it runs any model code; None is no limit.
    """

    timeout_s: float = 900.0
    memory_limit_bytes: int | None = None
    user: str | None = None
    python: Path | None = None


def physical_memory_bytes() -> int:
    """The memory of this machine: a child that wants more than all of it fails alone, with a reason of its own."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


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
