"""What an Android ExecuTorch has: its kernels and backends, from the data that `make operators` read out of it.

And, from that, what it refuses of a program before it is tried. A kernel is looked for by its name alone, and a node
that XNNPACK was given by its kind; which dtypes they take, and what another backend was given, shows when it runs.
Pure.
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
from pocketfit.runtimes.versions import NEWEST, VERSIONS

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
NEWER_RUNTIME = "ship a newer runtime, or export it with executorch of this one's version"
ANOTHER_KERNEL = "leave the operator out of the model, or build the app's runtime with its kernel"


@dataclass(frozen=True)
class KernelList:
    """`identifier` is that of the programs that it reads, as `ET12`; `kernels` are named as `aten::mean.out`.

    `nodes` are those that its XNNPACK knows, in the order of their numbers, from 1; empty where nobody looked.
    """

    library: str
    identifier: str
    kernels: frozenset[str]
    backends: frozenset[str]
    nodes: tuple[str, ...] = ()


def kernels_of(library: Library | None) -> KernelList | None:
    """None for a library that nobody has read, or that runs no ExecuTorch programs."""
    return _load(library.artifact, library.version, str(library)) if library else None


@cache
def _load(artifact: str, version: str, named: str) -> KernelList | None:
    path = files("pocketfit.runtimes") / "data" / f"{artifact}-{version}.json"
    data = json.loads(path.read_text()) if path.is_file() else {}
    if "kernels" not in data:
        return None
    kernels, backends = frozenset(data["kernels"]), frozenset(data["backends"])
    return KernelList(named, data["identifier"], kernels, backends, tuple(data.get("xnnpack_nodes", ())))


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
    for node in _unknown_nodes(program, runtime):
        problems.append(f"XNNPACK of {runtime.library} does not know {node}: {NEWER_RUNTIME}")
    return tuple(problems)


def lacking(program: Program, runtime: KernelList) -> tuple[str, ...]:
    """Name what a program needs and the runtime does not have: kernels, backends, nodes of XNNPACK."""
    kernels = (name for name in program.kernels if name not in runtime.kernels)
    backends = (name for name in program.backends if name not in runtime.backends)
    nodes = (f"XNNPACK's {node}" for node in _unknown_nodes(program, runtime))
    return (*kernels, *backends, *nodes)


def _unknown_nodes(program: Program, runtime: KernelList) -> tuple[str, ...]:
    if not runtime.nodes:
        return ()
    newest = kernels_of(VERSIONS[NEWEST])
    names = newest.nodes if newest else ()
    beyond = (number for number in program.nodes if number > len(runtime.nodes))
    return tuple(names[number - 1] if number <= len(names) else f"node {number}" for number in beyond)


def backend_name(backend: str) -> str:
    """A backend as it registers itself, with whose it is where that is known."""
    return f"{backend} ({BACKENDS[backend]})" if backend in BACKENDS else backend
