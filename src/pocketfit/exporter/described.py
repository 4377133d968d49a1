"""Exceptions of other people's code, and lists of names, as one line each."""

from __future__ import annotations

import errno
import resource
from collections.abc import Sequence

NAMED = 3
CLOSED = "a model's process has no network, no sockets and no workers of its own: docs/sandbox.md"


def describe(error: BaseException) -> str:
    """An exception of somebody else's code as one line: its type and the first line that says something."""
    if isinstance(error, OSError) and (limit := _limit_reached(error)):
        return limit
    if isinstance(error, PermissionError) and error.filename is None:
        # A file has its name in the message; this is what a pool or a socket of the model's runs into.
        return f"PermissionError: {error.strerror or error} ({CLOSED})"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # TorchScript's interpreter prints a traceback into its message and says what is wrong last.
    message = lines[-1] if lines[0].startswith("The following operation failed") else lines[0]
    return f"{type(error).__name__}: {message.removeprefix('RuntimeError: ')}"[:500]


def some(names: Sequence[str]) -> str:
    """The first of many names as a sentence has them: "a, b, c and 4 more"."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


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
