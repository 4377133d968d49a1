"""The job that the child process is given and the result that it hands back: two JSON files, the second its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pocketfit.door import let_in
from pocketfit.records import (
    Delegation,
    Export,
    InputSpec,
    LayerLoss,
    Library,
    Load,
    ModelSpec,
    OperatorTimes,
    Parity,
    TensorFile,
    Variant,
)

JOB_FILE = "job.json"
RESULT_FILE = "result.json"
STAGE_FILE = "stage.txt"
# The line of a child's log after which a traceback stands.
TRACEBACK = "pocketfit: what the model's code raised"


@dataclass(frozen=True)
class Job:
    """Build `variant` of `spec`, whose source stands in the folder `root`; write all files into `folder`.

    `library` is the Android runtime that it is for, where that is known.
    """

    variant: Variant
    spec: ModelSpec
    root: str
    folder: str
    memory_limit_bytes: int | None = None
    library: Library | None = None


@dataclass(frozen=True)
class HostRun:
    """Run a given artifact on the host, to have something to compare a device with.

    On seeded inputs of these kinds, else on the golden ones that are `files` in `folder`; `calls` times in a row.
    """

    format: str
    artifact: str
    inputs: tuple[InputSpec, ...]
    memory_limit_bytes: int | None = None
    files: tuple[TensorFile, ...] = ()
    folder: str = ""
    library: Library | None = None
    calls: int = 1


@dataclass(frozen=True)
class Contender:
    """An artifact to time, and the golden inputs that are `inputs` in `folder`."""

    artifact: str
    inputs: tuple[TensorFile, ...]
    folder: str


@dataclass(frozen=True)
class HostLoad:
    """Load base, head and head again on the host and time them in turn, once for each of `seeds`, which order them."""

    format: str
    base: Contender
    head: Contender
    threads: int
    rounds: int
    budget_ms: float
    seeds: tuple[int, ...]
    memory_limit_bytes: int | None = None


@dataclass(frozen=True)
class Exported:
    """The files are named relative to the job's folder."""

    file: str
    export: Export
    torch: str
    state: Literal["exported"] = "exported"
    delegation: Delegation | None = None
    operator_times: OperatorTimes | None = None


@dataclass(frozen=True)
class HostOutputs:
    """`later` are the outputs of the second call and so on, where they are not those of the first."""

    outputs: tuple[TensorFile, ...]
    torch: str
    reasons: tuple[str, ...] = ()
    later: tuple[tuple[TensorFile, ...], ...] = ()
    state: Literal["host-outputs"] = "host-outputs"


@dataclass(frozen=True)
class HostTimes:
    loads: tuple[Load, ...]
    torch: str
    state: Literal["host-times"] = "host-times"


@dataclass(frozen=True)
class NotExported:
    """`uncallable`: a given file that must not be called with the inputs there are, by what its forward declares.

    `traced`: the traceback of what model code raised is in the child's log. `layer_losses` are as in Export.
    """

    reason: str
    reasons: tuple[str, ...] = ()
    failed_limits: tuple[str, ...] = ()
    parity: Parity | None = None
    torch: str = ""
    state: Literal["not-exported"] = "not-exported"
    uncallable: bool = False
    traced: bool = False
    layer_losses: tuple[LayerLoss, ...] = ()


@dataclass(frozen=True)
class UnfitEnvironment:
    """This machine can't export at all. A child that may have run model code is not believed: see builds/fitness.py."""

    reason: str
    state: Literal["unfit"] = "unfit"


Task = Job | HostRun | HostLoad
Result = Exported | HostOutputs | HostTimes | NotExported | UnfitEnvironment


def to_json(value: Task | Result) -> str:
    kind: Any = type(value)
    return str(writer_of(kind)(value).model_dump_json())


@cache
def writer_of(kind: Any) -> Any:
    """What writes a task or a result of this class; it takes a while to be made."""
    from pydantic import RootModel

    return RootModel[kind]


def read_result(data: bytes) -> Result:
    """Read what a child handed back; raises NotFit for what no child of ours would write."""
    result: Result = let_in(Result, data, tag="state")
    return result


def enter(folder: Path, stage: str, hint: str = "") -> None:
    """Left behind for the parent, should this be the last thing we do; the hint is for a stage that never ends."""
    (folder / STAGE_FILE).write_text(f"{stage}\n{hint}")
