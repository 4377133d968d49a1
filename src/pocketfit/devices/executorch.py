"""Makes one sentence of what ExecuTorch says when it fails.

Its exception has a number and what was attempted ("[ExecuTorch Error 0x10] Operation not supported: Execution failed
for method: forward"). The Java program puts what the runtime logged below it, a line for each: those have the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pocketfit.records import SmokeInput
from pocketfit.runtimes.kernels import ANOTHER_KERNEL, FOR_XNNPACK, backend_name
from pocketfit.runtimes.pte import read_program

_IS_ONE = re.compile(r"^\[Execu[tT]orch Error 0x|Pytorch Vulkan Runtime|^Cannot load model path")

# As executorch/runtime/core/exec_aten/util/scalar_type_util.h has them, by the names that the field writes.
DTYPES: Mapping[str, str] = {
    "Byte": "uint8", "Char": "int8", "Short": "int16", "Int": "int32", "Long": "int64",
    "Half": "float16", "Float": "float32", "Double": "float64", "Bool": "bool", "BFloat16": "bfloat16",
}  # fmt: skip

EXPORT_AGAIN = "export it again, or copy it whole"
# Other formats by the four letters at byte 4 of a flatbuffer, or the first bytes of a file.
OTHERS: Mapping[str, str] = {"TFL3": "a TensorFlow Lite model", "ORTM": "an ONNX Runtime model"}


@dataclass(frozen=True)
class _Rule:
    """Part of what the runtime says, and what makes a sentence of it, the whole message and the runtime's name."""

    pattern: re.Pattern[str]
    sentence: Callable[[re.Match[str], str, str], str]


def explain(message: str, stage: str, runtime: str) -> str | None:
    """Explain a failure of ExecuTorch, which `runtime` names; None for a message that is not one of its own."""
    if not _IS_ONE.search(message):
        return None
    for rule in _RULES:
        if found := rule.pattern.search(message):
            return rule.sentence(found, message, runtime)
    first, *logged = message.splitlines()
    what = "can't load the file" if stage == "load" else f"fails in {stage}"
    return f"{runtime} {what}: {logged[0] if logged else first}"


def is_unreadable(message: str) -> bool:
    """Say whether the runtime could not even open the file, which is no fault of the file's."""
    return message.startswith("Cannot load model path")


def uncallable(given: SmokeInput) -> str | None:
    """Say why a program can't be called with as many tensors as it is given, or None.

    Asked before the call: without inputs, the runtime would make up some of ones and run.
    """
    if given.inputs:
        return None
    try:
        takes = read_program(given.artifact).inputs
    except (OSError, ValueError):
        # What can't be read can't be called either, and the runtime says why.
        return None
    if not takes:
        return None
    return f"it takes {takes} input{'' if takes == 1 else 's'}, and was given none: give it tensors to run on"


def _missing_kernels(_found: re.Match[str], message: str, runtime: str) -> str:
    names = dict.fromkeys(re.findall(r"kernel '([\w:.]+)' not found", message))
    names |= dict.fromkeys(re.findall(r"Missing operator: \[\d+\] ([\w:.]+)", message))
    return f"{runtime} does not have {', '.join(names)}: {ANOTHER_KERNEL}"


def _missing_backend(found: re.Match[str], _message: str, runtime: str) -> str:
    return f"{runtime} does not have {backend_name(found[1])}, which the program was lowered for: {FOR_XNNPACK}"


def _no_vulkan(_found: re.Match[str], _message: str, runtime: str) -> str:
    return f"the program was lowered for Vulkan, and {runtime} finds no driver of it here: {FOR_XNNPACK}"


def _cut(found: re.Match[str], _message: str, runtime: str) -> str:
    whole, there = int(found[1]), int(found[2])
    return f"{runtime} can't load the file: it was cut short, {there:,} of {whole:,} bytes: {EXPORT_AGAIN}"


def _too_short(found: re.Match[str], _message: str, runtime: str) -> str:
    size_bytes = int(found[1])
    state = f"it has {size_bytes:,} bytes" if size_bytes else "it is empty"
    return f"{runtime} can't load the file: {state}: {EXPORT_AGAIN}"


def _foreign(found: re.Match[str], _message: str, runtime: str) -> str:
    there, expected = found[1], found[2] or ""
    if re.fullmatch(r"ET\d\d", there):
        return (
            f"{runtime} can't load the file: it is an ExecuTorch program of version {there}, and this runtime reads "
            f"{expected}: export it with executorch of the runtime's version"
        )
    kind = f"it is {OTHERS[there]}, no ExecuTorch program" if there in OTHERS else "it is no ExecuTorch program"
    return f"{runtime} can't load the file: {kind}: export the model as format executorch"


def _shape(found: re.Match[str], message: str, runtime: str) -> str:
    return (
        f"{_input(message)} has shape {found[2]}, and the program takes {found[1]} alone on {runtime}: give it that, "
        "or export it with example inputs of the other shape"
    )


def _rank(found: re.Match[str], message: str, runtime: str) -> str:
    wanted, given = int(found[1]), int(found[2])
    dimensions = f"{given} dimension{'' if given == 1 else 's'}"
    return f"{_input(message)} has {dimensions}, and the program takes {wanted} on {runtime}: give it its own shape"


def _bound(found: re.Match[str], message: str, runtime: str) -> str:
    return (
        f"{_input(message)} has {int(found[2]):,} elements, and the program has room for {int(found[1]):,} on "
        f"{runtime}: export it with a larger upper bound"
    )


def _dtype(found: re.Match[str], _message: str, runtime: str) -> str:
    wanted, given = (DTYPES.get(name, name) for name in (found[2], found[3]))
    return f"input {found[1]} is {given}, and the program takes {wanted} on {runtime}: give it as {wanted}"


def _count(found: re.Match[str], _message: str, runtime: str) -> str:
    number = int(found["takes"])
    inputs = f"{number} input{'' if number == 1 else 's'}"
    return f"the program takes {inputs} on {runtime}, and was given more: give it as many as forward takes"


def _row(found: re.Match[str], message: str, runtime: str) -> str:
    index, rows = int(found["index"]), re.search(r">= weight\.size\(0\) (\d+)", message)
    operator = re.search(r"in operator ([\w:.]+\w)", message)
    where = operator[1] if operator else "an embedding"
    state = f"is beyond its {int(rows[1]):,} rows" if rows else "is below 0"
    return f"forward failed on {runtime}: index {index} of {where} {state}: give it indices from 0 up to its last row"


def _inside_xnnpack(_found: re.Match[str], _message: str, runtime: str) -> str:
    return (
        f"{runtime} can't read what XNNPACK was given: the exporter is newer than its XNNPACK: "
        "export with executorch of the runtime's version, or ship a newer runtime"
    )


def _input(message: str) -> str:
    found = re.search(r"Error (?:resizing tensor at|setting) input (\d+)", message)
    return f"input {found[1]}" if found else "an input"


_RULES = tuple(
    _Rule(re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"kernel '([\w:.]+)' not found|Missing operator: \[\d+\] ([\w:.]+)", _missing_kernels),
        (r"Backend (\w+) is not registered", _missing_backend),
        (r"Pytorch Vulkan Runtime", _no_vulkan),
        (r"from extended header is (\d+), actual file size from data loader is (\d+)", _cut),
        (r"offset \d+ \+ size \d+ > file_size_ (\d+)", _too_short),
        # A foreign file's four bytes can hold a zero, which ends the runtime's line.
        (r"(?s)Program identifier '(.{0,4}?)'? ?(?:!= expected '(ET\d\d)?|$)", _foreign),
        (r"Expected shape (\([\d, ]*\)), but received (\([\d, ]*\))", _shape),
        (r"tensor rank which is immutable: old=(\d+), new=(\d+)", _rank),
        (r"maximum capacity of (\d+) elements to (\d+) elements", _bound),
        (r"Input (\d+) has unexpected scalar type: expected (\w+) but was (\w+)", _dtype),
        (r"less than the number of inputs in method \((?P<takes>\d+)\)", _count),
        (r"input size: \d+ does not match method input size: (?P<takes>\d+)", _count),
        (r"indices_ptr\[\d+\] (?P<index>-?\d+) (?:>=|<)", _row),
        (r"Unhandled node type|XNNCompiler::compileModel failed", _inside_xnnpack),
    )
)
