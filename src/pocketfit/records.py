"""The values that travel down the line, in the order they appear: the map of the project.

Every one is frozen. `pocketfit.store` writes and reads those that are files (Snapshot, Trial, Report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pocketfit.flat import inlined

# --- what the user asked for: pocketfit.toml -----------------------------------------------------------


# What a Java program can hand to a model as a tensor; bool goes as uint8, see exporter/java_types.py.
INPUT_DTYPES = ("float32", "float64", "int64", "int32", "int8", "uint8", "bool")


@dataclass(frozen=True)
class Dimension:
    """A dimension of an input that may vary: its place in the shape, its name, its least and its largest length.

    Inputs that name the same one have the same length there.
    """

    axis: int
    name: str
    min: int
    max: int


@dataclass(frozen=True)
class InputSpec:
    """One tensor that a model takes: its shape, its dtype by torch's name, and the least and largest value that is made
    up for it; None for those that its dtype has by default. `shape` is the example's where `dimensions` may vary.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: int | float | None = None
    high: int | float | None = None
    dimensions: tuple[Dimension, ...] = ()


@dataclass(frozen=True)
class Growth:
    """The limit on how much more head may take than base: a ratio (0.01 is 1 %) or a number of bytes."""

    ratio: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class GrowthOver:
    """The limit on how much more head may take than the smallest of the last commits of a history."""

    growth: Growth
    last: int = 20


@dataclass(frozen=True)
class Limits:
    """Limits that make a row fail; `None` means no limit of that kind (parity has defaults, see judge/parity.py).

    `old_failures` says whether a row that fails as it did on base makes the verdict fail. `minimum_change` fails
    nothing: a change that is smaller, as a ratio, gets no line of its own in the comment.
    """

    size_bytes: int | None = None
    size_growth: Growth | None = None
    latency_growth: float | None = None
    max_abs_diff: float | None = None
    min_sqnr_db: float | None = None
    metric_drop: float | None = None
    peak_memory_growth: Growth | None = None
    planned_memory_growth: Growth | None = None
    instructions_growth: float | None = None
    memory_traffic_growth: float | None = None
    old_failures: Literal["ignore", "fail"] = "ignore"
    minimum_change: float | None = None
    size_growth_over: GrowthOver | None = None


@dataclass(frozen=True)
class Accepted:
    """Limits that a model has in place of its own of the same keys, up to and with the day `until` (YYYY-MM-DD)."""

    until: str
    limits: Limits


OLD_FAILURES = ("ignore", "fail")
PruneMethod = Literal["structured", "unstructured"]
PRUNE_METHODS: tuple[PruneMethod, ...] = get_args(PruneMethod)


@dataclass(frozen=True)
class Prune:
    """The share of the weights of convolutions and linear layers that is set to zero, by smallest magnitude.

    `structured` zeroes whole output channels, `unstructured` single weights.
    """

    amount: float
    method: PruneMethod = "unstructured"


Way = Literal["trace", "script"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True)
class ModelSpec:
    """One `[models.NAME]` table. `inputs` is a tuple of tensors, `module:callable`, or None where the source returns
    (module, inputs).

    `how` names what makes TorchScript of it: torch.jit.trace or torch.jit.script. `env` is
    what its process finds in its environment beside what every such process does. With `network` that process
    has one, and with `trust` a saved file may hold objects of any kind, which run code when they are read. `folder` is
    where the configuration lies, relative to the repository's root: code is looked for there too. `by_options` is True
    where the command line gave it, so that there is no table to add a key to. `accepted` is a dated exception from
    `limits` (config/accepted.py).
    """

    name: str
    source: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[InputSpec, ...] | str | None = None
    formats: tuple[str, ...] = ("lite",)
    precisions: tuple[str, ...] = ("fp32",)
    calibration: str | None = None
    preserve_methods: tuple[str, ...] = ()
    metric: str | None = None
    check_inputs: tuple[InputSpec, ...] | str | None = None
    limits: Limits = Limits()
    how: Way = "trace"
    prune: Prune | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    trust: bool = False
    by_options: bool = False
    folder: str = ""
    accepted: Accepted | None = None


# The core that an emulator of single programs shows to a phone's libraries, which choose their kernels by it.
DEFAULT_CPU = "cortex-a76"
# What people have in their hands.
PHONE_ABI = "arm64-v8a"


@dataclass(frozen=True)
class DeviceSpec:
    """The `[device]` table. `abi` and `also` are of the JVM's libraries: the first is that of the device, None for the
    machine's own, and each artifact is tried on the others besides. `cpu` is the core that an emulator shows where an
    ABI is not the machine's; `work_budget_s` bounds the counting of one variant's work.
    """

    kind: str = "auto"
    threads: int = 1
    api_level: int = 33
    latency_budget_s: float = 30.0
    # Versions of ExecuTorch's Android runtime that a .pte is for (runtimes/versions.py).
    runtimes: tuple[str, ...] = ("1.3",)
    abi: str | None = None
    also: tuple[str, ...] = ()
    cpu: str = DEFAULT_CPU
    work_budget_s: float = 120.0


@dataclass(frozen=True)
class Config:
    models: tuple[ModelSpec, ...]
    device: DeviceSpec = DeviceSpec()


# --- what an app runs them with ----------------------------------------------------------------------------

RuntimeName = Literal["lite", "full", "executorch"]


@dataclass(frozen=True)
class Library:
    """An Android archive as registries name it; `title` is what it holds, where the name doesn't say that."""

    artifact: str
    version: str
    title: str = ""

    def __str__(self) -> str:
        name = f"{self.artifact} {self.version}"
        return f"{self.title} ({name})" if self.title else name


@dataclass(frozen=True)
class RuntimeSize:
    """The native libraries of `library` ("ARTIFACT VERSION") for one ABI: bytes as files, and after DEFLATE.

    An app has them once, however many models it brings.
    """

    library: str
    abi: str
    size_bytes: int
    download_bytes: int


# --- one side: what its models became ----------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """A model in one format and one precision."""

    model: str
    format: str
    precision: str

    def __str__(self) -> str:
        return f"{self.model}/{self.format}/{self.precision}"

    @property
    def stem(self) -> str:
        """File name without suffix; base and head share it, since a zip's root folder is named after it."""
        return f"{self.model}.{self.format}.{self.precision}"


@dataclass(frozen=True)
class TensorFile:
    """A golden tensor on disk: raw little-endian values in C order.

    `path` says where the tensor stands in a nested output: `` for a lone tensor, `[1]['aux']` inside
    containers. `file` is relative to the folder of the snapshot's artifacts. `name` is the model's own for it.
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    file: str
    name: str = ""


# How Parity writes "no difference at all". JSON has no infinity, and no pair of different float64 arrays reaches this.
EXACT_SQNR_DB = 300.0


@dataclass(frozen=True)
class OutputParity:
    """How far one output is from eager's, the worst over all input sets; None means the same as in Parity.

    `degenerate` says why agreement of this output would mean nothing, as a predicate ("is all zeros"): then only
    `max_abs_diff` is given. `largest` is the largest magnitude of eager's finite values.
    """

    path: str
    max_abs_diff: float | None = None
    sqnr_db: float | None = None
    cosine: float | None = None
    argmax_agreement: float | None = None
    degenerate: str | None = None
    largest: float | None = None


@dataclass(frozen=True)
class Parity:
    """How far outputs are from eager's, over all outputs; None means not measured, or that it would mean nothing.

    `max_abs_diff` is absolute; `sqnr_db` is 10 log10 of signal power over error power, the lowest of the
    outputs, EXACT_SQNR_DB where they are exactly equal; `argmax_agreement` is a share from 0 to 1; `cosine` is the
    lowest cosine similarity. `input_sets` is how many sets of inputs that was seen with.
    """

    max_abs_diff: float | None = None
    sqnr_db: float | None = None
    argmax_agreement: float | None = None
    cosine: float | None = None
    outputs: tuple[OutputParity, ...] = ()
    input_sets: int | None = None


@dataclass(frozen=True)
class Evaluated:
    """The configuration's own metric, of the model in eager mode and of the file as the host runs it.

    It is None where it gave no value; a reason says why.
    """

    eager: float | None = None
    value: float | None = None


@dataclass(frozen=True)
class Anatomy:
    """The parts that take an artifact's bytes and time; empty or None where a format does not say.

    `modules` are bytes of parameters and buffers of the model in eager mode, since a frozen file knows no modules, and
    `macs` its multiply-accumulates in one run; `dtypes` are bytes of the tensors in the file; `parts` the archive's,
    which add up to its size. `dropped_debug_bytes` were left out. `format_version` is that of a .ptl's bytecode or a
    .pt's archive.
    """

    modules: Mapping[str, int] = field(default_factory=dict)
    dtypes: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    dropped_debug_bytes: int | None = None
    format_version: int | None = None
    macs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Delegation:
    """The number of a program's operators that XNNPACK takes.

    `left_out` counts the others by name: portable kernels run them.
    """

    delegated: int
    total: int
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OperatorTime:
    """The time in milliseconds that all `calls` of one kind of operator take in a forward, as its runtime names it."""

    operator: str
    calls: int
    ms: float


@dataclass(frozen=True)
class OperatorTimes:
    """What a forward of a .pte takes by operator, on one thread of the machine that built it; the longest come first.

    The runtime is that of `executorch` there, not Android's. Medians over `forwards` on the golden inputs after a first
    one; `total_ms` is the whole, of which operators leave something over. `reason` says why there is none of it.
    """

    operators: tuple[OperatorTime, ...] = ()
    total_ms: float | None = None
    forwards: int | None = None
    executorch: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class LayerLoss:
    """The SQNR in dB, against eager, of what goes into a layer and of what comes out; `layer` is its module path."""

    layer: str
    before_db: float
    after_db: float

    @property
    def lost_db(self) -> float:
        return self.before_db - self.after_db


@dataclass(frozen=True)
class Export:
    """The account that the process which made an artifact gives of it. `inputs` and `outputs` are its golden tensors.

    `recipe` lists the steps that made it, and `reasons` what a reader should know of them. For a model that has state,
    `later` are its outputs to the same inputs when it is called a second time, a third, and so on. `root_operators` are
    those that the file asks of its runtime, by name and overload; None where nobody looked. `layer_losses` say of a
    file that is far from eager where that comes from, the worst first; of others nobody asks. `places` are where in a
    .pte its modules went to: `3` is an instruction, `3/12` a node of what XNNPACK was given there, and the value is the
    path of the module that it comes from (runtimes/places.py).
    """

    parameters: int
    ops: Mapping[str, int]
    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]
    recipe: tuple[str, ...]
    parity: Parity
    reasons: tuple[str, ...] = ()
    metric: Evaluated | None = None
    anatomy: Anatomy | None = None
    later: tuple[tuple[TensorFile, ...], ...] = ()
    root_operators: tuple[str, ...] | None = None
    layer_losses: tuple[LayerLoss, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def golden(self) -> tuple[TensorFile, ...]:
        """Give every golden tensor that is a file."""
        return (*self.inputs, *self.outputs, *(tensor for call in self.later for tensor in call))


@dataclass(frozen=True)
class RunsOn:
    """What a version of Android's ExecuTorch, which `library` names, makes of a .pte.

    It was seen (`known_by` is "run": loaded, run and compared with eager there), or follows from the file and from what
    the library is known to have ("prediction"). `differs` is a file that runs and disagrees with eager. `lacks` names
    what a refused one needs; `reason` is a sentence, also on what could not be known.
    """

    status: Literal["runs", "refused", "differs", "unknown"]
    known_by: Literal["run", "prediction"]
    library: str
    reason: str = ""
    lacks: tuple[str, ...] = ()
    max_abs_diff: float | None = None
    sqnr_db: float | None = None


@dataclass(frozen=True)
class Built:
    """A variant that exported, and agrees with eager on the host. `file` is relative to the artifacts' folder.

    `build_s` is how long that took, in seconds: `pocketfit plan` balances by it. `planned_bytes` is the memory that a
    .pte was planned into (runtimes/pte.py), None for formats that plan none. `runs_on` predicts what versions of its
    runtime make of a .pte, as far as the configuration asks for them. `operator_times` is None for other formats.
    """

    variant: Variant
    file: str
    size_bytes: int
    download_bytes: int
    sha256: str
    export: Export = field(metadata=inlined())
    state: Literal["built"] = "built"
    delegation: Delegation | None = None
    build_s: float | None = None
    planned_bytes: int | None = None
    runs_on: Mapping[str, RunsOn] = field(default_factory=dict)
    operator_times: OperatorTimes | None = None


@dataclass(frozen=True)
class Failed:
    """A variant that could not be built, or must not be shipped, and why: a result, not a crash.

    `layer_losses` are as in Export.
    """

    variant: Variant
    reason: str
    reasons: tuple[str, ...] = ()
    failed_limits: tuple[str, ...] = ()
    parity: Parity | None = None
    state: Literal["failed"] = "failed"
    build_s: float | None = None
    layer_losses: tuple[LayerLoss, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A variant that was not tried, and why."""

    variant: Variant
    reason: str
    state: Literal["skipped"] = "skipped"


Outcome = Built | Failed | Skipped

SideName = Literal["base", "head"]


@dataclass(frozen=True)
class Snapshot:
    """All variants of one side. `artifacts` is the folder that the files are in, relative to the JSON file.

    `commit` is a SHA; None outside git or when the working tree differs from it. `sandbox` names the layers that held
    the models' processes; None where that was not noted down.
    """

    side: SideName
    commit: str | None
    pocketfit: str
    torch: str
    artifacts: str
    outcomes: tuple[Outcome, ...]
    limits: Mapping[str, Limits] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sandbox: str | None = None


# --- both sides on a device ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Hardware:
    """The hardware and system under a device; None where it does not say. The first three are Android's only."""

    model: str | None = None
    android: str | None = None
    api_level: int | None = None
    page_size_bytes: int | None = None
    cores: int | None = None
    free_memory_bytes: int | None = None


@dataclass(frozen=True)
class DeviceInfo:
    """The device that a trial ran on. `runtimes` maps a format to "ARTIFACT VERSION" of the Android library.

    `notes` are what a report must say about it, and about how it was chosen. `emulated_cpu` is the core that QEMU shows
    to libraries of another ABI than the machine's, None where nothing is emulated so.
    """

    kind: str
    abi: str
    cpu: str
    threads: int
    runtimes: Mapping[str, str]
    notes: tuple[str, ...] = ()
    hardware: Hardware = field(default=Hardware(), metadata=inlined())
    emulated_cpu: str | None = None


@dataclass(frozen=True)
class SmokeInput:
    """An artifact for a device to try, and its golden inputs; the files of `inputs` are in `folder`.

    It is called `calls` times in a row on them, for a model that has state. It is loaded, run and released up to
    `reloads` times more, for the memory that is left.
    """

    format: str
    artifact: Path
    inputs: tuple[TensorFile, ...]
    folder: Path
    calls: int = 1
    reloads: int = 0


@dataclass(frozen=True)
class Smoke:
    """One artifact on the device: it loaded, ran on the golden inputs and agrees with eager, or why not.

    `failed` is the model's fault, `infra-error` is ours or the machine's. `held_bytes` is the memory that was the
    process's own after each of some loads, runs and releases. `emulated_cpu` is as in DeviceInfo.
    """

    status: Literal["passed", "failed", "skipped", "infra-error"]
    reason: str = ""
    device: str | None = None
    abi: str | None = None
    runtime: str | None = None
    load_ms: float | None = None
    first_ms: float | None = None
    peak_rss_bytes: int | None = None
    parity: Parity = field(default=Parity(), metadata=inlined(without=("input_sets",)))
    held_bytes: tuple[int, ...] = ()
    emulated_cpu: str | None = None

    @property
    def place(self) -> str:
        """Name the device and its ABI; empty where neither is known."""
        return " ".join(filter(None, (self.device, self.abi)))

    @property
    def where(self) -> str:
        """Name the device in a sentence, with its ABI where that is an emulated one."""
        return self.place if self.emulated_cpu else self.device or "the device"


@dataclass(frozen=True)
class Load:
    """One process that loaded base, head, and head a second time, and timed the three in turn. In milliseconds.

    Samples are mean times of a call in a short block. A round gives two of each, on both sides of its middle, so that
    samples 2n and 2n + 1 of all three belong together. `*_load_ms` and `*_first_ms` are of this load's own first use.
    """

    base_ms: tuple[float, ...]
    head_ms: tuple[float, ...]
    again_ms: tuple[float, ...] = ()
    base_load_ms: float | None = None
    head_load_ms: float | None = None
    base_first_ms: float | None = None
    head_first_ms: float | None = None
    peak_rss_bytes: int | None = None


@dataclass(frozen=True)
class Timing:
    """Raw times of a pair: every statistic is derived from them (judge/latency.py).

    `comparisons` is how many pairs this trial times: each must be the surer, the more there are. `device` is where, and
    `seed` ordered the rounds and loads. `reason` says why there are no loads, or no more. Where head is timed `alone`,
    it is all three of each load.
    """

    loads: tuple[Load, ...] = ()
    reason: str = ""
    device: str | None = None
    threads: int | None = None
    seed: int = 0
    comparisons: int = 1
    alone: bool = False


@dataclass(frozen=True)
class Also:
    """Both sides of a variant on a further ABI; `base` is None as in TrialRow."""

    base: Smoke | None
    head: Smoke


@dataclass(frozen=True)
class Work:
    """The work of one forward on one thread: medians over `calls` calls after the first.

    It was counted by an emulator of `cpu`, or by the counter of the machine's own core, which knows no bytes
    (`perf_event`: instructions in user mode). The runtime chooses its kernels by `cpu`. `reason` says why there is none
    of it, and the numbers are None then. `spread` is the share by which the calls' instructions differ: largest less
    smallest, over the median.
    """

    instructions: int | None = None
    loaded_bytes: int | None = None
    stored_bytes: int | None = None
    abi: str | None = None
    cpu: str | None = None
    runtime: str | None = None
    calls: int | None = None
    spread: float | None = None
    reason: str = ""
    counted_by: Literal["emulator", "perf_event"] = "emulator"


@dataclass(frozen=True)
class TrialRow:
    """A variant on the device. `base` is None when there is none or it is byte-identical with head.

    `trial_s` is how long all of it took, in seconds. `runs_on` is what older versions of the runtime made of head's
    file, where the device has them and the configuration asks for them. `also` has an entry for each further ABI that
    was asked for; the work is None where nobody
    asked for it.
    """

    variant: Variant
    base: Smoke | None
    head: Smoke | None
    timing: Timing | None = None
    trial_s: float | None = None
    runs_on: Mapping[str, RunsOn] = field(default_factory=dict)
    also: tuple[Also, ...] = ()
    base_work: Work | None = None
    head_work: Work | None = None


@dataclass(frozen=True)
class Trial:
    device: DeviceInfo
    rows: tuple[TrialRow, ...]


# --- what is said about it: report.json, field by field -----------------------------------------------

# A reason about base begins so, in report.json too: a key of its own would be one that older files lack.
ABOUT_BASE = "base: "


# What follows a limit's name where nobody could look at it; no key of its own, for the same reason.
UNJUDGED = " could not be judged: "
# A note on an exception from a model's limits begins so; it stands where others are folded away, too.
ACCEPTED_UNTIL = "accepted until "
# Notes on the report as a whole, which nobody must overlook: they stand where others are folded away.
CUT_SHORT = "this report is cut short, since the run was stopped: what it had not tried yet is skipped"
# A note on head, whose commit is then not all that it is.
UNCOMMITTED = "head is the working tree, which has changes that are not committed"
UNVERIFIED = "These numbers come from the pull request's own code, run without secrets. Nothing has verified them."
ABOUT_THE_REPORT = (CUT_SHORT, UNVERIFIED)


def about_base(reason: str) -> str:
    """Mark a reason as one about base; `Row.base_reasons` finds it again."""
    return f"{ABOUT_BASE}{reason}"


@dataclass(frozen=True)
class AppSize:
    """What an app has more for a model and the runtime that it needs: bytes as files, and after DEFLATE."""

    size_bytes: int
    download_bytes: int


@dataclass(frozen=True)
class Memory:
    """The memory that an artifact takes; None for what was not measured, or what its format does not have.

    `peak_rss_bytes` is the most that the process on the device had, the runtime included, when it had loaded the file
    and run it once. `planned_bytes` is what a runtime allocates for a .pte's tensors, weights apart, as the file says.
    `retained_bytes` is what is left of ten loads, runs and releases (judge/memory.py).
    """

    peak_rss_bytes: int | None = None
    planned_bytes: int | None = None
    retained_bytes: int | None = None


@dataclass(frozen=True)
class SideFacts:
    size_bytes: int
    download_bytes: int
    sha256: str
    parameters: int
    ops: Mapping[str, int]
    anatomy: Anatomy | None = None
    delegation: Delegation | None = None
    # Of the file's size: this side's fp32 variant of the same model and format is 1. None for fp32 itself.
    fp32_ratio: float | None = None
    # By ABI; empty where nobody knows the runtime, or has measured it.
    on_phone: Mapping[str, AppSize] = field(default_factory=dict)
    memory: Memory = Memory()
    # None where it was not asked for.
    work: Work | None = None
    # None for formats other than .pte.
    operator_times: OperatorTimes | None = None


@dataclass(frozen=True)
class Metric:
    """The configuration's own metric: head's model in eager mode, and the file of each side."""

    eager: float | None = None
    base: float | None = None
    head: float | None = None


@dataclass(frozen=True)
class Latency:
    """`ratio` is head over base; `ci_low` and `ci_high` bound it with `confidence`. Times are in milliseconds.

    `base_ms` is a median, and `head_ms` is base_ms times the ratio; both are of one call. An `unclear` answer has an
    interval, and neither ratio nor head_ms. Head timed alone has no verdict: head_ms is a median then, bounded by
    `head_low_ms` and `head_high_ms`. Load times and first calls are medians.
    `noise_low` and `noise_high` bound the ratio of head to itself in the same runs. `rounds` is over all `loads`.
    """

    verdict: Literal["same", "slower", "faster", "unclear", "not-measured"]
    reason: str = ""
    ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    base_ms: float | None = None
    head_ms: float | None = None
    rounds: int | None = None
    loads: int | None = None
    confidence: float | None = None
    noise_low: float | None = None
    noise_high: float | None = None
    base_load_ms: float | None = None
    head_load_ms: float | None = None
    base_first_ms: float | None = None
    head_first_ms: float | None = None
    device: str | None = None
    threads: int | None = None
    seed: int | None = None
    head_low_ms: float | None = None
    head_high_ms: float | None = None


@dataclass(frozen=True)
class Trend:
    """A variant's numbers at earlier commits, which Report.history names in the same order.

    None is a commit that does not have it, or where it was not measured as head is: latencies on the same device,
    processor and runtime, instructions on the same core. Empty where no commit has one.
    """

    size_bytes: tuple[int | None, ...] = ()
    latency_ms: tuple[float | None, ...] = ()
    instructions: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class PastCommit:
    """A commit of the history that a report was given; `date` is its own, in UTC."""

    commit: str
    date: str


@dataclass(frozen=True)
class Row:
    """One variant of the report.

    `new` has a head and no base, `removed` the other way round; `failed` is head's failure, in the build,
    on the device, or of a limit (named in `failed_limits`); it is no part of the verdict where it `failed_before`, on
    base and in the same way. `layer_losses` are of head, as in Export. `runs_on` are the versions of ExecuTorch that
    head's .pte is for. `also` is head on each further ABI. `minor_below` is the configuration's minimum_change where
    every change that was measured is smaller, as a ratio (report/minor.py); None for all other rows.
    """

    model: str
    format: str
    precision: str
    status: Literal["compared", "identical", "new", "removed", "failed", "skipped"]
    reasons: tuple[str, ...] = ()
    failed_limits: tuple[str, ...] = ()
    base: SideFacts | None = None
    head: SideFacts | None = None
    parity: Parity | None = None
    metric: Metric | None = None
    latency: Latency = Latency("not-measured")
    smoke: Smoke = Smoke("skipped")
    failed_before: bool = False
    layer_losses: tuple[LayerLoss, ...] = ()
    runs_on: Mapping[str, RunsOn] = field(default_factory=dict)
    also: tuple[Smoke, ...] = ()
    minor_below: float | None = None
    trend: Trend = Trend()

    @property
    def right_elsewhere(self) -> Smoke | None:
        """Give the ABI on which head is right where it fails on the device, and that is no failure of head's."""
        if self.status == "failed" or self.smoke.status != "failed":
            return None
        return next((smoke for smoke in self.also if smoke.status == "passed"), None)

    @property
    def fails(self) -> bool:
        """Return whether head fails where base did not."""
        return self.status == "failed" and not self.failed_before

    @property
    def variant(self) -> Variant:
        return Variant(self.model, self.format, self.precision)

    @property
    def base_reasons(self) -> tuple[str, ...]:
        """Give the reasons that are about base; they never count against head."""
        return tuple(reason.removeprefix(ABOUT_BASE) for reason in self.reasons if reason.startswith(ABOUT_BASE))

    @property
    def unjudged_limits(self) -> tuple[str, ...]:
        """The limits that nobody could look at, by their keys in the configuration."""
        halves = (reason.partition(UNJUDGED) for reason in self.reasons)
        return tuple(name for name, found, _ in halves if found and name.isidentifier())


@dataclass(frozen=True)
class Environment:
    """Where a report comes from: `device` is its kind, and None, with what belongs to it, where there was none.

    `sandbox` names the layers that held models' processes.
    """

    torch: str | None
    device: str | None
    runtime: str | None
    cpu: str | None
    abi: str | None = None
    threads: int | None = None
    hardware: Hardware = field(default=Hardware(), metadata=inlined())
    sandbox: str | None = None


# What only model code could know: no process outside of its own can tell whether it is so. All else in a report was
# measured or decided apart from it, on the file that it handed over.
REPORTED_BY_MODEL = (
    "environment.torch",
    *(f"rows.{name}" for name in ("parity", "metric", "layer_losses")),
    *(f"rows.{side}.{name}" for side in ("base", "head") for name in ("parameters", "ops", "anatomy", "delegation")),
)


@dataclass(frozen=True)
class Report:
    """`reported_by_model` names the fields that hold the word of the models' own processes.

    `runtimes` are the Android libraries that the formats of its rows need, where they are known and were measured.
    `history` are the commits that its rows' trends are over, from the oldest to the newest.
    """

    verdict: Literal["pass", "fail", "error"]
    base: str | None
    head: str | None
    pocketfit: str
    environment: Environment
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    reported_by_model: tuple[str, ...] = REPORTED_BY_MODEL
    runtimes: tuple[RuntimeSize, ...] = ()
    history: tuple[PastCommit, ...] = ()
    schema: Literal[1] = 1


# --- what earlier commits were: a history, one file a commit --------------------------------------------


@dataclass(frozen=True)
class HistoryVariant:
    """One variant at one commit; None means not measured.

    `latency_ms` is head's median, and `counted_on` names the ABI, core and runtime that its `instructions` are of.
    """

    model: str
    format: str
    precision: str
    status: Literal["compared", "identical", "new", "failed"]
    size_bytes: int
    download_bytes: int
    sha256: str
    latency_ms: float | None = None
    instructions: int | None = None
    counted_on: str | None = None
    peak_rss_bytes: int | None = None
    planned_bytes: int | None = None

    @property
    def variant(self) -> Variant:
        return Variant(self.model, self.format, self.precision)


@dataclass(frozen=True)
class HistoryEntry:
    """What one commit was: the numbers of each variant that was built. `date` is the commit's own, in UTC.

    `measured_on` names the device, its processor and runtime: latencies of two commits compare where that is the same.
    """

    commit: str
    date: str
    verdict: Literal["pass", "fail", "error"]
    pocketfit: str
    torch: str | None
    measured_on: str | None
    variants: tuple[HistoryVariant, ...]
    schema: Literal[1] = 1


@dataclass(frozen=True)
class History:
    """Entries from the oldest to the newest. `problems` say, in a sentence each, what of it could not be read."""

    entries: tuple[HistoryEntry, ...] = ()
    problems: tuple[str, ...] = ()
