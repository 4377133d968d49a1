"""Predicts what an Android runtime will refuse of an artifact, before there is a device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.calls import layers_of
from pocketfit.exporter.builder import Rules
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.tensors import dtype_name
from pocketfit.records import Library
from pocketfit.runtimes.bytecode import UnreadableFile, open_archive, record
from pocketfit.runtimes.compatibility import Call, Problem
from pocketfit.runtimes.kernels import check_program, kernels_of
from pocketfit.runtimes.operators import OperatorList, operators_of
from pocketfit.runtimes.pte import read_program

if TYPE_CHECKING:
    from pocketfit.exporter.builder import Layers

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
    """The runtime that an artifact is for, and how it decides."""

    format: str
    runtime: OperatorList
    rules: Rules

    def refuses(self, call: Call) -> str | None:
        """Say why a call can't be in an artifact for it, or None."""
        return self.rules.refusal(call, self.runtime)


def find_target(format_name: str, library: Library | None) -> tuple[Target | None, tuple[str, ...]]:
    """The runtime's operators, or None and a note where they are not known."""
    rules = BUILDERS[format_name].rules
    if library is None or rules is None:
        return None, ()
    if runtime := operators_of(library):
        return Target(format_name, runtime, rules), ()
    return None, (f"no operator list for {library}: compatibility is only known from the device",)


def refused(target: Target | None, path: Path, module: Any, layers: Layers | None = None) -> tuple[str, ...]:
    """List what the runtime refuses of the file, in sentences; `module` is what the host's torch has of it, or None.

    `layers` are those that call an operator, where the module itself no longer knows.
    """
    if target is None:
        return ()
    if not layers:
        layers = layers_of(module) if module is not None else {}
    try:
        problems = (_file_version(path, target.runtime), *target.rules.check(path, module, target.runtime, layers))
    except UnreadableFile as error:
        return (str(error),)
    return tuple(problem.sentence if isinstance(problem, Problem) else problem for problem in problems if problem)


def refused_program(library: Library | None, path: Path, layers: Layers | None = None) -> tuple[str, ...] | None:
    """List what a runtime that is known by its kernels refuses of a program, in sentences; None where it is none.

    `layers` are those that call a kernel, by its name.
    """
    runtime = kernels_of(library)
    if runtime is None:
        return None
    try:
        problems = check_program(read_program(path), runtime, layers or {})
    except ValueError as error:
        return (str(error),)
    return tuple(problem.sentence if isinstance(problem, Problem) else problem for problem in problems)


def refused_outputs(target: Target | None, outputs: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """The outputs that run and then can't be handed to Java; `outputs` are paths and tensors."""
    dtypes = {path: dtype_name(tensor) for path, tensor in outputs}
    if target is None:
        return ()
    return tuple(
        f"output {path or '0'} is {dtype}, which Java has no tensors for: convert it in forward, to {other}"
        for path, dtype in dtypes.items()
        if (other := NOT_IN_JAVA.get(dtype))
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
