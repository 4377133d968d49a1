"""Which layers of a finished file are far from eager's: it is built once more with every layer's values as outputs.

So its own runtime runs the layers. ExecuTorch has a tool that taps programs alike (devtools.intermediate_output_tap),
and an Inspector, which needs a runtime with an event tracer: its wheel is built without.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pocketfit.exporter.anatomy.losses import Explained, loss, sqnr_db, where, worst_first
from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.state.eager import Loaded, answer, copies
from pocketfit.exporter.state.held import is_script, kept
from pocketfit.exporter.tensors import flatten
from pocketfit.records import LayerLoss

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.builder import Builder, BuildOrder
    from pocketfit.exporter.tensors import Inputs

# Each is kept whole, and written as an output: more would need more memory than the model.
MOST_TAPS = 400
# As good as exact: what a layer's rounding leaves of ordinary values.
BEST_DB = {"fp32": 130.0, "fp16": 70.0}


class Tap(NamedTuple):
    """A value that is kept: the first tensor that goes into a layer's first call, or that comes out of it."""

    layer: str
    is_output: bool


class Plan(NamedTuple):
    """The values to keep, and for each layer where what goes into it and what comes out of it stand in the answer.

    The answer is flat: the model's own outputs, then these values. What goes in is None where the model was given it.
    """

    taps: tuple[Tap, ...]
    layers: dict[str, tuple[int | None, int]]


def explain(order: BuildOrder, builder: Builder, path: Path) -> Explained:
    """Name the layers that lose most in a file as that at `path` is made, on the golden inputs; empty where none does.

    Not in int8, where layers that are quantized as one have no values between them: costs.py of the format knows these.
    """
    if is_script(order.model) or order.spec.how == "script" or order.precision not in BEST_DB:
        return Explained()
    try:
        plan, found_db = measure(order, builder, path)
    except Exception:
        # It is only an explanation: a model may not be built in this form.
        return Explained()
    losses = worst_first(_losses(plan, found_db, BEST_DB[order.precision]))
    return Explained((f"on the golden inputs {where(losses)}",), losses) if losses else Explained()


def measure(order: BuildOrder, builder: Builder, path: Path) -> tuple[Plan, list[float | None]]:
    """The plan, and the SQNR in dB of each value of the answer; raises whatever building raises."""
    import torch

    with kept(order.model), torch.no_grad():
        plan = _plan(order.model, order.inputs)
    tapped = _tapped(order.model, plan)
    with kept(tapped), torch.no_grad():
        expected = [tensor for _, tensor in flatten(tapped(*copies(order.inputs)))]
    actual = _run(order, builder, tapped, path)
    return plan, [_sqnr_db(one, other) for one, other in zip(expected, actual, strict=True)]


def _losses(plan: Plan, found_db: list[float | None], best_db: float) -> Iterator[LayerLoss]:
    for layer, (before, after) in plan.layers.items():
        one = loss(layer, None if before is None else found_db[before], found_db[after], best_db)
        if one:
            yield one


def _run(order: BuildOrder, builder: Builder, tapped: torch.nn.Module, path: Path) -> list[torch.Tensor]:
    """Build the tapped model as the file was built, and give all its outputs, flat."""
    import torch

    def agrees(_: Any) -> None:
        """What a step leaves out where it is wrong is wrong in the file as well: nothing is compared on the way."""

    spec = replace(order.spec, preserve_methods=())
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        again = Path(folder) / path.name
        optimized = builder.optimize(replace(order, model=tapped, spec=spec, careful=agrees, settles=None), agrees)
        builder.save(optimized, again)
        with torch.no_grad():
            return [tensor for _, tensor in answer(Loaded(partial(builder.load, again)), java_inputs(order.inputs))]


def _sqnr_db(one: torch.Tensor, other: torch.Tensor) -> float | None:
    return sqnr_db(one.detach().float(), other.detach().float())


def _plan(model: torch.nn.Module, inputs: Inputs) -> Plan:
    """Run the model once, and choose: a value that is an output, or another layer's, is not kept twice.

    One that is written in place afterwards counts as it is in the end, in eager and in the file alike.
    """
    # All are held: an identity counts for as long as its tensor lives.
    seen: list[tuple[Tap, torch.Tensor]] = []
    given = copies(inputs)
    with _watching(model, lambda tap, tensor: seen.append((tap, tensor))):
        outputs = [tensor for _, tensor in flatten(model(*given))]
    places: dict[int, int | None] = {id(tensor): None for tensor in given}
    places |= {id(tensor): place for place, tensor in enumerate(outputs)}
    taps: list[Tap] = []
    for tap, tensor in seen:
        if id(tensor) not in places:
            places[id(tensor)] = len(outputs) + len(taps)
            taps.append(tap)
    if len(taps) > MOST_TAPS:
        raise ValueError(f"{len(taps)} values are too many")
    return Plan(tuple(taps), _layers(seen, places))


def _layers(seen: list[tuple[Tap, torch.Tensor]], places: dict[int, int | None]) -> dict[str, tuple[int | None, int]]:
    """What goes in and out of each layer; what two layers give, one around the other, is the inner one's."""
    before = {tap.layer: places[id(tensor)] for tap, tensor in seen if not tap.is_output}
    layers: dict[str, tuple[int | None, int]] = {}
    given: set[int] = set()
    for tap, tensor in seen:
        after = places[id(tensor)]
        if tap.is_output and after is not None and after not in given and tap.layer in before:
            given.add(after)
            layers[tap.layer] = (before[tap.layer], after)
    return layers


def _tapped(model: torch.nn.Module, plan: Plan) -> torch.nn.Module:
    """The model, answering with what it answers and the values of the plan."""
    import torch

    class Tapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = copy.deepcopy(model)
            self.training = False

        def forward(self, *given: torch.Tensor) -> Any:
            seen: dict[Tap, torch.Tensor] = {}
            with _watching(self.model, seen.setdefault):
                outputs = self.model(*given)
            return outputs, tuple(seen[tap] for tap in plan.taps)

    return Tapped()


@contextmanager
def _watching(model: torch.nn.Module, see: Any) -> Iterator[None]:
    """Show what goes into each layer's first call, and what comes out of it."""
    called: set[Tap] = set()

    def show(tap: Tap, value: Any) -> None:
        tensor = _first(value)
        if tap not in called and tensor is not None:
            see(tap, tensor)
        called.add(tap)

    handles = []
    for name, layer in model.named_modules():
        if name:
            handles.append(layer.register_forward_pre_hook(partial(_before, show, Tap(name, False))))
            handles.append(layer.register_forward_hook(partial(_after, show, Tap(name, True))))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _before(show: Any, tap: Tap, _layer: Any, given: Any) -> None:
    show(tap, given)


def _after(show: Any, tap: Tap, _layer: Any, _given: Any, output: Any) -> None:
    show(tap, output)


def _first(value: Any) -> torch.Tensor | None:
    """The first tensor of real numbers in a nested value, or None."""
    import torch

    if isinstance(value, torch.Tensor):
        return value if value.is_floating_point() and value.numel() else None
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return next((found for item in items if (found := _first(item)) is not None), None)
