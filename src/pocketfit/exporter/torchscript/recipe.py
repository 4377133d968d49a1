"""From a module in eager mode to an optimized TorchScript module that still computes the same.

The documented recipe, `torch.jit.trace` and then `optimize_for_mobile`, folds a batch norm wrongly into every
convolution without bias (pytorch#76807). Freezing the trace first folds it rightly. Since more passes have open
bugs (pytorch#97047, #81651), the file is compared with eager, and unless it is beyond doubt so is what each step makes;
a step that breaks is left out and named.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.calls import count_ops, layers_of
from pocketfit.exporter.anatomy.losses import POOR_DB, Explained
from pocketfit.exporter.builder import BuildOrder, Optimized, Step, once
from pocketfit.exporter.described import describe
from pocketfit.exporter.importing.plain import odd_names
from pocketfit.exporter.java_types import with_java_types
from pocketfit.exporter.state.held import is_script
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript import costs
from pocketfit.exporter.torchscript.from_java import scripted_from_java
from pocketfit.exporter.torchscript.quantize import FX, quantize
from pocketfit.exporter.torchscript.tracing import ASK_OTHERS, SCRIPT, check_methods, script, torchscript_of
from pocketfit.installed import how_to_get_torch
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.builder import Check
    from pocketfit.exporter.tensors import Inputs

FREEZE, OPTIMIZE = "freeze", "optimize_for_mobile"


def unfit() -> str | None:
    import torch.backends.xnnpack

    if torch.backends.xnnpack.enabled:
        return None
    return f"torch {torch.__version__} is {no_xnnpack()}"


def no_xnnpack() -> str:
    return (
        "built without XNNPACK, which optimize_for_mobile needs; torch 2.12.1 is the last that has it "
        f"(pytorch#189532): {how_to_get_torch()}, or use format executorch alone"
    )


def optimize(order: BuildOrder, check: Check) -> Optimized:
    """Quantize, trace (unless TorchScript), freeze, optimize; raises ModelProblem where the first two go wrong.

    Where `order.settles` the file of all steps, none of them is looked at by itself.
    """
    quantized = quantize(order)
    spec = order.spec
    if FX in quantized.names:
        # torch.fx has left no control flow, and some of what it keeps in fp32 can't be scripted.
        spec = replace(spec, how="trace")
    called = _from_java(quantized.module, order.inputs, spec)
    record = once(partial(torchscript_of, called.module, order.inputs, spec, order.target))
    freeze = once(lambda: _frozen(record().module, order.spec))
    optimize_all = once(lambda: _optimized(freeze(), order.spec))
    explain_poor = once(lambda: costs.explain(order, quantized, POOR_DB) if quantized.names else Explained())

    def result(recorded: Step, frozen: Step, optimized: Step) -> Optimized:
        steps, poor = (quantized, called, recorded, frozen, optimized), explain_poor()
        return Optimized(
            optimized.module,
            tuple(name for step in steps for name in step.names),
            (*poor.reasons, *(reason for step in steps for reason in step.reasons)),
            count_ops(optimized.module),
            layers=layers_of(recorded.module) if SCRIPT in recorded.names and order.target else {},
            odd_names=odd_names(order.model),
            losses=poor.losses,
        )

    # What raises here raises again where it is told of.
    with contextlib.suppress(Exception):
        if order.settles:
            made = result(record(), Step(freeze(), (FREEZE,)), Step(optimize_all(), (OPTIMIZE,)))
            if order.settles(made):
                return made
    if quantized.names and (problem := check(called.module)):
        cause = costs.explain(order, quantized)
        why = "".join(f"; {one}" for one in (*cause.reasons, *quantized.reasons))
        raise ModelProblem(f"in {order.precision} it does not compute what eager does: {problem}{why}", cause.losses)
    recorded = record()
    careful = order.careful or check
    if careful(recorded.module):
        if problem := check(recorded.module):
            why = "".join(f"; {one.replace(ASK_OTHERS, '')}" for one in recorded.reasons)
            raise ModelProblem(f"the {recorded.names[0]} does not compute what eager does: {problem}{why}")
        # What is inexact before it is optimized says nothing about a step.
        careful = check
    frozen = _freeze(recorded.module, freeze, careful)
    optimized = _optimize_for_mobile(frozen.module, order.spec, careful, optimize_all if frozen.names else None)
    return result(recorded, frozen, optimized)


def root_operators(module: Any) -> tuple[str, ...]:
    """The operators that all methods of an optimized module call, as a custom build of PyTorch Mobile names them.

    None of a script that the lite interpreter has no instruction for, such as one with a `with`.
    """
    import torch

    try:
        return tuple(sorted(set(torch.jit.export_opnames(module))))
    except RuntimeError as error:
        if "not supported in mobile module" in str(error):
            return ()
        raise


def _from_java(module: torch.nn.Module, inputs: Inputs, spec: ModelSpec) -> Step:
    """The module as Java can call it; scripted where it is to be, since what wraps the others can't be."""
    methods = spec.preserve_methods
    check_methods(module, methods)
    if not is_script(module) and spec.how != SCRIPT:
        return Step(with_java_types(module, inputs, methods))
    wrapped, reasons = scripted_from_java(module if is_script(module) else script(module), inputs, methods)
    return Step(wrapped, reasons=reasons)


def _frozen(module: Any, spec: ModelSpec) -> Any:
    import torch

    return torch.jit.freeze(module, preserved_attrs=list(spec.preserve_methods))


def _optimized(module: Any, spec: ModelSpec, left_out: Iterable[Any] = ()) -> Any:
    from torch.utils.mobile_optimizer import optimize_for_mobile

    kept = list(spec.preserve_methods)
    return optimize_for_mobile(module, optimization_blocklist=set(left_out), preserved_methods=kept)


def _freeze(module: Any, freeze: Callable[[], Any], check: Check) -> Step:
    tried = _try(freeze, check)
    if tried.problem:
        return Step(module, reasons=(f"left out freeze{tried.problem}",))
    return Step(tried.module, (FREEZE,))


def _optimize_for_mobile(module: Any, spec: ModelSpec, check: Check, with_all: Callable[[], Any] | None) -> Step:
    """Optimize with as many passes as still agree with eager: all (`with_all`, where known), else all but one, else
    none.
    """
    first_problem = ""
    for left_out in _passes_to_leave_out():
        without = partial(_optimized, module, spec, left_out)
        tried = _try(without if left_out or with_all is None else with_all, check)
        first_problem = first_problem or tried.problem
        if tried.problem:
            continue
        if not left_out:
            return Step(tried.module, (OPTIMIZE,))
        names = ", ".join(left.name for left in left_out) if len(left_out) == 1 else "all passes"
        return Step(
            tried.module,
            (f"{OPTIMIZE} without {names}",),
            (f"left out {names} of optimize_for_mobile{first_problem}",),
        )
    return Step(module, reasons=(f"left out optimize_for_mobile{first_problem}",))


def _passes_to_leave_out() -> Iterator[tuple[Any, ...]]:
    from torch._C import _MobileOptimizerType

    passes = tuple(_MobileOptimizerType.__members__.values())  # type: ignore[attr-defined]
    yield ()
    yield from ((left,) for left in passes)
    yield passes


@dataclass(frozen=True)
class _Tried:
    """The module after a step; `problem` ends a sentence about the step where it went wrong, and is empty else."""

    module: Any
    problem: str = ""


def _try(step: Callable[[], Any], check: Check) -> _Tried:
    try:
        module = step()
        problem = check(module)
    except Exception as error:
        # Passes raise anything, and the model without them is still worth shipping.
        return _Tried(None, f", which fails: {describe(error)}")
    return _Tried(module, f", which gives a wrong model: {problem}" if problem else "")
