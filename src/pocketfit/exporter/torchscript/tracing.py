"""A module in eager mode as TorchScript, and what the tracer warned of."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.builder import Step
from pocketfit.exporter.described import describe, some
from pocketfit.exporter.java_types import java_inputs, java_reasons
from pocketfit.exporter.raised.places import at, is_the_models, shown
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript import remedies
from pocketfit.exporter.torchscript.answers import Flat, is_plain, nest_again, not_traced
from pocketfit.exporter.torchscript.contexts import without_idle_contexts
from pocketfit.exporter.torchscript.functions import followed
from pocketfit.exporter.torchscript.properties import readable
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.compatible import Target
    from pocketfit.exporter.tensors import Inputs


TRACE, SCRIPT = "trace", "script"

# Needless where the trace is known to be wrong.
ASK_OTHERS = "check_inputs tells whether it is wrong on others; "


def torchscript_of(model: torch.nn.Module, inputs: Inputs, spec: ModelSpec, target: Target | None) -> Step:
    """TorchScript in which nothing is left that the runtime lacks and we can rewrite; the step is TRACE or SCRIPT."""
    recorded = _recorded(model, inputs, spec)
    reasons = without_idle_contexts(recorded.module)
    if target is None:
        return Step(recorded.module, recorded.names, (*recorded.reasons, *reasons))
    if TRACE in recorded.names and (paths := remedies.refused_fast_paths(recorded.module, target)):
        with remedies.without_fast_paths():
            recorded = _recorded(model, inputs, spec)
        reasons = (
            *without_idle_contexts(recorded.module),
            f"traced without {' and '.join(paths)}, which {target.runtime.library} refuses",
        )
    rewritten = remedies.rewrite(recorded.module, target)
    return Step(recorded.module, recorded.names, (*recorded.reasons, *reasons, *rewritten))


def _recorded(model: torch.nn.Module, inputs: Inputs, spec: ModelSpec) -> Step:
    import torch

    reasons = java_reasons(inputs)
    if isinstance(model, torch.jit.ScriptModule):
        return Step(model, (SCRIPT,), reasons)
    passed = java_inputs(inputs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        traced = _traced(model, passed, spec.preserve_methods)
    if names := ", ".join(_scripted_methods(model, spec.preserve_methods)):
        reasons += (f"{names}: scripted, as @torch.jit.export says, beside a forward that is traced",)
    return Step(traced.module, (TRACE,), (*reasons, *traced.reasons, *_tracer_reasons(caught)))


def script(model: torch.nn.Module) -> Any:
    """The model as TorchScript, by its own code; raises ModelProblem."""
    import torch

    try:
        with readable(model):
            return torch.jit.script(model)
    except Exception as error:
        # The compiler reads the model's own code, and has an exception for each thing that it does not take.
        raise ModelProblem(f"torch.jit.script fails: {describe(error)}{at(error)}") from error


def _traced(model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...]) -> Step:
    """The trace, of whatever forward returns that TorchScript can; raises ModelProblem."""
    first: Exception
    try:
        return Step(_trace(model, inputs, methods, strict=True))
    except RuntimeError as error:
        first = error
    except Exception as error:
        # The model's own code runs, which raises anything.
        raise _of_a_method(model, inputs, methods, error) or not_traced(error) from error
    try:
        # Dicts, and containers whose layout depends on the run, are refused unless asked for.
        if "strict=False" in str(first) and is_plain(traced := _trace(model, inputs, methods, strict=False)):
            return Step(traced)
    except Exception as error:
        first = error if methods else first
    if methods:
        raise _of_a_method(model, inputs, methods, first) or not_traced(first) from first
    try:
        flat = Flat(model)
        traced = _trace(flat.module, inputs, (), strict=True)
        module, reasons = nest_again(traced, flat.nested, len(inputs))
    except Exception as error:
        raise not_traced(error) from first
    return Step(module, reasons=reasons)


def check_methods(model: torch.nn.Module, methods: tuple[str, ...]) -> None:
    """Raise ModelProblem for a method that is not there."""
    missing = [name for name in methods if not callable(getattr(model, name, None))]
    if missing:
        raise ModelProblem(f"preserve_methods: the model has no method {missing[0]!r}")


def _scripted_methods(model: torch.nn.Module, methods: tuple[str, ...]) -> list[str]:
    """Those that torch scripts by itself when it traces their model."""
    return [name for name in methods if hasattr(getattr(model, name), "_torchscript_modifier")]


def _of_a_method(
    model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...], error: Exception
) -> ModelProblem | None:
    """The problem of the method for which the trace of a model fails with `error`; None where it is forward's."""
    import torch

    scripted = _scripted_methods(model, methods)
    for name in methods:
        try:
            with kept(model), torch.no_grad():
                name in scripted or getattr(model, name)(*copies(inputs))
        except Exception as refusal:
            return ModelProblem(
                f"preserve_methods: {name} does not take forward's inputs ({describe(refusal)}), with which it is "
                'traced: set how = "script", under which each method has its own'
            )
    # The compiler points at the code that it does not take; tracing never does.
    if scripted and ("<--- HERE" in str(error) or isinstance(error, torch.jit.frontend.NotSupportedError)):
        return ModelProblem(
            f"preserve_methods: {', '.join(scripted)} can't be scripted, as @torch.jit.export says "
            f"({describe(error)}): change what TorchScript does not take, or leave the decorator off"
        )
    return None


def _trace(model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...], *, strict: bool) -> Any:
    import torch

    scripted = _scripted_methods(model, methods)
    inputs_of = {name: copies(inputs) for name in ("forward", *methods) if name not in scripted}
    # With gradients on, tracing an attention layer compares two different paths and gives up.
    # Parity with eager is checked by us, on nested outputs too; stored inputs would only make the file larger.
    # The trace holds the model's own buffers: what recording wrote into them is undone in both.
    with kept(model), followed(), readable(model), torch.no_grad():
        return torch.jit.trace_module(model, inputs_of, check_trace=False, strict=strict, _store_inputs=False)


def _tracer_reasons(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """List what the tracer warned of, once for each kind, with the places."""
    import torch

    places: dict[str, dict[str, None]] = {}
    for warning in caught:
        if issubclass(warning.category, torch.jit.TracerWarning) and is_the_models(warning.filename):
            sentence = str(warning.message).split(". ")[0].split("\n")[0].strip().rstrip(".")
            places.setdefault(sentence, {})[f"{shown(warning.filename)}:{warning.lineno}"] = None
    return tuple(f"tracing: {sentence} ({some(list(where))}){_remedy(sentence)}" for sentence, where in places.items())


def _remedy(sentence: str) -> str:
    """What to do where a branch may have been recorded as it went with the golden inputs."""
    if "Python boolean" not in sentence:
        return ""
    return f': {ASK_OTHERS}how = "script" or torch.where keeps both branches'
