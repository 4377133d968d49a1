"""The child process that model code runs in: a job file in, a result file out.

`python -P -m pocketfit.exporter FOLDER`, or `--examine` for `pocketfit doctor`. Its environment holds no secrets; the
parent trusts nothing of what it writes.
"""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy import count_parameters, dissect
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.formats.base import BuildOrder
from pocketfit.exporter.given import run_given, time_given, where
from pocketfit.exporter.inputs import further_inputs, golden_of, load_batches
from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.macs import macs_by_module
from pocketfit.exporter.names import input_names, output_name
from pocketfit.exporter.prune import prune_model
from pocketfit.exporter.source import describe, load_model
from pocketfit.exporter.tensors import ModelProblem, flatten, nest, to_array
from pocketfit.exporter.torchscript.quantize import use_engine
from pocketfit.exporter.verify import Verifier, as_arrays, baked_in, second_inputs
from pocketfit.formats import FORMATS
from pocketfit.job import (
    JOB_FILE,
    RESULT_FILE,
    Exported,
    HostLoad,
    HostRun,
    Job,
    NotExported,
    Result,
    Task,
    UnfitEnvironment,
    enter,
    to_json,
)
from pocketfit.judge.golden import write_arrays
from pocketfit.judge.outputs import judge
from pocketfit.judge.parity import unscored
from pocketfit.records import Evaluated, Limits, TensorFile

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs


def main(folder: Path) -> None:
    from pydantic import TypeAdapter

    job = TypeAdapter[Task](Task).validate_json((folder / JOB_FILE).read_bytes())
    if job.memory_limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (job.memory_limit_bytes, job.memory_limit_bytes))
    enter(folder, "importing torch")
    with _uncollected():
        import_module("torch")
    match job:
        case Job():
            result = export(job, folder)
        case HostRun():
            result = run_given(job, folder)
        case HostLoad():
            result = time_given(job, folder)
    unfinished = folder / f"{RESULT_FILE}.partial"
    unfinished.write_text(to_json(result))
    unfinished.rename(folder / RESULT_FILE)


def examine() -> dict[str, dict[str, str | None]]:
    """For each format, why it can't be built on this machine (None where it can), and what builds it here."""
    import torch

    built_with = {name: FORMATS[name].host_runtime() or f"torch {torch.__version__}" for name in BUILDERS}
    return {"unfit": {name: builder.unfit() for name, builder in BUILDERS.items()}, "built_with": dict(built_with)}


def export(job: Job, folder: Path) -> Result:
    """Load, trace, optimize, save and verify one variant."""
    import torch

    # One thread: the same sums in the same order, so the same bytes on any machine.
    torch.set_num_threads(1)
    use_engine()
    builder = BUILDERS[job.variant.format]
    if reason := builder.unfit():
        return UnfitEnvironment(reason)
    try:
        return _export(job, folder)
    except ModelProblem as problem:
        return NotExported(str(problem), torch=torch.__version__)
    except MemoryError:
        return NotExported(f"needs more memory than the limit of {(job.memory_limit_bytes or 0) / 1e9:.1f} GB")
    except Exception as error:
        # Model code and converters raise anything, and this is one row of the report.
        return NotExported(describe(error), torch=torch.__version__)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Imports leave hardly any garbage, and looking for it in millions of new objects takes a sixth of their time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _export(job: Job, folder: Path) -> Result:
    import torch

    from pocketfit.exporter.compatible import find_target, one_sentence, refused, refused_outputs

    builder, facts = BUILDERS[job.variant.format], FORMATS[job.variant.format]
    limits, precision = job.spec.limits, job.variant.precision
    enter(folder, f"loading {job.spec.source}")
    with _uncollected():
        model, inputs = load_model(job.spec, Path(job.root))
    # Outputs are compared with the pruned model's; what pruning costs is for the metric to say, so that comes first.
    metric = _Metric(job, folder, model)
    reasons = prune_model(model, job.spec)
    batches: tuple[Inputs, ...] = ()
    if precision == "int8":
        enter(folder, f"loading {job.spec.calibration or 'inputs'} to calibrate with")
        batches, said = load_batches(job.spec, Path(job.root), inputs)
        reasons = (*reasons, *said)
        inputs = golden_of(job.spec, inputs, batches)
    eager = _eager_outputs(model, inputs)
    given = java_inputs(inputs)
    golden_in = write_arrays([(f"[{i}]", to_array(one)) for i, one in enumerate(given)], folder, "input")
    golden_out = write_arrays([(path, to_array(one)) for path, one in eager], folder, "output")
    second = None if job.spec.check_inputs is None else second_inputs(job.spec, Path(job.root), inputs)
    verify = Verifier((inputs, eager), limits, precision, flat=facts.flat_outputs)
    verify.add(model, further_inputs(job.spec, inputs, batches if job.spec.calibration else ()))

    enter(folder, "tracing and optimizing")
    parameters = count_parameters(model)
    target, notes = find_target(job.variant.format, job.library)
    order = BuildOrder(
        model, inputs, job.spec, precision, batches, partial(enter, folder), target, verify.careful_problem
    )
    optimized = builder.optimize(order, verify.problem)
    reasons = (*reasons, *optimized.reasons, *notes)
    path = folder / f"{job.variant.stem}{facts.suffix}"
    enter(folder, f"saving {path.name}")
    dropped_debug_bytes = builder.save(optimized, path)
    if refusals := (*refused(target, path, optimized.module, optimized.layers), *refused_outputs(target, eager)):
        return NotExported(one_sentence(refusals), reasons, torch=torch.__version__)
    enter(folder, f"running {path.name} on {where(job.variant.format)}")
    run = builder.load(path)
    judged = verify.measure(run)
    parity = judged.parity
    if judged.problem:
        sentence = f"the {job.variant.format} file does not compute what eager does: {judged.problem}"
        return NotExported(sentence, reasons, judged.failed_limits, parity, torch.__version__)
    if second is not None:
        enter(folder, f"running {path.name} on check_inputs")
        if problem := baked_in(job.spec, precision, model, run, inputs, second, flat=facts.flat_outputs):
            return NotExported(problem, reasons, (), parity, torch.__version__)
    metric.of_file(_nested(run, model, inputs) if facts.flat_outputs else run, f"the {job.variant.format} file")
    return Exported(
        file=path.name,
        parameters=parameters,
        ops=dict(optimized.ops),
        inputs=_named(golden_in, input_names(model, len(golden_in))),
        outputs=_named(golden_out, [output_name(one.path) for one in golden_out]),
        recipe=optimized.recipe,
        parity=parity,
        reasons=(*reasons, *unscored(parity), *metric.reasons),
        torch=torch.__version__,
        metric=metric.found,
        anatomy=dissect(path, model, macs_by_module(model, inputs), dropped_debug_bytes),
        delegation=optimized.delegation,
    )


def _nested(run: Callable[..., Any], model: torch.nn.Module, inputs: Inputs) -> Callable[..., Any]:
    """A file whose outputs are a flat list, answering as eager does: that is what a metric was written for."""
    import torch

    with torch.inference_mode():
        like = model(*inputs)
    return lambda *given: nest(like, (tensor for _, tensor in flatten(run(*given))))


def _named(tensors: tuple[TensorFile, ...], names: Sequence[str]) -> tuple[TensorFile, ...]:
    return tuple(replace(one, name=name) for one, name in zip(tensors, names, strict=True))


class _Metric:
    """The user's metric, first of the model as it came, then of the file that was made of it."""

    def __init__(self, job: Job, folder: Path, model: torch.nn.Module) -> None:
        self.job, self.folder = job, folder
        self.reasons: tuple[str, ...] = ()
        self.found = None if job.spec.metric is None else Evaluated(self._value(model, "eager"))

    def of_file(self, run: Callable[..., Any], name: str) -> None:
        if self.found and self.found.eager is not None:
            value = self._value(lambda *inputs: run(*java_inputs(inputs)), name)
            self.found = Evaluated(self.found.eager, value)

    def _value(self, run: Callable[..., Any], name: str) -> float | None:
        from pocketfit.exporter.metric import evaluate

        metric = self.job.spec.metric or ""
        enter(self.folder, f"computing the metric {metric} of {name}")
        try:
            return evaluate(metric, Path(self.job.root), run)
        except ModelProblem as problem:
            self.reasons = (f"the metric of {name} has no value: {problem}",)
            return None


def _eager_outputs(model: torch.nn.Module, inputs: Inputs) -> list[tuple[str, torch.Tensor]]:
    import torch

    kinds = ", ".join(f"{str(one.dtype).removeprefix('torch.')} {'x'.join(map(str, one.shape))}" for one in inputs)
    try:
        with torch.inference_mode():
            outputs = list(flatten(model(*inputs)))
            again = list(flatten(model(*inputs)))
    except ModelProblem:
        raise
    except Exception as error:
        raise ModelProblem(f"forward does not take these inputs ({kinds}): {describe(error)}") from error
    if not outputs:
        raise ModelProblem("forward returns no tensor, so there is nothing to compare")
    if problem := judge(as_arrays(outputs), as_arrays(again), Limits(), "fp32").problem:
        raise ModelProblem(
            f"eager itself answers differently when asked twice ({problem}): "
            "look for dropout or random numbers in forward"
        )
    return outputs
