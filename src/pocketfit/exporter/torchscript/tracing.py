"""A module in eager mode as TorchScript, and what the tracer warned of."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.builder import Step
from pocketfit.exporter.java_types import java_inputs, java_reasons
from pocketfit.exporter.source import describe
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript import remedies
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.compatible import Target
    from pocketfit.exporter.tensors import Inputs


TRACE, SCRIPT = "trace", "script"


def torchscript_of(model: torch.nn.Module, inputs: Inputs, spec: ModelSpec, target: Target | None) -> Step:
    """TorchScript in which nothing is left that the runtime lacks and we can rewrite; the step is TRACE or SCRIPT."""
    recorded = _recorded(model, inputs, spec)
    if target is None:
        return recorded
    reasons: tuple[str, ...] = ()
    if TRACE in recorded.names and (paths := remedies.refused_fast_paths(recorded.module, target)):
        with remedies.without_fast_paths():
            recorded = _recorded(model, inputs, spec)
        reasons = (f"traced without {' and '.join(paths)}, which {target.runtime.library} refuses",)
    rewritten = remedies.rewrite(recorded.module, target)
    return Step(recorded.module, recorded.names, (*recorded.reasons, *reasons, *rewritten))


def _recorded(model: torch.nn.Module, inputs: Inputs, spec: ModelSpec) -> Step:
    import torch

    reasons = java_reasons(inputs)
    if isinstance(model, torch.jit.ScriptModule):
        return Step(model, (SCRIPT,), reasons)
    if spec.how == "script":
        return Step(_script(model), (SCRIPT,), reasons)
    passed = java_inputs(inputs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            traced = _trace(model, passed, spec.preserve_methods, strict=True)
        except RuntimeError as error:
            # Dicts, and containers whose layout depends on the run, are refused unless asked for.
            if "strict=False" not in str(error):
                raise ModelProblem(f"torch.jit.trace fails: {describe(error)}") from error
            traced = _trace(model, passed, spec.preserve_methods, strict=False)
        except Exception as error:
            # The model's own code runs, which raises anything.
            raise ModelProblem(f"torch.jit.trace fails: {describe(error)}") from error
    return Step(traced, (TRACE,), (*reasons, *_tracer_reasons(caught)))


def _script(model: torch.nn.Module) -> Any:
    import torch

    try:
        return torch.jit.script(model)
    except Exception as error:
        # The compiler reads the model's own code, and has an exception for each thing that it does not take.
        raise ModelProblem(f"torch.jit.script fails: {describe(error)}") from error


def _trace(model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...], *, strict: bool) -> Any:
    import torch

    missing = [name for name in methods if not callable(getattr(model, name, None))]
    if missing:
        raise ModelProblem(f"preserve_methods: the model has no method {missing[0]!r}")
    inputs_of = {name: copies(inputs) for name in ("forward", *methods)}
    # With gradients on, tracing an attention layer compares two different paths and gives up.
    # Parity with eager is checked by us, on nested outputs too; stored inputs would only make the file larger.
    # The trace holds the model's own buffers: what recording wrote into them is undone in both.
    with kept(model), torch.no_grad():
        return torch.jit.trace_module(model, inputs_of, check_trace=False, strict=strict, _store_inputs=False)


def _tracer_reasons(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """List what the tracer warned of, once for each kind, with the places."""
    import torch

    places: dict[str, dict[str, None]] = {}
    for warning in caught:
        if issubclass(warning.category, torch.jit.TracerWarning) and not _is_quantizers(warning):
            sentence = str(warning.message).split(". ")[0].split("\n")[0].strip().rstrip(".")
            file = "/".join(warning.filename.split("/")[-2:])
            places.setdefault(sentence, {})[f"{file}:{warning.lineno}"] = None
    return tuple(f"tracing: {sentence} ({_some(list(where))})" for sentence, where in places.items())


def _is_quantizers(warning: warnings.WarningMessage) -> bool:
    """Quantized modules keep scales, which are constants, in tensors: what the tracer says of them is no news."""
    return "/torch/ao/" in warning.filename or (
        warning.filename.endswith("/torch/_ops.py") and "a Python float" in str(warning.message)
    )


def _some(places: list[str]) -> str:
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
