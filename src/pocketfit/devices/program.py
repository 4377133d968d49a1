"""Talks to the Java program (src/android) on any device: words in, one line of JSON out."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketfit import __version__
from pocketfit.door import NotFit, let_in
from pocketfit.files import Opened, new_file
from pocketfit.judge.golden import ITEM_BYTES, TENSOR_LIMIT_BYTES
from pocketfit.judge.memory import FEWEST, FLAT_BYTES, UNCOUNTED
from pocketfit.judge.work import Counts
from pocketfit.records import Load, SmokeInput, TensorFile


@dataclass(frozen=True)
class ProgramError:
    """`type` is the Java exception's; `message` is the runtime's own, whole."""

    stage: str
    message: str
    type: str = ""


@dataclass(frozen=True)
class RawOutput:
    """A tensor that the program wrote, its values in the order of its memory format."""

    path: str
    dtype: str
    shape: tuple[int, ...]
    memory_format: str
    file: str


@dataclass(frozen=True)
class Result:
    """The program's result for one artifact."""

    load_ms: float | None = None
    first_ms: float | None = None
    peak_rss_bytes: int | None = None
    outputs: tuple[RawOutput, ...] = ()
    samples_ms: tuple[float, ...] = ()
    error: ProgramError | None = None
    later: tuple[tuple[RawOutput, ...], ...] = ()
    held_bytes: tuple[int | None, ...] = ()
    counted_calls: int | None = None


@dataclass(frozen=True)
class Answer:
    """The program's last line. `error` is what kept it from trying any artifact; so is `counter_errno`, the number of
    the kernel's error where it opened no counter.
    """

    artifacts: tuple[Result, ...] = ()
    error: ProgramError | None = None
    counter_errno: int | None = None


@dataclass(frozen=True)
class Timed:
    """A pair to time in one process; the order in which base, head and head again are loaded follows from `seed`."""

    base: SmokeInput
    head: SmokeInput
    seed: int
    rounds: int
    budget_ms: int

    @property
    def order(self) -> tuple[int, ...]:
        """Of 0 (base), 1 (head), 2 (head again): what is loaded first finds other memory than what comes last."""
        order = [0, 1, 2]
        random.Random(self.seed).shuffle(order)
        return tuple(order)

    def artifacts(self) -> list[SmokeInput]:
        return [(self.base, self.head, self.head)[index] for index in self.order]

    def load(self, results: Sequence[Result]) -> Load:
        """Put results, which are in the order of `artifacts`, back into their places."""
        base, head, again = (results[self.order.index(index)] for index in range(3))
        return Load(
            base.samples_ms,
            head.samples_ms,
            again.samples_ms,
            base.load_ms,
            head.load_ms,
            base.first_ms,
            head.first_ms,
            max((result.peak_rss_bytes for result in results if result.peak_rss_bytes), default=None),
        )


@dataclass(frozen=True)
class Counted:
    """The calls after the first that are to be counted, and of these how many first ones to leave out.

    They are marked like the others: what is done for the first time when a call is marked takes instructions too.
    """

    calls: int
    left_out: int

    @property
    def marked(self) -> int:
        return self.left_out + self.calls


def words(
    artifacts: Sequence[SmokeInput],
    place_of: Callable[[Path], str],
    *,
    runtime: str,
    threads: int,
    libraries: str,
    shim: str | None = None,
    outputs: str | None = None,
    timing: Timed | None = None,
    counted: Counted | None = None,
    counts: str | None = None,
) -> list[str]:
    """The program's arguments. They are in order: inputs and outputs belong to the artifact before them.

    `place_of` says where a file of ours is for the program; `libraries`, `shim` and `outputs` are folders there.
    Where the machine's own core counts, `counts` is the file for what it counted, in the program's own folder.
    """
    options = [f"runtime={runtime}", f"threads={threads}", f"libraries={libraries}"]
    if shim is not None:
        options.append(f"shim={shim}")
    if timing is not None:
        options += [f"rounds={timing.rounds}", f"budget_ms={timing.budget_ms}", f"seed={timing.seed}"]
    elif counted is not None:
        options += [f"counted={counted.marked}", *([f"counts={counts}"] if counts else [])]
    elif reloads := max(artifact.reloads for artifact in artifacts):
        options += [f"reloads={reloads}", f"fewest_reloads={FEWEST}"]
        options += [f"uncounted_reloads={UNCOUNTED}", f"flat_bytes={FLAT_BYTES}"]
    for artifact in artifacts:
        options.append(f"artifact={place_of(artifact.artifact)}")
        for tensor in artifact.inputs:
            shape = ",".join(map(str, tensor.shape))
            options.append(f"input={tensor.dtype}:{shape}:{place_of(artifact.folder / tensor.file)}")
        if outputs is not None:
            options.append(f"outputs={outputs}")
            if artifact.calls > 1:
                options.append(f"calls={artifact.calls}")
    return [__version__, *options]


def here(path: Path) -> str:
    """Return a file's place for a program on this machine, in any working directory."""
    return str(path.absolute())


def files_of(artifacts: Sequence[SmokeInput]) -> list[Path]:
    """All that `words` asks a place for: what a device must have."""
    return [
        path
        for artifact in artifacts
        for path in (artifact.artifact, *(artifact.folder / tensor.file for tensor in artifact.inputs))
    ]


def parse_answer(stdout: str, *, artifacts: int) -> Answer | None:
    """Read the program's answer for that many artifacts; None if it printed no such thing.

    The answer is the last line that begins with a brace: devices and native code print around it.
    """
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            try:
                answer: Answer = let_in(Answer, line, messages=frozenset({"message"}))
            except NotFit:
                return None
            whole = answer.error or answer.counter_errno is not None or len(answer.artifacts) == artifacts
            return answer if whole else None
    return None


def parse_counts(written: str, counted: Counted) -> tuple[Counts, ...] | None:
    """Read what the plugin or bionic/counter.c wrote, a line for each marked call, but those to leave out.

    None if it is no such thing.
    """
    lines = written.splitlines()
    if len(lines) != counted.marked:
        return None
    try:
        return tuple(let_in(Counts, line) for line in lines)[counted.left_out :]
    except NotFit:
        return None


def to_c_order(output: RawOutput, given: Opened, folder: Path) -> TensorFile:
    """Take an output that the program left in its folder `given` into ours, in C order whatever its memory format.

    Raises ValueError where the file does not hold what is said of it, OSError where it can't be read.
    """
    import numpy as np

    if output.dtype not in ITEM_BYTES:
        raise ValueError(f"{output.dtype!r} is no type of an output")
    if Path(output.file).name != output.file:
        raise ValueError(f"the program named an output {output.file!r}, outside of its folder")
    dtype = np.dtype(output.dtype).newbyteorder("<")
    values = np.frombuffer(given.read(output.file, TENSOR_LIMIT_BYTES), dtype=dtype)
    if output.memory_format in {"channels_last", "channels_last_3d"}:
        batch, channels, *space = output.shape
        values = np.moveaxis(values.reshape(batch, *space, channels), -1, 1)
    else:
        values = values.reshape(output.shape)
    with new_file(folder / output.file) as stream:
        stream.write(values.tobytes())
    return TensorFile(output.path, output.dtype, output.shape, output.file)
