"""From a module in eager mode to an optimized TorchScript module that still computes the same.

The documented recipe, `torch.jit.trace` and then `optimize_for_mobile`, folds a batch norm wrongly into every
convolution without bias (pytorch#76807). Freezing the trace first folds it rightly. Since more passes have open
bugs (pytorch#97047, #81651), outputs are compared with eager after every step; one that breaks is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.calls import count_ops, layers_of
from pocketfit.exporter.formats.base import Optimized, Wanted
from pocketfit.exporter.java_types import with_java_types
from pocketfit.exporter.source import describe
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript.quantize import quantize
from pocketfit.exporter.torchscript.tracing import torchscript_of
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    from pocketfit.exporter.formats.base import Check


def unfit() -> str | None:
    import torch.backends.xnnpack

    if torch.backends.xnnpack.enabled:
        return None
    return f"torch {torch.__version__} is {no_xnnpack()}"


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
    traced, step, reasons = torchscript_of(model, inputs, spec, wanted.target)
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
