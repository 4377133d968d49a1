"""Processes that are forked from a server: what they are, beside fresh ones, and what becomes of the server."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pocketfit.builds import snapshot
from pocketfit.builds.forking import Forks
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side, take_snapshots
from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.out import Out
from pocketfit.records import Built, Config, InputSpec, ModelSpec, Snapshot

IMAGE = (InputSpec((1, 3, 16, 16)),)
PATIENT = Sandbox(timeout_s=500)

# What a model's code can see of its process, in the order of its import. It is printed into the model's log.
PROBE = """
import ctypes, gc, json, locale, multiprocessing, os, random, resource, signal, site, sys, tempfile, threading
import numpy, torch
from net import net as plain

def seen():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    kept = ("Umask", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
        "Seccomp_filters", "SigBlk", "SigIgn", "SigCgt", "Threads")
    open_files = {name: os.path.exists(f"/proc/self/fd/{name}") and os.readlink(f"/proc/self/fd/{name}").split(":")[0]
        for name in os.listdir("/proc/self/fd")}
    return {
        "argv": sys.argv, "orig_argv": sys.orig_argv, "cwd": os.getcwd(), "path": sys.path, "flags": list(sys.flags),
        "environ": dict(os.environ), "hash": hash("a"), "recursion": sys.getrecursionlimit(),
        "of_c": [ctypes.CDLL(None).getenv(name) is None for name in (b"GITHUB_TOKEN", b"TMPDIR", b"USER")],
        "status": {name: status[name].strip() for name in kept},
        "limits": [resource.getrlimit(what) for what in range(16)], "oom": open("/proc/self/oom_score_adj").read(),
        "session": os.getsid(0) == os.getpid() == os.getpgid(0), "one_user": len({*os.getresuid(), *os.getresgid()}),
        "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), "keeps": ctypes.CDLL(None).prctl(7, 0, 0, 0, 0),
        "open": sorted((name, what) for name, what in open_files.items() if what),
        "signals": [str(signal.getsignal(number)) for number in signal.valid_signals()],
        "wakes": signal.set_wakeup_fd(-1), "streams": [sys.stdin.fileno(), sys.stdout.isatty(), sys.stdout.encoding,
            sys.stdout.errors, sys.stdout.line_buffering, sys.stderr.line_buffering],
        "temporary": tempfile.gettempdir(), "started_in": multiprocessing.process.ORIGINAL_DIR,
        "home": [os.path.expanduser("~"), site.USER_BASE, site.USER_SITE, site.ENABLE_USER_SITE],
        "threads": [threading.active_count(), torch.get_num_threads(), threading.current_thread().name],
        "seed": [torch.initial_seed(), torch.get_rng_state().sum().item()], "main": sys.modules["__main__"].__file__,
        "depth": len([*iter(lambda f=[sys._getframe()]: f.__setitem__(0, f[0].f_back) or f[0], None)]),
        "locale": locale.setlocale(locale.LC_ALL),
        "forked": "torch._dynamo" in sys.modules, "collects": [gc.isenabled(), gc.get_threshold()],
    }

def drawn():
    return {"random": random.random(), "numpy": numpy.random.random(), "key": multiprocessing.current_process().authkey.hex()}

def net():
    print("SEEN", json.dumps(seen()))
    print("DRAWN", json.dumps(drawn()))
    return plain()
"""


@contextlib.contextmanager
def no_forks(_jobs: object) -> Iterator[Forks]:
    yield Forks({})


def snapped(root: Path, out: Path, *specs: ModelSpec, sandbox: Sandbox = PATIENT) -> Snapshot:
    (taken,) = take_snapshots([Side("head", root, None, Config(specs))], Out(out), sandbox, lambda *_: None)
    return taken


def said(out: Path, word: str) -> list[dict[str, Any]]:
    """What the models' processes printed after this word, in the order of their names."""
    logs = (log.read_text() for log in sorted((out / "logs").iterdir()))
    return [json.loads(line.partition(" ")[2]) for log in logs for line in log.splitlines() if line.startswith(word)]


def test_a_forked_process_is_what_a_fresh_one_is(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "canary")
    (root / "probe.py").write_text(PROBE)
    one = ModelSpec("one", "probe.py:net", inputs=IMAGE)
    specs = (one, replace(one, name="two"))
    forked = snapped(root, tmp_path / "forked", *specs)
    monkeypatch.setattr(snapshot, "forks_for", no_forks)
    fresh = snapped(root, tmp_path / "fresh", *specs)
    seen = said(tmp_path / "forked", "SEEN")
    assert [each.pop("forked") for each in seen] == [True, True]
    for of_fork, of_start in zip(seen, said(tmp_path / "fresh", "SEEN"), strict=True):
        assert of_start.pop("forked") is False
        assert {name: alike(value) for name, value in of_fork.items()} == {
            name: alike(value) for name, value in of_start.items()
        }
    # What nobody seeds is drawn anew in each, as it is in fresh ones.
    draws = [*said(tmp_path / "forked", "DRAWN"), *said(tmp_path / "fresh", "DRAWN")]
    for name in ("random", "numpy", "key"):
        assert len({each[name] for each in draws}) == 4, name
    assert [each.sha256 for each in built(forked)] == [each.sha256 for each in built(fresh)]


def alike(value: object) -> object:
    """A value without the names of its run's temporary folders."""
    return json.loads(re.sub(r"pocketfit-(run|job)-\w+", r"\1", json.dumps(value)))


def built(taken: Snapshot) -> list[Built]:
    for outcome in taken.outcomes:
        assert isinstance(outcome, Built), outcome
    return [outcome for outcome in taken.outcomes if isinstance(outcome, Built)]


# All take minutes; the others are made by the same steps, and compared with POCKETFIT_ALL=1. It takes two to be forked.
KINDS = {"torch": (("lite", "torchscript"), ("int8",)), "executorch": (("executorch",), ("fp32", "int8"))}


@pytest.mark.parametrize("kind", KINDS)
def test_forked_and_fresh_artifacts_are_the_same_bytes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.DEBUG, "pocketfit.supervised.forks")
    formats, precisions = KINDS[kind]
    compared = precisions[-1:]
    if os.environ.get("POCKETFIT_ALL"):
        precisions = compared = tuple(one for one in PRECISIONS if one not in FORMATS[formats[0]].lacks)
    spec = ModelSpec("net", "net.py:net", inputs=IMAGE, formats=formats, precisions=precisions)
    forked = built(snapped(root, tmp_path / "forked", spec))
    assert "no fork server" not in caplog.text
    monkeypatch.setattr(snapshot, "forks_for", no_forks)
    fresh = built(snapped(root, tmp_path / "fresh", replace(spec, precisions=compared)))
    assert len(forked) == len(formats) * len(precisions)
    assert [replace(each, build_s=None) for each in fresh] == [
        replace(each, build_s=None) for each in forked if each.variant.precision in compared
    ]
