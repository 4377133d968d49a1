"""Names that people choose, of models and environment variables; and the words that a configuration may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.text import near_word

MODEL_NAME_LENGTH = 80
MODEL_NAME = rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MODEL_NAME_LENGTH - 1}}}"
VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*"

# Tokens and the action's inputs are among them: see docs/action.md.
JOBS_VARIABLES = ("GITHUB_", "ACTIONS_", "INPUT_", "RUNNER_")
OUR_VARIABLES = ("PATH", "HOME", "TMPDIR", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def is_model_name(name: str) -> bool:
    return re.fullmatch(MODEL_NAME, name) is not None


def variable_problem(name: str) -> str | None:
    """Say why a model's process can't be given an environment variable of this name, or None."""
    if not re.fullmatch(VARIABLE_NAME, name):
        return f"{name!r} can't name an environment variable: use letters, digits and _"
    if name.startswith(JOBS_VARIABLES) or name == "GITHUB_TOKEN":
        return f"a model's process must not have {name}, which is the job's: call yours by another name"
    if name in OUR_VARIABLES or name.startswith(("PYTHON", "LD_")):
        return f"a model can't change {name}: Pocketfit sets it, so that results are the same everywhere"
    return None


def known_format(name: str) -> str:
    """The name of a format; ValueError for one that there is not, also where it is a file's suffix."""
    suffixes = {facts.suffix.removeprefix("."): facts.name for facts in FORMATS.values()}
    if meant := suffixes.get(name.removeprefix(".").lower()):
        raise ValueError(f"unknown format {name!r}: did you mean {meant!r}?")
    return known_word(name, tuple(FORMATS), "format")


def known_precision(name: str) -> str:
    return known_word(name, PRECISIONS, "precision")


def known_word(word: str, known: Sequence[str], kind: str) -> str:
    """The word, where it is known; else ValueError with a sentence that calls it a `kind`."""
    if word not in known:
        near = near_word(word, known)
        hint = f"did you mean {near!r}?" if near else f"use one of {', '.join(known)}"
        raise ValueError(f"unknown {kind} {word!r}: {hint}")
    return word
