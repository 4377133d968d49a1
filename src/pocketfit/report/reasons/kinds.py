"""Tells of which kinds the reasons of a row are, by what failed and by the words that say it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pocketfit.judge.sequence import FORGETS
from pocketfit.records import Row

MOST = 3
LIMITS = {
    "size": "size-limit",
    "size_growth": "size-limit",
    "size_growth_over": "size-limit",
    "latency_growth": "latency-limit",
    "peak_memory_growth": "memory-limit",
    "planned_memory_growth": "memory-limit",
    "instructions_growth": "work-limit",
    "memory_traffic_growth": "work-limit",
    "metric_drop": "metric-drop",
}
PARITY, INT8 = "parity", "int8-too-low"
PARITY_LIMITS = ("min_sqnr_db", "max_abs_diff")
# The first that fits says it: what is more particular stands above.
WORDS = tuple(
    (re.compile(words), kind)
    for words, kind in (
        (r"static shape baked in|a value of inputs was baked in|can't vary: forward depends on its length", "baked-in"),
        (re.escape(FORGETS), "state-lost"),
        (r"out of memory|needs more memory than the limit", "out-of-memory"),
        (r"took longer than --timeout|no answer in \d+ s", "timed-out"),
        (r"the runtime (?:crashed|aborted|was killed)", "crash-on-device"),
        (r"the process was killed by|the process ended with exit code", "crash-in-build"),
        (r"can't follow Python's control flow", "control-flow"),
        (
            r"\bis not in (?:pytorch|executorch|ExecuTorch|torchvision)|are not in the Android runtimes|"
            r"\bdoes not have \S+::|has no kernel for|needs LAPACK|but not with the arguments|"
            r"has no complex numbers|has no Fourier transform|takes \d+ arguments in |has no default for ",
            "operator-missing",
        ),
        (r"in loading state_dict|the checkpoint's keys|the checkpoint is a dict", "weights-do-not-fit"),
        (r"can't be imported|No module named", "not-imported"),
        (
            r"forward does not take |outside of what forward takes|^no inputs: |^check_inputs: |"
            r"can't be called with these inputs",
            "inputs-do-not-fit",
        ),
        (r"can't (?:load|read) the file", "file-refused"),
        (r"answers differently when asked twice", "not-deterministic"),
        (r"it can't be quantized|quantizing fails", "not-quantized"),
        (r"no such file in the repository|: no such file|^\S+ has no '|^\S+ can't be loaded: ", "source-not-found"),
        (r"\bint8(?:-dynamic)? is too far from eager", INT8),
        (r"does not compute what eager does", PARITY),
        (
            r"torch\.export fails|lowering to ExecuTorch fails|torch\.jit\.(?:script|trace) fails|"
            r"Could not export Python function",
            "not-exported",
        ),
        (r"\braises ", "model-raises"),
    )
)


def kinds_of(row: Row) -> tuple[str, ...]:
    """Give the IDs (report/reasons/entries.py) of what is wrong with a row, at most MOST, what matters most first."""
    return tuple(dict.fromkeys(_kinds(row)))[:MOST]


def _kinds(row: Row) -> Iterator[str]:
    if row.status == "failed":
        said = [*_said(row)]
        yield from said
        for limit in row.failed_limits:
            if limit in LIMITS:
                yield LIMITS[limit]
            # What is baked in, or forgotten, is why it is wrong.
            elif limit in PARITY_LIMITS and not {"baked-in", "state-lost"} & set(said):
                yield _of_precision(row)
        if not said and not row.failed_limits:
            yield "build-failed" if row.head is None else "device-failed"
    if row.base_reasons and row.base is None:
        yield "base-not-built"
    if row.head is not None and row.smoke.status == "infra-error":
        yield "device-problem"


def _said(row: Row) -> Iterator[str]:
    """The kinds of what the build said, or else the devices."""
    if row.head is None:
        texts = list(row.reasons[:1])
    else:
        texts = [smoke.reason for smoke in (row.smoke, *row.also) if smoke.status == "failed"]
    for text in texts:
        kind = next((kind for words, kind in WORDS if words.search(text)), None)
        if kind is not None:
            yield _of_precision(row) if kind == PARITY else kind


def _of_precision(row: Row) -> str:
    return INT8 if row.precision.startswith("int8") else PARITY
