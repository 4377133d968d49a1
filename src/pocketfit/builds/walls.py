"""Runs each kind of job inside of walls: what its process must be able to read, where it writes, and its caches."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pocketfit.builds.sandbox import NAME_OF_USER, Sandbox, child_environment
from pocketfit.files.removal import remove_tree
from pocketfit.job import HostLoad, HostRun, Job, Task
from pocketfit.process import Finished
from pocketfit.sandbox.order import Walls
from pocketfit.sandbox.paths import of_interpreter, of_repository, of_system
from pocketfit.supervised import finish_supervised
from pocketfit.supervised.forks import ForkServer

# What a model with a network may speak: DNS, HTTP and HTTPS, and what its proxy wants. adb and Docker are other ports.
PORTS = (53, 80, 443)
DOWNLOADS_OF_ROOT = Path("/var/cache/pocketfit")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
PROXY_SETTINGS = (*PROXIES, "no_proxy", "NO_PROXY")


def run_in_sandbox(job: Task, job_file: Path, cwd: Path, folder: Path, sandbox: Sandbox, *, alone: bool) -> Finished:
    """Run a job in a child, within its limits and walls; all that it may write is `folder`, and its downloads.

    Unless it is `alone`, its memory is its share of the sandbox's room.
    """
    wanted = job.spec.env if isinstance(job, Job) else {}
    network = isinstance(job, Job) and job.spec.network
    downloads = sandbox.downloads if network else None
    env = child_environment(os.environ, folder if sandbox.walled else None, folder, wanted)
    kept = caches(os.environ, folder, downloads)
    if sandbox.walled:
        ours = NAME_OF_USER | kept | (proxies(os.environ) if network else {})
        env |= {name: value for name, value in ours.items() if name not in wanted}
    with held(downloads):
        finished = finish_supervised(
            # -P: the user's tree must not stand before our own package while that is imported.
            [sandbox.python or sys.executable, "-P", "-m", "pocketfit.exporter", job_file, folder],
            timeout=sandbox.timeout_s,
            limits=sandbox.held_to(alone=alone),
            walls=walls_of(job, (job_file, folder), sandbox, kept),
            cwd=cwd,
            env=env,
            last_words=True,
            server=_server_for(job, sandbox),
        )
        if downloads and finished.hit in ("files", "folder"):
            # Else the model's next process would begin beyond its limit.
            with contextlib.suppress(OSError):
                remove_tree(downloads)
        return finished


def _server_for(job: Task, sandbox: Sandbox) -> ForkServer | None:
    """What can fork this job's process. Without walls, or with packages of the repository's own, nothing can."""
    if sandbox.forks is None or not sandbox.walled or sandbox.python or not isinstance(job, Job):
        return None
    return sandbox.forks.server_for(job)


def walls_of(job: Task, own: tuple[Path, Path], sandbox: Sandbox, kept: Mapping[str, str]) -> Walls | None:
    """The walls around a job that reads its own file and writes into its own folder; None where the user wants none.

    `kept` is where its caches are, as ours and never as its configuration says: that is a stranger's.
    """
    if not sandbox.walled:
        return None
    network = isinstance(job, Job) and job.spec.network
    given = _given(job, sandbox.results)
    job_file, folder = own
    return Walls(
        readable=(
            *of_system(),
            *of_interpreter(sandbox.python),
            *given.readable,
            *kept.values(),
            str(job_file),
            *map(str, sandbox.readable),
        ),
        listable=given.listable,
        writable=(str(folder), *([str(sandbox.downloads)] if network and sandbox.downloads else [])),
        network=network,
        ports=(*PORTS, *_proxies(os.environ)) if network else (),
    )


def _given(job: Task, results: Path | None) -> Walls:
    """The tree or the files that a job is about, without the results of runs that may lie in the tree."""
    match job:
        case Job():
            return of_repository(Path(job.root), results)
        case HostRun():
            return Walls((job.artifact, *([job.folder] if job.folder else [])))
        case HostLoad():
            return Walls((job.base.artifact, job.base.folder, job.head.artifact, job.head.folder))


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that lead a process with a network through a proxy."""
    return {name: environ[name] for name in PROXY_SETTINGS if name in environ}


def _proxies(environment: Mapping[str, str]) -> Iterator[int]:
    for name in PROXIES:
        with contextlib.suppress(ValueError):
            if port := urlsplit(environment.get(name, "")).port:
                yield port


def caches(environ: Mapping[str, str], folder: Path, downloads: Path | None) -> dict[str, str]:
    """Where libraries keep what they download: `downloads`, else the job's own folder.

    Without downloads of its own a model reads what the user downloaded: torch's weights, and Hugging Face's, but never
    the token that lies beside those.
    """
    home = downloads or folder
    places = {"TORCH_HOME": home / "torch", "HF_HOME": home / "huggingface", "XDG_CACHE_HOME": home / "cache"}
    found = {name: str(place) for name, place in places.items()}
    if downloads is None:
        users = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        torch = Path(environ.get("TORCH_HOME") or users / "torch")
        hub = Path(environ.get("HF_HOME") or users / "huggingface") / "hub"
        if torch.is_dir():
            found["TORCH_HOME"] = str(torch)
        if hub.is_dir():
            found["HF_HUB_CACHE"] = str(hub)
    return found


def downloads_folder(environ: Mapping[str, str], repository: Path, side: str, model: str) -> Path:
    """The cache of one model of one side: nobody else's process writes into it.

    As root it is outside of root's home, which the users of models' processes can't walk into.
    """
    if os.geteuid() == 0:
        top = DOWNLOADS_OF_ROOT
    else:
        top = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pocketfit"
    digest = hashlib.sha256(os.fsencode(repository.resolve())).hexdigest()[:16]
    return top / "downloads" / digest / side / re.sub(r"[^A-Za-z0-9_.-]", "_", model)


@contextlib.contextmanager
def held(downloads: Path | None) -> Iterator[None]:
    """While the block runs, the cache is this job's alone: jobs that share one take turns. Raises OSError."""
    if downloads is None:
        yield
        return
    downloads.mkdir(parents=True, exist_ok=True)
    lock = os.open(downloads.parent / f".{downloads.name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
