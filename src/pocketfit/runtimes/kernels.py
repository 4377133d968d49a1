"""What an Android ExecuTorch has: its kernels and backends, from the data that `make operators` read out of it.

And, from that, what it refuses of a program before it is tried. A kernel is looked for by its name alone; which dtypes
it takes, and what is inside of a delegate, shows when it runs. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pocketfit.records import Library
from pocketfit.runtimes.compatibility import Problem
from pocketfit.runtimes.pte import Program

# Whose a backend is that a phone may have, and a build of the runtime may not.
BACKENDS: Mapping[str, str] = {
    "VulkanBackend": "Vulkan",
    "QnnBackend": "Qualcomm's QNN",
    "NeuropilotBackend": "MediaTek's NeuroPilot",
    "EnnBackend": "Samsung's ENN",
    "CoreMLBackend": "Apple's Core ML",
    "MPSBackend": "Apple's MPS",
    "EthosUBackend": "Arm's Ethos-U",
    "OpenvinoBackend": "Intel's OpenVINO",
}
FOR_XNNPACK = "lower it for XNNPACK, which runs on every phone's CPU"
ANOTHER_KERNEL = "leave the operator out of the model, or build the app's runtime with its kernel"


@dataclass(frozen=True)
class KernelList:
    """`identifier` is that of the programs that it reads, as `ET12`; `kernels` are named as `aten::mean.out`."""

    library: str
    identifier: str
    kernels: frozenset[str]
    backends: frozenset[str]


def kernels_of(library: Library | None) -> KernelList | None:
    """None for a library that nobody has read, or that runs no ExecuTorch programs."""
    return _load(library.artifact, library.version, str(library)) if library else None


@cache
def _load(artifact: str, version: str, named: str) -> KernelList | None:
    path = files("pocketfit.runtimes") / "data" / f"{artifact}-{version}.json"
    data = json.loads(path.read_text()) if path.is_file() else {}
    if "kernels" not in data:
        return None
    return KernelList(named, data["identifier"], frozenset(data["kernels"]), frozenset(data["backends"]))


def check_program(
    program: Program, runtime: KernelList, layers: Mapping[str, tuple[str, ...]]
) -> tuple[Problem | str, ...]:
    """List what the runtime refuses; a string is said of the program as a whole. `layers` is by a kernel's name."""
    if program.identifier != runtime.identifier:
        return (
            f"it is an ExecuTorch program of version {program.identifier}, and {runtime.library} reads "
            f"{runtime.identifier}: export it with executorch of the runtime's version",
        )
    problems: list[Problem | str] = [
        Problem(name, f"is not in {runtime.library}", layers.get(name, ()), ANOTHER_KERNEL)
        for name in program.kernels
        if name not in runtime.kernels
    ]
    for backend in program.backends:
        if backend not in runtime.backends:
            problems.append(f"{backend_name(backend)} is not in {runtime.library}: {FOR_XNNPACK}")
    return tuple(problems)


def backend_name(backend: str) -> str:
    """A backend as it registers itself, with whose it is where that is known."""
    return f"{backend} ({BACKENDS[backend]})" if backend in BACKENDS else backend
