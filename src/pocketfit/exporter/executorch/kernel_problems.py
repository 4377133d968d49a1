"""Why ExecuTorch's runtime stopped: its exceptions have a number alone, and its log has the rest. Runs in the child."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stderr, suppress

from pocketfit.exporter.source import describe
from pocketfit.exporter.tensors import ModelProblem

KERNEL = re.compile(r"KernelCall failed at instruction \S+ in operator (\S+): ")
CHECK = re.compile(r"Check failed \((.+)\): *(.*)")


def stopped(error: Exception, execute: Callable[[], object]) -> ModelProblem:
    """The error with the operator and its complaint, by executing once more with sys.stderr kept."""
    return ModelProblem(reason(describe(error), _log_of(execute)))


def reason(error: str, log: str) -> str:
    """The innermost check comes first in the log."""
    kernel = KERNEL.search(log)
    if kernel is None:
        return error
    check = CHECK.search(log)
    why = (check[2].strip() or check[1]) if check else error
    return f"ExecuTorch's kernel {kernel[1]} refuses what it is given: {why.rstrip('.')}"


def _log_of(execute: Callable[[], object]) -> str:
    """ExecuTorch's Python binding hands what the runtime logs to sys.stderr."""
    log = io.StringIO()
    with redirect_stderr(log), suppress(Exception):
        execute()
    return log.getvalue()
