"""Which models' processes are forked from a server that has imported torch already, and which are started anew."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from pocketfit.builds.sandbox import NAME_OF_USER, child_environment
from pocketfit.files.temporary import temporary_folder
from pocketfit.formats import FORMATS
from pocketfit.job import Job
from pocketfit.records import ModelSpec, Variant
from pocketfit.sandbox import bubblewrap_probe
from pocketfit.supervised.forks import ForkServer

FOLDER_PREFIX = "pocketfit-fork-"
# A server costs what the first of its forks saves.
FEWEST = 2
# A repository with more files is not looked through.
MOST_FILES = 20_000


class Forks:
    """The fork servers of a run, one for each kind of job that has several."""

    def __init__(self, servers: dict[str, ForkServer]) -> None:
        self._servers = servers
        self._modules_of = cache(_modules_of)

    def server_for(self, job: Job) -> ForkServer | None:
        """The server whose forks are what a fresh process would be for this job; None where there is no such one."""
        server = self._servers.get(_kind(job.variant))
        if server is None or not _is_ordinary(job.spec):
            return None
        early, modules = server.early(), self._modules_of(Path(job.root))
        return None if early is None or modules is None or early & modules else server


@contextmanager
def forks_for(jobs: Iterable[tuple[Variant, ModelSpec]]) -> Iterator[Forks]:
    """The servers for such jobs of one environment, while the block runs; none where programs can't be forked."""
    counts = Counter(_kind(variant) for variant, spec in jobs if _is_ordinary(spec))
    if not _can_fork():
        counts.clear()
    with ExitStack() as stack:
        servers = {}
        for kind, count in counts.items():
            if count >= FEWEST:
                folder = stack.enter_context(temporary_folder(FOLDER_PREFIX))
                env = child_environment(os.environ, folder, folder) | NAME_OF_USER
                words = [sys.executable, "-P", "-m", "pocketfit.exporter", "--serve"]
                servers[kind] = ForkServer(words, kind, env, folder)
                stack.callback(servers[kind].close)
        yield Forks(servers)


def _kind(variant: Variant) -> str:
    return FORMATS[variant.format].host or "torch"


def _is_ordinary(spec: ModelSpec) -> bool:
    """Whether a model asks for nothing that libraries look at when they are imported."""
    return not spec.env and not spec.network


def _can_fork() -> bool:
    """Where bubblewrap holds programs, it has to start them."""
    return sys.platform == "linux" and not bubblewrap_probe.found()


def _modules_of(root: Path) -> frozenset[str] | None:
    """The names of all that could be imported from a tree, wherever it lies; None where that is too much."""
    found: set[str] = set()
    looked_at = 0
    for _, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        looked_at += len(folders) + len(files)
        if looked_at > MOST_FILES:
            return None
        found.update(folders, (name.partition(".")[0] for name in files))
    return frozenset(found)
