"""Builds one variant, from a source to a file that agrees with eager: load, ask eager, make, refuse, run, describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter import taps
from pocketfit.exporter.anatomy.bytes import count_parameters, dissect
from pocketfit.exporter.anatomy.losses import Explained
from pocketfit.exporter.anatomy.macs import macs_by_module
from pocketfit.exporter.anatomy.names import input_names, output_name
from pocketfit.exporter.anatomy.twins import twins
from pocketfit.exporter.builder import Builder, BuildOrder, Optimized
from pocketfit.exporter.compatible import Target, find_target, one_sentence, refused, refused_outputs, refused_program
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.given import write_calls
from pocketfit.exporter.importing.uncollected import uncollected
from pocketfit.exporter.inputs import OUTSIDE, Samples, gather, has_nan
from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.metric import UsersMetric
from pocketfit.exporter.model_file import ModelFile, may_settle
from pocketfit.exporter.plain_model import fold_norms, uncompiled, with_own_tensors
from pocketfit.exporter.prune import prune_model
from pocketfit.exporter.raised.log import log_traceback
from pocketfit.exporter.samples.sizes import OtherInputs, other_sizes, told_sizes
from pocketfit.exporter.source import load_model
from pocketfit.exporter.state.eager import Eager, Habits, Loaded, use_layers_made_on_first_call
from pocketfit.exporter.tensors import ModelProblem, flatten, nest
from pocketfit.exporter.torchscript.methods import compare_methods
from pocketfit.exporter.verify import Verifier, as_arrays, baked_in, eager_outputs, second_inputs
from pocketfit.formats import FORMATS, Format
from pocketfit.job import Exported, Job, NotExported, enter
from pocketfit.judge.golden import write_arrays
from pocketfit.judge.parity import unscored, without_score
from pocketfit.records import Export, Parity, TensorFile

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs
    from pocketfit.exporter.verify import Outputs


class NotShipped(Exception):
    """A file was made of the model and must not be shipped: why, in one sentence, and what was measured of it.

    `disagrees`: it runs, and its answers to the golden inputs or further ones are not eager's.
    """

    def __init__(
        self,
        reason: str,
        failed_limits: tuple[str, ...] = (),
        parity: Parity | None = None,
        *,
        disagrees: bool = False,
    ) -> None:
        super().__init__(reason)
        self.failed_limits, self.parity, self.disagrees = failed_limits, parity, disagrees


@dataclass
class Build:
    """A variant that is being built; `reasons` gathers what a reader of its row should know.

    `mode` is for who wonders about answers: see plain_model.training_mode.
    """

    job: Job
    folder: Path
    eager: Eager
    samples: Samples
    metric: UsersMetric
    reasons: list[str]
    mode: tuple[str, ...] = ()

    @property
    def model(self) -> torch.nn.Module:
        return self.eager.model

    @property
    def inputs(self) -> Inputs:
        return self.samples.golden

    @property
    def facts(self) -> Format:
        return FORMATS[self.job.variant.format]

    @property
    def builder(self) -> Builder:
        return BUILDERS[self.job.variant.format]

    @property
    def path(self) -> Path:
        return self.folder / f"{self.job.variant.stem}{self.facts.suffix}"

    def enter(self, stage: str, hint: str = "") -> None:
        enter(self.folder, stage, hint)


@dataclass(frozen=True)
class Golden:
    """Eager's answer to the golden inputs, and both as files; `others` are inputs of other sizes or values.

    `habits` is what forward does beside answering, and `later` are its outputs when it is asked again, where it has
    state.
    """

    outputs: Outputs
    input_files: tuple[TensorFile, ...]
    output_files: tuple[TensorFile, ...]
    verify: Verifier
    others: tuple[OtherInputs, ...]
    habits: Habits
    later: tuple[tuple[TensorFile, ...], ...]


@dataclass(frozen=True)
class Made:
    """The model in its format, and its file. `target` is None where nobody knows what the runtime has."""

    order: BuildOrder
    optimized: Optimized
    target: Target | None
    file: ModelFile


def build_variant(job: Job, folder: Path) -> Exported | NotExported:
    """Build one variant; raises ModelProblem and whatever model code raises."""
    import torch

    build = load(job, folder)
    try:
        golden = ask_eager(build)
        made = make(build, golden)
        refuse(build, golden, made)
        parity = run(build, golden, made)
    except ModelProblem as problem:
        traced, losses = log_traceback(problem), problem.losses
        return NotExported(
            str(problem), tuple(build.reasons), torch=torch.__version__, traced=traced, layer_losses=losses
        )
    except NotShipped as stop:
        failed = NotExported(str(stop), tuple(build.reasons), stop.failed_limits, stop.parity, torch.__version__)
        return blamed(build, made, failed) if stop.disagrees else failed
    return describe(build, golden, made, parity)


def load(job: Job, folder: Path) -> Build:
    """Load and prune the model, and what int8 is calibrated with."""
    root = Path(job.root)
    enter(folder, f"loading {job.spec.source}")
    with uncollected():
        loaded, inputs, mode = load_model(job.spec, root)
    model, compiled = uncompiled(loaded)
    use_layers_made_on_first_call(model, inputs)
    with_own_tensors(model)
    metric = UsersMetric(job.spec.metric, root)
    # Outputs are compared with the pruned model's; what pruning costs is for the metric to say, so that comes first.
    metric.of_eager(model, partial(enter, folder))
    reasons = (*compiled, *fold_norms(model), *prune_model(model, job.spec))
    build = Build(job, folder, Eager(model), Samples(inputs, ()), metric, [*reasons], mode)
    if job.variant.precision == "int8":
        build.enter(f"loading {job.spec.calibration or 'inputs'} to calibrate with")
    build.samples = gather(job.spec, root, inputs, build.eager.call, job.variant.precision)
    build.reasons += build.samples.reasons
    return build


def ask_eager(build: Build) -> Golden:
    """Run the model itself on the golden inputs, and on further ones; write the golden files."""
    spec, inputs = build.job.spec, build.inputs
    try:
        answers, habits = eager_outputs(build.eager, inputs, spec.name)
    except ModelProblem:
        build.reasons += build.mode
        raise
    outputs = answers[0]
    if build.samples.made_up and has_nan(outputs):
        raise ModelProblem(OUTSIDE)
    passed = [(f"[{index}]", tensor) for index, tensor in enumerate(java_inputs(inputs))]
    input_files = write_arrays(as_arrays(passed), build.folder, "input")
    calls = answers if habits.has_state else answers[:1]
    output_files, *later = write_calls([as_arrays(call) for call in calls], build.folder)
    others = (*second_inputs(spec, Path(build.job.root), inputs), *other_sizes(spec, inputs))
    verify = Verifier(
        (inputs, outputs),
        spec.limits,
        build.job.variant.precision,
        flat=build.facts.flat_outputs,
        habits=habits,
        drops_start=build.facts.drops_start,
    )
    verify.add(build.eager, build.samples.further)
    if verify.outside:
        build.reasons.append(f"{verify.outside} of {len(build.samples.further)} further sets are left out: {OUTSIDE}")
    verify.add_sequences(build.eager, answers)
    return Golden(outputs, input_files, output_files, verify, others, habits, tuple(later))


def make(build: Build, golden: Golden) -> Made:
    """Make the model's file, compared with eager, and unless that leaves no doubt, after every step too."""
    job, verify, stage = build.job, golden.verify, "tracing and optimizing"
    build.enter(stage)
    file = ModelFile(build.builder, build.path, verify, build.enter)
    target, notes = find_target(job.variant.format, job.library)
    order = BuildOrder(
        build.model,
        build.inputs,
        job.spec,
        job.variant.precision,
        build.samples.batches,
        build.enter,
        target,
        verify.careful_problem,
        partial(file.settles, stage) if may_settle(verify) else None,
        golden.habits,
    )
    try:
        optimized = build.builder.optimize(order, verify.problem)
    except ModelProblem as problem:
        if problem.disagrees:
            cause = blame(build, order, str(problem))
            build.reasons[:0] = cause.reasons
            problem.losses = cause.losses
        raise
    build.reasons += (*optimized.reasons, *notes)
    file.make(optimized)
    return Made(order, optimized, target, file)


def refuse(build: Build, golden: Golden, made: Made) -> None:
    """Raise NotShipped for a file that the Android runtime will not take."""
    refusals = (
        *refused(made.target, build.path, made.optimized.module, made.optimized.layers),
        *(refused_program(build.job.library, build.path, made.optimized.layers) or ()),
        *refused_outputs(made.target, golden.outputs),
    )
    if refusals:
        raise NotShipped(one_sentence(refusals))


def run(build: Build, golden: Golden, made: Made) -> Parity:
    """Run the file on this host, for its parity and the metric; raises NotShipped where it is not what eager is."""
    job, shown = build.job, f"the {build.job.variant.format} file"
    file, judged = made.file.compare()
    if judged.problem:
        build.reasons += build.mode
        reason = f"{shown} does not compute what eager does: {judged.problem}"
        raise NotShipped(reason, judged.failed_limits, judged.parity, disagrees=judged.same_structure)
    for other in golden.others:
        build.enter(f"running {build.path.name} on {other.name}")
        if problem := baked_in(golden.verify, build.eager, file, other):
            raise NotShipped(problem, (), judged.parity)
    build.reasons += told_sizes(job.spec, build.inputs)
    problem, reasons = compare_methods(
        build.eager, file, build.inputs, job.spec.preserve_methods, (job.spec.limits, job.variant.precision)
    )
    build.reasons += reasons
    if problem:
        raise NotShipped(f"{shown}: {problem}", (), judged.parity)
    if build.metric.evaluated:
        # From its first state.
        build.metric.of_file(_nested(Loaded(file.anew), build.eager, build.inputs), shown, build.enter)
    return without_score(judged.parity, why) if (why := build.samples.unjudged) else judged.parity


def blame(build: Build, order: BuildOrder, reason: str) -> Explained:
    """Look for the layers that are to blame where what was made of the model is too far from eager, for `reason`."""
    # Should the search end this process, its last words are what failed.
    build.enter(f"looking for the layer to blame, since {reason}")
    return taps.explain(order, build.builder, build.path)


def blamed(build: Build, made: Made, failed: NotExported) -> NotExported:
    """What failed, with the layers that are to blame, as far as they can be found."""
    if made.optimized.losses:
        return replace(failed, layer_losses=made.optimized.losses)
    cause = blame(build, made.order, failed.reason)
    return replace(failed, reasons=(*cause.reasons, *failed.reasons), layer_losses=cause.losses)


def describe(build: Build, golden: Golden, made: Made, parity: Parity) -> Exported:
    """Put together what the parent is told of a file that may be shipped."""
    import torch

    optimized, inputs, outputs = made.optimized, golden.input_files, golden.output_files
    macs, meaningless = macs_by_module(build.model, build.inputs), unscored(parity)
    alike = twins(build.model, build.path.stat().st_size) if build.job.variant.precision == "fp32" else ()
    return Exported(
        file=build.path.name,
        export=Export(
            parameters=count_parameters(build.model),
            ops=dict(optimized.ops),
            inputs=_named(inputs, input_names(build.model, len(inputs))),
            outputs=_named(outputs, [output_name(tensor.path) for tensor in outputs]),
            recipe=optimized.recipe,
            parity=parity,
            reasons=(*build.reasons, *alike, *meaningless, *(build.mode if meaningless else ()), *build.metric.reasons),
            metric=build.metric.evaluated,
            anatomy=dissect(build.path, build.model, macs, made.file.dropped_debug_bytes),
            later=golden.later,
            layer_losses=optimized.losses,
            places=optimized.places,
            root_operators=build.builder.root_operators(optimized.module),
        ),
        torch=torch.__version__,
        delegation=optimized.delegation,
        operator_times=build.builder.operator_times(build.path, build.inputs, build.enter),
    )


def _nested(run: Callable[..., Any], eager: Eager, inputs: Inputs) -> Callable[..., Any]:
    """A file, answering with eager's own records, None and keys: that is what a metric was written for."""
    like = eager.nested(inputs)
    return lambda *args: nest(like, (tensor for _, tensor in flatten(run(*args))))


def _named(tensors: tuple[TensorFile, ...], names: Sequence[str]) -> tuple[TensorFile, ...]:
    return tuple(replace(tensor, name=name) for tensor, name in zip(tensors, names, strict=True))
