"""Tracebacks of model code, whole, for the variant's log."""

from __future__ import annotations

import sys
import traceback

from pocketfit.exporter.tensors import ModelProblem
from pocketfit.job import TRACEBACK


def log_traceback(error: BaseException) -> bool:
    """Print the traceback of what code of others raised, which is the variant's log; True where there is one.

    A problem that we found ourselves has none: its sentence is all there is.
    """
    cause: BaseException | None = error
    while isinstance(cause, ModelProblem):
        cause = cause.__cause__
    if cause is None:
        return False
    print(TRACEBACK, file=sys.stderr)
    traceback.print_exception(cause, file=sys.stderr)
    return True
