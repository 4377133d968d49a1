"""Inputs of other sizes than the golden ones, which a file must take too: where dimensions vary, or check_inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketfit.records import Dimension, InputSpec, ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

FROM_SHAPE = 'take lengths from x.shape in forward, or set how = "script"'


@dataclass(frozen=True)
class OtherInputs:
    """Inputs, how a sentence calls them, and what to do where forward does not take them, or a file does not."""

    inputs: Inputs
    name: str
    remedy: str
    remedy_of_file: str = ""


def dimensions_of(inputs: Sequence[InputSpec] | str | None) -> dict[str, Dimension]:
    """The dimensions that may vary, by their names."""
    specs = () if inputs is None or isinstance(inputs, str) else inputs
    return {one.name: one for spec in specs for one in spec.dimensions if one.min < one.max}


def sizes_of(dimensions: dict[str, Dimension]) -> list[dict[str, int]]:
    """The lengths that a file is compared at: all least, all between, all largest; of several also one of each kind."""
    names = list(dimensions.values())
    between = {one.name: (one.min + one.max) // 2 for one in names}
    mixed = {one.name: one.max if index % 2 else one.min for index, one in enumerate(names)}
    sizes = [{one.name: one.min for one in names}, between, {one.name: one.max for one in names}]
    return [size for index, size in enumerate([*sizes, mixed]) if size and size not in [*sizes, mixed][:index]]


def other_sizes(spec: ModelSpec, golden: Inputs) -> tuple[OtherInputs, ...]:
    """The golden inputs in all sizes but their own, cut or repeated: so that values stay those that forward takes."""
    specs = spec.inputs if isinstance(spec.inputs, tuple) else ()
    shapes = [tensor.shape for tensor in golden]
    others = []
    for size in sizes_of(dimensions_of(specs)):
        resized = tuple(_resized(tensor, one.dimensions, size) for tensor, one in zip(golden, specs, strict=True))
        if [tensor.shape for tensor in resized] != shapes:
            named = ", ".join(f"{name} = {length}" for name, length in size.items())
            remedy = f"change min or max of {' or '.join(size)} in inputs"
            others.append(OtherInputs(resized, f"inputs with {named}", remedy, FROM_SHAPE))
    return tuple(others)


def told_sizes(spec: ModelSpec, golden: Inputs) -> tuple[str, ...]:
    """Say between which lengths dimensions may vary, and at which a file was compared."""
    specs = spec.inputs if isinstance(spec.inputs, tuple) else ()
    dimensions = dimensions_of(specs)
    lengths = {name: {size[name] for size in sizes_of(dimensions)} for name in dimensions}
    for tensor, one in zip(golden, specs, strict=bool(specs)):
        for dimension in one.dimensions:
            lengths.get(dimension.name, set()).add(tensor.shape[dimension.axis])
    return tuple(
        f"{one.name} may be {one.min} to {one.max}: compared with eager at {', '.join(map(str, sorted(lengths[name])))}"
        for name, one in dimensions.items()
    )


def _resized(tensor: torch.Tensor, dimensions: tuple[Dimension, ...], size: dict[str, int]) -> torch.Tensor:
    import torch

    for one in dimensions:
        if one.name in size:
            tensor = tensor.index_select(one.axis, torch.arange(size[one.name]) % tensor.shape[one.axis])
    return tensor
