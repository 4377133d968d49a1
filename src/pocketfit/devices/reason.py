"""Makes one sentence of what a runtime says when it fails: stack traces, lists of variants, pieces of code."""

from __future__ import annotations

import re

from pocketfit.devices import executorch
from pocketfit.devices.program import ProgramError
from pocketfit.text import clean

LONGEST = 300

_OPERATOR = re.compile(r"\b\w+::\w+(?:\.\w+)?")
_NO_MEMORY = re.compile(r"OutOfMemoryError|not enough memory|can't allocate memory|bad_alloc|insufficient memory")


def condense(error: ProgramError, runtime: str) -> str:
    """Say in one sentence why an artifact failed on `runtime`, which is "ARTIFACT VERSION"."""
    return shorten(_condensed(error, runtime))


def _condensed(error: ProgramError, runtime: str) -> str:
    message = error.message
    if _NO_MEMORY.search(f"{error.type} {message}"):
        return f"{runtime} ran out of memory in {error.stage}"
    if said := executorch.explain(message, error.stage, runtime):
        return said
    if missing := missing_operators(message):
        return f"{runtime} does not have {', '.join(missing)}"
    if "failed locating file bytecode.pkl" in message:
        return (
            f"{runtime} can't read the file: it has no bytecode.pkl, so it was not saved by _save_for_lite_interpreter"
        )
    if error.stage == "load":
        if "Arguments for call are not valid" in message and (variant := _OPERATOR.search(message)):
            return f"{runtime} has {variant[0]}, but not with the arguments that the model gives it"
        return f"{runtime} can't load the file: {gist(message) or error.type}"
    return f"{error.stage} failed on {runtime}: {gist(message) or error.type}"


def missing_operators(message: str) -> list[str]:
    """The operators that a runtime says it lacks: lite names them all, the full one the first it meets."""
    if all_of_them := re.search(r"Following ops cannot be found(.*)", message):
        return _OPERATOR.findall(all_of_them[1])
    if first := re.search(r"Unknown builtin op: (\w+::\w+)", message):
        return [first[1]]
    return []


def gist(message: str) -> str:
    """The message of a C++ or TorchScript error, without where it was raised."""
    text, _, _ = message.partition("Exception raised from ")
    if "Traceback of TorchScript" in text and (errors := re.findall(r"^(?:\w+)?Error: (.+)$", text, re.MULTILINE)):
        return str(errors[-1]).strip()
    lines = [line.strip() for line in text.splitlines()]
    return next((line.removesuffix("()").rstrip() for line in lines if line), "")


def shorten(sentence: str) -> str:
    """Clean a sentence and cut it to 300 characters: a runtime can put a model's whole code into its message."""
    return clean(sentence, LONGEST)
