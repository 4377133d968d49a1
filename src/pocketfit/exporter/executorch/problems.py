"""Errors of torch.export, the lowering and ExecuTorch's runtime, each as one sentence that says where.

The first two know the line of the model and the operator. The runtime's exceptions have a number alone, and its log has
the rest.
"""

from __future__ import annotations

import io
import re
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, suppress

from pocketfit.exporter.described import describe
from pocketfit.exporter.raised.places import installed, is_the_models, shown
from pocketfit.exporter.tensors import ModelProblem

ATEN = re.compile(r"\baten\.\w+")
FOURIER = re.compile(r"\baten\._fft_\w+")
FRAME = re.compile(r'File "([^"]+)", line (\d+), in \w+\n\s*([^\n]+)')
KERNEL = re.compile(r"KernelCall failed at instruction \S+ in operator (\S+): ")
XNNPACK = re.compile(r"XNN\w+\.cpp:\d+\] (?:Internal Error: |Error: )?(.+)")
CHECK = re.compile(r"Check failed \((.+)\): *(.*)")


def not_exported(error: Exception) -> ModelProblem:
    """Control flow that depends on a tensor's values has a sentence of its own, since it has a remedy."""
    lines = _lines_of(error)
    where = f" ({', which comes to '.join(lines)})" if lines else ""
    if type(error).__name__ == "GuardOnDataDependentSymNode":
        leave = "leave that part to the app, or " if len(lines) > 1 else ""
        return ModelProblem(
            f"torch.export can't follow Python's control flow over the values of a tensor{where}: "
            f'{leave}write it with torch.where or torch.cond, or use format lite with how = "script"'
        )
    if "fake tensor in the exported program constant's list" in str(error):
        return ModelProblem(
            f"torch.export can't follow how forward makes a tensor{where}, such as by a write through `.data` or "
            "NumPy: use torch's operations on the tensor itself"
        )
    return ModelProblem(f"torch.export fails{where}: {describe(error)}")


def not_lowered(error: Exception) -> ModelProblem:
    text = str(error)
    problem = describe(error).rstrip(".: ")
    aten = ATEN.search(text)
    operator = f" at {aten[0]}" if aten and aten[0] not in problem else ""
    # Each operator's trace ends with a blank line, and the first is whose operator is named.
    traces = ([frame for frame in FRAME.findall(block) if is_the_models(frame[0])] for block in text.split("\n\n"))
    frames = next(filter(None, traces), None)
    where = f" ({_shown(*frames[-1])})" if frames else ""
    if "complex" in text and "dtype" in text:
        return ModelProblem(
            f"ExecuTorch has no complex numbers, and the model makes some{operator}{where}: compute that part in real "
            "numbers or leave it to the app, or use format lite"
        )
    if fourier := FOURIER.search(text):
        return ModelProblem(
            f"ExecuTorch has no Fourier transform ({fourier[0]}), and the model takes one{where}: leave it to the app, "
            "or use format lite"
        )
    return ModelProblem(f"lowering to ExecuTorch fails{operator}{where}: {problem}")


def _lines_of(error: Exception) -> list[str]:
    """The innermost line of the model, and that of a library that it called, where there are such; torch is none."""
    frames = traceback.extract_tb(error.__traceback__)
    last = max((index for index, frame in enumerate(frames) if is_the_models(frame.filename)), default=len(frames))
    others = ("", "torch", "pocketfit")
    deeper = [frame for frame in frames[last:] if installed(frame.filename).partition("/")[0] not in others]
    named = (*frames[last : last + 1], *deeper[-1:])
    return [_shown(frame.filename, str(frame.lineno), frame.line or "") for frame in named]


def _shown(file: str, line: str, code: str) -> str:
    return f"{shown(file)}:{line}, `{code.strip()[:80]}`"


def stopped(error: Exception, execute: Callable[[], object]) -> ModelProblem:
    """The error with the operator and its complaint, by executing once more with sys.stderr kept."""
    return ModelProblem(reason(describe(error), _log_of(execute)))


def reason(error: str, log: str) -> str:
    """The innermost check comes first in the log."""
    kernel = KERNEL.search(log)
    if kernel is None:
        delegate = XNNPACK.search(log)
        return f"ExecuTorch's XNNPACK stops: {delegate[1].strip()}" if delegate else error
    check = CHECK.search(log)
    why = (check[2].strip() or check[1]) if check else error
    return f"ExecuTorch's kernel {kernel[1]} refuses what it is given: {why.rstrip('.')}"


def _log_of(execute: Callable[[], object]) -> str:
    """ExecuTorch's Python binding hands what the runtime logs to sys.stderr."""
    log = io.StringIO()
    with redirect_stderr(log), suppress(Exception):
        execute()
    return log.getvalue()
