"""What the child process is told and what it hands back, as data: two JSON files in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pocketfit.records import Anatomy, Evaluated, InputSpec, ModelSpec, Parity, TensorFile, Variant

JOB_FILE = "job.json"
RESULT_FILE = "result.json"
STAGE_FILE = "stage.txt"


@dataclass(frozen=True)
class Job:
    """Build `variant` of `spec`, whose source stands in the folder `root`; write all files into `folder`."""

    variant: Variant
    spec: ModelSpec
    root: str
    folder: str
    memory_limit_bytes: int | None = None


@dataclass(frozen=True)
class HostRun:
    """Run a given TorchScript file on the host, to have something to compare a device with."""

    format: str
    artifact: str
    inputs: tuple[InputSpec, ...]
    memory_limit_bytes: int | None = None


@dataclass(frozen=True)
class Exported:
    """The files are named relative to the job's folder."""

    file: str
    parameters: int
    ops: dict[str, int]
    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]
    recipe: tuple[str, ...]
    parity: Parity
    reasons: tuple[str, ...]
    torch: str
    metric: Evaluated | None = None
    anatomy: Anatomy | None = None
    state: Literal["exported"] = "exported"


@dataclass(frozen=True)
class HostOutputs:
    outputs: tuple[TensorFile, ...]
    torch: str
    state: Literal["host-outputs"] = "host-outputs"


@dataclass(frozen=True)
class NotExported:
    reason: str
    reasons: tuple[str, ...] = ()
    failed_limits: tuple[str, ...] = ()
    parity: Parity | None = None
    torch: str = ""
    state: Literal["not-exported"] = "not-exported"


@dataclass(frozen=True)
class UnfitEnvironment:
    """This machine can't export at all: the run stops."""

    reason: str
    state: Literal["unfit"] = "unfit"


Result = Exported | HostOutputs | NotExported | UnfitEnvironment


def to_json(value: Job | HostRun | Result) -> str:
    from pydantic import RootModel

    model: Any = RootModel[type(value)]  # type: ignore[misc]
    return str(model(value).model_dump_json())
