"""What an Android runtime will refuse of an artifact, before there is a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.exporter.calls import calls_of, layers_of
from pocketfit.exporter.tensors import dtype_name
from pocketfit.records import Library
from pocketfit.runtimes.bytecode import UnreadableFile, open_archive, read_bytecode, record
from pocketfit.runtimes.compatibility import Call, Problem, check_bytecode, check_calls, full_refusal, lite_refusal
from pocketfit.runtimes.operators import OperatorList, operators_of

Layers = Mapping[str, tuple[str, ...]]

NAMED_PROBLEMS = 3

# org.pytorch.Tensor has no such type; the runtime says so when it hands the output over. What can stand in for it.
NOT_IN_JAVA: Mapping[str, str] = {
    "bool": "uint8",
    "int16": "int32",
    "float16": "float32",
    "bfloat16": "float32",
    "complex64": "float32 by torch.view_as_real",
    "complex128": "float64 by torch.view_as_real",
}


@dataclass(frozen=True)
class Target:
    """The runtime that an artifact is for."""

    format: str
    runtime: OperatorList

    def refuses(self, call: Call) -> str | None:
        """Why a call can't be in an artifact for it, or None."""
        return _RULES[self.format].refusal(call, self.runtime)


def find_target(format_name: str, library: Library | None) -> tuple[Target | None, tuple[str, ...]]:
    """The runtime's operators, or why they aren't known."""
    if library is None or format_name not in _RULES:
        return None, ()
    if runtime := operators_of(library):
        return Target(format_name, runtime), ()
    return None, (f"no operator list for {library}: compatibility is only known from the device",)


def refused(target: Target | None, path: Path, module: Any, layers: Layers | None = None) -> tuple[str, ...]:
    """What the runtime refuses of the file, in sentences; `module` is what the host's torch has of it, or None.

    `layers` are those that call an operator, where the module itself no longer knows.
    """
    if target is None:
        return ()
    if not layers:
        layers = layers_of(module) if module is not None else {}
    try:
        check = _RULES[target.format].check
        found = (_file_version(path, target.runtime), *check(path, module, target.runtime, layers))
    except UnreadableFile as problem:
        return (str(problem),)
    return tuple(one.sentence if isinstance(one, Problem) else one for one in found if one)


def refused_outputs(target: Target | None, outputs: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """The outputs that run and then can't be handed to Java; `outputs` are places and tensors."""
    kinds = {place: dtype_name(tensor) for place, tensor in outputs}
    if target is None:
        return ()
    return tuple(
        f"output {place or '0'} is {kind}, which Java has no tensors for: convert it in forward, to {other}"
        for place, kind in kinds.items()
        if (other := NOT_IN_JAVA.get(kind))
    )


def one_sentence(refusals: tuple[str, ...]) -> str:
    more = len(refusals) - NAMED_PROBLEMS
    return "; ".join(refusals[:NAMED_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")


def _file_version(path: Path, runtime: OperatorList) -> str | None:
    with open_archive(path) as archive:
        text = record(archive, "version") or record(archive, ".data/version") or b""
    version, (low, high) = text.strip(), runtime.file_versions
    if not version.isdigit():
        return "it is no TorchScript archive: it has no version record"
    if not low <= int(version) <= high:
        return f"its file format has version {int(version)}, and {runtime.library} reads {low} to {high}"
    return None


def _check_lite(path: Path, module: Any, runtime: OperatorList, layers: Layers) -> tuple[Problem | str, ...]:
    code = read_bytecode(path)
    if code is None:
        return ("it has no bytecode.pkl: save it with _save_for_lite_interpreter, or load it with the full runtime",)
    return check_bytecode(code, runtime, layers)


def _check_full(path: Path, module: Any, runtime: OperatorList, layers: Layers) -> tuple[Problem | str, ...]:
    return check_calls(calls_of(module), runtime, layers) if module is not None else ()


@dataclass(frozen=True)
class _Rules:
    refusal: Callable[[Call, OperatorList], str | None]
    check: Callable[[Path, Any, OperatorList, Layers], tuple[Problem | str, ...]]


_RULES: Mapping[str, _Rules] = {
    "lite": _Rules(lite_refusal, _check_lite),
    "torchscript": _Rules(full_refusal, _check_full),
}
