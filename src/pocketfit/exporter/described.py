"""Exceptions of other people's code, and lists of names, as one line each."""

from __future__ import annotations

import errno
import re
import resource
from collections.abc import Sequence

NAMED = 3
CLOSED = "a model's process has no network, no sockets and no shared memory: docs/sandbox.md"

# A reader takes in no more, and the whole of it is in the variant's log.
LONGEST = 240
# torch.load names what it refused in the last of some lines of advice.
WEIGHTS_ONLY = "Weights only load failed"
REFUSED = re.compile(r"WeightsUnpickler error: (.+)")
STATE_DICT = re.compile(r"Error\(s\) in loading state_dict for \S+:")
KEYS = re.compile(r"(Missing|Unexpected) key\(s\) in state_dict: ")
SIZES = re.compile(
    r"(size mismatch for [^:]+): copying a param with shape torch\.Size\((.*?)\) from checkpoint, "
    r"the shape in current model is torch\.Size\((.*?)\)"
)
QUOTED = re.compile(r'"([^"]+)"')
# From here on C++ tells where it was compiled, or which kernels there are.
OF_CPP = ("Exception raised from ", "frame #0", "CPU: registered at", "C++ CapturedTraceback:")
# How many names of a long list are shown, the most first.
SHOWN = (12, 6, 3, 2, 1)


def describe(error: BaseException) -> str:
    """An exception of somebody else's tool as one line: its type and the first line that says something."""
    if said := _of_the_walls(error):
        return said
    lines = _lines(str(error))
    if not lines:
        return type(error).__name__
    # TorchScript's interpreter prints a traceback into its message and says what is wrong last.
    message = lines[-1] if _of_interpreter(lines) else lines[0]
    return f"{type(error).__name__}: {message.removeprefix('RuntimeError: ')}"[:500]


def gist(error: BaseException, longest: int = LONGEST) -> str:
    """An exception as one line: its type and all that it says, with a count of what is too long for `longest`."""
    if said := _of_the_walls(error):
        return said
    name = type(error).__name__
    message = _message(error, longest - len(name) - 2)
    return f"{name}: {message}" if message else name


def some(names: Sequence[str], shown: int = NAMED) -> str:
    """The first of many names as a sentence has them: "a, b, c and 4 more"."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"


def keys_of(error: BaseException) -> tuple[list[str], list[str]]:
    """The keys that an error of load_state_dict calls missing, and those that it calls unexpected."""
    found: dict[str, list[str]] = {"Missing": [], "Unexpected": []}
    for line in _lines(str(error)):
        if kind := KEYS.match(line):
            found[kind[1]] += QUOTED.findall(line)
    return found["Missing"], found["Unexpected"]


def _message(error: BaseException, longest: int) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    lines = _lines(str(error))
    if not lines:
        return ""
    if _of_interpreter(lines):
        return _cut(lines[-1].removeprefix("RuntimeError: "), longest)
    if STATE_DICT.match(lines[0]):
        return _of_state_dict(error, lines, longest)
    if lines[0].startswith(WEIGHTS_ONLY) and (refused := REFUSED.search(str(error))):
        return _cut(f"{WEIGHTS_ONLY}: {refused[1]}", longest)
    return _joined(lines, longest)


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith(OF_CPP):
            break
        lines += [line] if line else []
    return lines


def _joined(lines: Sequence[str], longest: int) -> str:
    """As many lines as fit, and how many are left."""
    text = lines[0]
    for index, line in enumerate(lines[1:], start=1):
        longer = f"{text}{' ' if text.endswith(tuple(':,;.(')) else '; '}{line}"
        if len(longer) > longest:
            left = len(lines) - index
            return f"{_cut(text, longest)} ({left} more {'line' if left == 1 else 'lines'})"
        text = longer
    return _cut(text, longest)


def _of_state_dict(error: BaseException, lines: Sequence[str], longest: int) -> str:
    """What load_state_dict lists: every kind of it, and of each as many as fit."""
    missing, unexpected = ([f'"{key}"' for key in keys] for keys in keys_of(error))
    others = [
        SIZES.sub(r"\1: \2 in the checkpoint, \3 in the model", line).rstrip(".")
        for line in lines[1:]
        if not KEYS.match(line)
    ]
    text = ""
    for shown in SHOWN:
        parts = [
            *([f"Missing key(s) in state_dict: {some(missing, shown)}"] if missing else []),
            *([f"Unexpected key(s) in state_dict: {some(unexpected, shown)}"] if unexpected else []),
            *([some(others, shown)] if others else []),
        ]
        text = f"{lines[0]} {'; '.join(parts)}"
        if len(text) <= longest:
            break
    return _cut(text, longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _of_interpreter(lines: Sequence[str]) -> bool:
    return lines[0].startswith("The following operation failed")


def _of_the_walls(error: BaseException) -> str:
    """What an error of the system's comes from, where that is a limit or a wall of ours; "" for another."""
    if isinstance(error, OSError) and (limit := _limit_reached(error)):
        return limit
    if isinstance(error, PermissionError) and error.filename is None:
        # A file has its name in the message; this is what a socket of the model's runs into.
        return f"PermissionError: {error.strerror or error} ({CLOSED})"
    return ""


def _limit_reached(error: OSError) -> str:
    """Name the limit of ours that an error of the system's comes from, with its value; "" for another."""
    limits = {
        errno.EFBIG: (
            resource.RLIMIT_FSIZE,
            "OSError: it wrote more than {:,} bytes into a file (--limit file=SIZE raises that)",
        ),
        errno.EMFILE: (
            resource.RLIMIT_NOFILE,
            "OSError: it opened more than {} files at once (--limit open-files=N raises that)",
        ),
    }
    if error.errno not in limits:
        return ""
    which, sentence = limits[error.errno]
    return sentence.format(resource.getrlimit(which)[0])
