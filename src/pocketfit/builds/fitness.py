"""Asks whether this machine can export at all, in a child that runs no model code: only that one is believed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from pocketfit.builds.sandbox import child_environment
from pocketfit.errors import CommandError
from pocketfit.process import Finished, finish

TIMEOUT_S = 120.0
# Builds run in threads, and one answer is enough for all.
_asking = Lock()


@dataclass(frozen=True)
class Fitness:
    """`unfit` says for each format why it can't be built here, None where it can; `built_with` what builds it.

    `problem` is why the child could not say.
    """

    unfit: Mapping[str, str | None]
    built_with: Mapping[str, str]
    problem: str = ""


def unfit_for(format_name: str) -> str | None:
    """Say why no model can be exported in this format on this machine; None where it can, or nobody knows."""
    with _asking:
        return _examined().unfit.get(format_name)


def examine_exporter() -> Fitness:
    """Start the child that would build, and let it look at what it builds with: torch is loaded in no process of ours.

    Raises CommandError where Python itself can't be started.
    """
    env = child_environment(os.environ, None, Path(tempfile.gettempdir()))
    done = finish([sys.executable, "-P", "-m", "pocketfit.exporter", "--examine"], timeout=TIMEOUT_S, env=env)
    lines = [line for line in (done.stdout if done.code == 0 else done.stderr).splitlines() if line.strip()]
    return _read(done, lines)


def _read(done: Finished, lines: list[str]) -> Fitness:
    last_line = lines[-1].strip() if lines else "it printed nothing"
    if done.code:
        return Fitness({}, {}, last_line)
    answer = json.loads(last_line)
    return Fitness(answer["unfit"], answer["built_with"])


@cache
def _examined() -> Fitness:
    try:
        return examine_exporter()
    except CommandError as error:
        return Fitness({}, {}, str(error))
