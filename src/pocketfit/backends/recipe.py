"""From a module in eager mode to an optimized TorchScript module that still computes the same.

The documented recipe, `torch.jit.trace` and then `optimize_for_mobile`, folds a batch norm wrongly into every
convolution without bias (pytorch#76807). Freezing the trace first folds it rightly. Since more passes have open
bugs (pytorch#97047, #81651), outputs are compared with eager after every step; one that breaks is left out and named.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pocketfit.anatomy import count_ops
from pocketfit.backends import remedies
from pocketfit.backends.base import Optimized, Wanted
from pocketfit.backends.quantize import quantize
from pocketfit.calls import layers_of
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import ModelSpec
from pocketfit.runtime import RUNTIME_OF_FORMAT, find_android
from pocketfit.source import describe
from pocketfit.tensors import ModelProblem

if TYPE_CHECKING:
    import torch

    from pocketfit.backends.base import Check, Inputs
    from pocketfit.backends.compatible import Target


def unfit() -> str | None:
    import torch.backends.xnnpack

    if torch.backends.xnnpack.enabled:
        return None
    return f"torch {torch.__version__} is {no_xnnpack()}"


def skips(format_name: str, precision: str) -> str | None:
    """Half precision: tried on pytorch_android_lite 1.12.2 and pytorch_android 1.13.1, where next to nothing runs."""
    if precision != "fp16":
        return None
    return f"{_runtime(format_name)} has no half-precision kernels on the CPU: no convolution, matrix product or relu"


def _runtime(format_name: str) -> str:
    try:
        return str(find_android().runtimes[RUNTIME_OF_FORMAT[format_name]])
    except EnvironmentProblem:
        return f"the Android runtime of {format_name}"


def no_xnnpack() -> str:
    return (
        "built without XNNPACK, which optimize_for_mobile needs: "
        "install torch 2.12 (pip install -r requirements/torch.txt)"
    )


def optimize(wanted: Wanted, check: Check) -> Optimized:
    """Quantize, trace (unless TorchScript), freeze, optimize; raises ModelProblem where the first two go wrong."""
    inputs, spec = wanted.inputs, wanted.spec
    quantized, quantizing, said = quantize(wanted)
    model = with_java_types(quantized, inputs)
    if quantizing and (problem := check(model)):
        raise ModelProblem(f"in {wanted.precision} it does not compute what eager does: {problem}")
    traced, step, reasons = _traced(model, inputs, spec, wanted.target)
    layers = layers_of(traced) if step == "script" and wanted.target else {}
    careful = wanted.careful or check
    if careful(traced):
        if problem := check(traced):
            raise ModelProblem(f"the {step} does not compute what eager does: {problem}")
        # What is inexact before it is optimized says nothing about a step.
        careful = check
    frozen, problem = _try(lambda: _freeze(traced, spec), careful)
    if problem:
        reasons = (*reasons, f"left out freeze{problem}")
    module, passes, pass_reasons = _optimize_for_mobile(traced if frozen is None else frozen, spec, careful)
    steps = (*quantizing, step, *([] if frozen is None else ["freeze"]), *passes)
    return Optimized(module, steps, (*said, *reasons, *pass_reasons), count_ops(module), layers=layers)


def with_java_types(model: torch.nn.Module, inputs: Inputs) -> torch.nn.Module:
    """A model that takes bool tensors, wrapped so that it takes uint8: Java has no bool tensors."""
    import torch

    which = tuple(one.dtype == torch.bool for one in inputs)
    if not any(which):
        return model

    class BoolFromUint8(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            # Not eval(): what was loaded from a .pt2 refuses to be told, and is in its mode for good.
            self.training = False

        def forward(self, *given: torch.Tensor) -> Any:
            return self.model(*(one.bool() if is_bool else one for one, is_bool in zip(given, which, strict=True)))

    return BoolFromUint8()


def java_inputs(inputs: Inputs) -> Inputs:
    """The inputs as Java passes them: see with_java_types."""
    import torch

    return tuple(one.to(torch.uint8) if one.dtype == torch.bool else one for one in inputs)


def java_reasons(inputs: Inputs) -> tuple[str, ...]:
    """What the reader should know of with_java_types."""
    import torch

    bools = [index for index, one in enumerate(inputs) if one.dtype == torch.bool]
    return tuple(
        f"input {index} is bool, which Java has no tensors for: the artifact takes uint8 (0 or 1)" for index in bools
    )


def _traced(
    model: torch.nn.Module, inputs: Inputs, spec: ModelSpec, target: Target | None
) -> tuple[Any, str, tuple[str, ...]]:
    """TorchScript in which nothing is left that the runtime lacks and we can rewrite."""
    traced, step, reasons = _recorded(model, inputs, spec)
    if target and step == "trace" and (paths := remedies.refused_fast_paths(traced, target)):
        with remedies.without_fast_paths():
            traced, step, reasons = _recorded(model, inputs, spec)
        reasons = (*reasons, f"traced without {' and '.join(paths)}, which {target.runtime.library} refuses")
    return traced, step, (*reasons, *(remedies.rewrite(traced, target) if target else ()))


def _recorded(model: torch.nn.Module, inputs: Inputs, spec: ModelSpec) -> tuple[Any, str, tuple[str, ...]]:
    import torch

    reasons = java_reasons(inputs)
    if isinstance(model, torch.jit.ScriptModule):
        return model, "script", reasons
    if spec.how == "script":
        return _script(model), "script", reasons
    given = java_inputs(inputs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            traced = _trace(model, given, spec.preserve_methods, strict=True)
        except RuntimeError as error:
            # Dicts, and containers whose layout depends on the run, are refused unless asked for.
            if "strict=False" not in str(error):
                raise ModelProblem(f"torch.jit.trace fails: {describe(error)}") from error
            traced = _trace(model, given, spec.preserve_methods, strict=False)
        except Exception as error:
            raise ModelProblem(f"torch.jit.trace fails: {describe(error)}") from error
    return traced, "trace", (*reasons, *tracer_reasons(caught))


def _script(model: torch.nn.Module) -> Any:
    import torch

    try:
        return torch.jit.script(model)
    except Exception as error:
        raise ModelProblem(f"torch.jit.script fails: {describe(error)}") from error


def _trace(model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...], *, strict: bool) -> Any:
    import torch

    missing = [name for name in methods if not callable(getattr(model, name, None))]
    if missing:
        raise ModelProblem(f"preserve_methods: the model has no method {missing[0]!r}")
    what = {name: inputs for name in ("forward", *methods)}
    # With gradients on, tracing an attention layer compares two different paths and gives up.
    # Parity with eager is checked by us, on nested outputs too; stored inputs would only make the file larger.
    with torch.no_grad():
        return torch.jit.trace_module(model, what, check_trace=False, strict=strict, _store_inputs=False)


def tracer_reasons(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """What the tracer warned of, once for each kind, with the places."""
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


def _freeze(module: Any, spec: ModelSpec) -> Any:
    import torch

    return torch.jit.freeze(module, preserved_attrs=list(spec.preserve_methods))


def _optimize_for_mobile(module: Any, spec: ModelSpec, check: Check) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """With as many passes as still agree with eager: all, else all but one, else none."""
    from torch.utils.mobile_optimizer import optimize_for_mobile

    first_problem = ""
    for left_out in _passes_to_leave_out():
        optimized, problem = _try(
            lambda left_out=left_out: optimize_for_mobile(  # type: ignore[misc]
                module, optimization_blocklist=set(left_out), preserved_methods=list(spec.preserve_methods)
            ),
            check,
        )
        first_problem = first_problem or problem
        if optimized is None:
            continue
        if not left_out:
            return optimized, ("optimize_for_mobile",), ()
        names = ", ".join(one.name for one in left_out) if len(left_out) == 1 else "all passes"
        return (
            optimized,
            (f"optimize_for_mobile without {names}",),
            (f"left out {names} of optimize_for_mobile{first_problem}",),
        )
    return module, (), (f"left out optimize_for_mobile{first_problem}",)


def _passes_to_leave_out() -> Iterator[tuple[Any, ...]]:
    from torch._C import _MobileOptimizerType

    passes = tuple(_MobileOptimizerType.__members__.values())  # type: ignore[attr-defined]
    yield ()
    yield from ((one,) for one in passes)
    yield passes


def _try(step: Callable[[], Any], check: Check) -> tuple[Any, str]:
    """The step's module, or None and how it goes wrong."""
    try:
        module = step()
        problem = check(module)
    except Exception as error:
        # Passes raise anything, and the model without them is still worth shipping.
        return None, f", which fails: {describe(error)}"
    return (None, f", which gives a wrong model: {problem}") if problem else (module, "")
