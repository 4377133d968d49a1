"""From a module in eager mode to an ExecuTorch program: export, quantize, lower to XNNPACK.

As ExecuTorch's documentation for its XNNPACK backend does it; compared with eager after every step.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.losses import POOR_DB
from pocketfit.exporter.builder import BuildOrder, Optimized, Step
from pocketfit.exporter.executorch import costs, delegation, dynamic, quantize
from pocketfit.exporter.executorch.conv3d import without_conv3d
from pocketfit.exporter.executorch.forms import (
    contiguous,
    dequantize_for_each_reader,
    fill_pools,
    floats_as_half,
    half_of,
    without_prelu,
    without_second_copies,
    written_in_place,
    written_inputs,
)
from pocketfit.exporter.executorch.places import modules_by_place
from pocketfit.exporter.executorch.plain_names import make_plain
from pocketfit.exporter.executorch.problems import not_exported, not_lowered
from pocketfit.exporter.importing.uncollected import uncollected
from pocketfit.exporter.java_types import has_bools, java_inputs, java_reasons, with_java_types
from pocketfit.exporter.samples.constants import of_one_value
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import ATTRIBUTE, BUFFER, PARAMETER, State, kept
from pocketfit.exporter.tensors import ModelProblem, flatten
from pocketfit.records import LayerLoss

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.builder import Check, Layers
    from pocketfit.exporter.tensors import Inputs
    from pocketfit.records import ModelSpec

UNROLLED = (
    "ExecuTorch unrolls recurrent layers, one copy for each time step: "
    "try a shorter sequence in inputs, or format lite, which keeps the loop"
)

KEEPS_LOOP = "torch.export unrolls recurrent layers, over one length: formats lite and torchscript keep the loop"


def optimize(order: BuildOrder, check: Check) -> Optimized:
    """The program's bytes; raises ModelProblem where a step can't be done or computes something else."""
    reasons = list(java_reasons(order.inputs))
    if order.spec.preserve_methods:
        reasons.append("preserve_methods applies to TorchScript only: a .pte has forward alone")
    hint = UNROLLED if _is_recurrent(order.model) else ""
    order.enter("importing executorch", "")
    with uncollected():
        import_module("executorch.exir")
    order.enter("exporting by torch.export", hint)
    # An app hands over contiguous tensors, however the example lies in memory.
    inputs = tuple(tensor.contiguous() for tensor in java_inputs(order.inputs))
    plain = contiguous(order.model)
    flat = without_conv3d(plain.module)
    reasons += (*plain.reasons, *flat.reasons)
    try:
        exported, said = _exported(flat.module, order, inputs)
        reasons += said
    except ModelProblem as problem:
        # numpy and `.data` write past torch.export, whose own words are of tensors that the model has not.
        loop = KEEPS_LOOP if hint and dynamic.shapes_of(order.spec) else ""
        raise ModelProblem("; ".join(filter(None, [str(problem), order.habits.writing, loop]))) from problem
    _agree(exported.module(), check, "exported program")
    steps = ["torch.export"]
    losses: tuple[LayerLoss, ...] = ()
    if order.precision.startswith("int8"):
        order.enter("quantizing", hint)
        quantized = _quantized(exported, order, inputs, check)
        reasons += quantized.reasons
        steps += quantized.names
        losses = quantized.losses
        if quantized.names:
            exported = _export(quantized.module, order.spec, inputs)
    elif order.precision == "fp16":
        steps.insert(0, "half inside")
    order.enter("lowering", hint)
    edge, program, layers = _lower(exported)
    if missed := written_inputs(edge.exported_program()):
        # The golden inputs do not show it, say `clamp_` of what is in its bounds. Told of it, the doors copy them.
        written = tuple(sorted({*order.habits.written, *missed}))
        return optimize(replace(order, habits=replace(order.habits, written=written)), check)
    delegated, ops = delegation.count(edge.exported_program())
    reasons += delegation.reasons(delegated)
    # The model is held by a module that makes outputs flat, and by one more where it takes bools.
    places = modules_by_place(edge.exported_program(), program, 2 if has_bools(order.inputs) else 1)
    made, recipe = bytes(program.buffer), (*steps, "XNNPACK")
    return Optimized(made, recipe, tuple(reasons), ops, delegated, layers, losses=losses, places=places)


def _quantized(exported: Any, order: BuildOrder, inputs: Inputs, check: Check) -> Step:
    """The exported model in int8, with what it costs where that is much; raises ModelProblem where it is too much."""
    batches = tuple(java_inputs(batch) for batch in order.batches) or (inputs,)
    dynamic = order.precision == "int8-dynamic"
    constants = () if dynamic else of_one_value(order.inputs, order.batches)
    module = quantize.quantize(exported, batches, dynamic=dynamic, constants=constants)
    if module is None:
        what = quantize.WHAT[order.precision]
        return Step(exported, reasons=(f"nothing to quantize: {order.precision} is for {what}",))
    reference = partial(quantize.unquantized, exported, batches, dynamic=dynamic, constants=constants)
    explain = partial(costs.explain, order, inputs, exported, reference, module)
    if problem := check(module):
        cause = explain()
        why = "".join(f"; {one}" for one in cause.reasons)
        raise ModelProblem(f"the quantized model does not compute what eager does: {problem}{why}", cause.losses)
    poor = explain(POOR_DB)
    return Step(module, (f"PT2E {order.precision}, per channel",), poor.reasons, poor.losses)


def _with_doors(model: torch.nn.Module, order: BuildOrder, *, casts_to_half: bool = False) -> torch.nn.Module:
    """The model as an app calls it: types that Java has go in, and a flat tuple of such tensors comes out.

    The order is that of tensors.flatten, as the manifest lists them, and numbers are tensors. In fp16 all inside is
    half, while float32 stays at the doors; `casts_to_half`: also what forward makes float32 itself.
    """
    import torch

    half = order.precision == "fp16"
    inner = with_java_types(half_of(model) if half else model, order.inputs)

    class Doors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = inner
            # Not eval(): what was loaded from a .pt2 refuses to be told, and is in its mode for good.
            self.training = False

        def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
            # A program answers with what it wrote into an input too, as one more output.
            own = [one.clone() if index in order.habits.written else one for index, one in enumerate(given)]
            taken = [one.half() if half and one.dtype == torch.float32 else one for one in own]
            with written_in_place(self.model), floats_as_half() if casts_to_half else nullcontext():
                outputs = [one for _, one in flatten(self.model(*taken))]
            return tuple(one.float() if half and one.dtype == torch.float16 else one for one in outputs)

    return Doors()


def _exported(model: torch.nn.Module, order: BuildOrder, inputs: Inputs) -> tuple[Any, tuple[str, ...]]:
    """The model with its doors, and what a reader should know of it; raises ModelProblem."""
    try:
        exported = without_prelu(_export(_with_doors(model, order), order.spec, inputs))
        if order.precision != "fp16" or not _mixes_dtypes(exported, inputs):
            return exported, ()
    except ModelProblem as problem:
        if order.precision != "fp16" or "Half" not in str(problem):
            raise
    again = without_prelu(_export(_with_doors(model, order, casts_to_half=True), order.spec, inputs))
    if _mixes_dtypes(again, inputs):
        raise ModelProblem(
            "in fp16 weights are half, and forward has float32 beside them: of integers, say `x / 255`, where "
            "`x.float() / 255` is made half too, or from outside of its buffers and attributes; else use fp32"
        )
    return again, ("what forward makes float32 itself, `x.float()` or the like, is half too",)


def _mixes_dtypes(exported: Any, inputs: Inputs) -> bool:
    """Say whether float32 meets half where an operator takes one of them: torch.export does not mind."""
    import torch

    # It has the program's own buffers, which a call may write to.
    module = exported.module()
    try:
        with kept(module), torch.no_grad():
            module(*copies(inputs))
    except RuntimeError as error:
        return "Half" in str(error)
    return False


def _export(module: torch.nn.Module, spec: ModelSpec, inputs: Inputs) -> Any:
    import torch

    varying = dynamic.of_module(dynamic.shapes_of(spec), module)

    def export() -> Any:
        return torch.export.export(module, copies(inputs), dynamic_shapes=varying)

    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise ModelProblem(
            "the model is, or contains, TorchScript, which torch.export does not take: "
            "return the nn.Module that it was traced or scripted from"
        )
    try:
        with kept(module), torch.no_grad():
            return export()
    except Exception as error:
        first = error
    with kept(module), torch.no_grad():
        if problem := dynamic.violated(first, spec, export):
            raise problem from first
    with kept(module) as state, torch.no_grad():
        if not _keeps_tables(module, inputs, state):
            raise not_exported(first) from first
        try:
            return export()
        except Exception as error:
            raise dynamic.violated(error, spec, export) or not_exported(error) from error


def _keeps_tables(module: torch.nn.Module, inputs: Inputs, state: State) -> bool:
    """True where forward makes attributes, such as a grid or a table, that torch.export takes once they are there.

    They are there then; buffers are as they were. Whether they are tables or a state shows in what is compared.
    """
    try:
        module(*copies(inputs))
    except Exception:
        return False
    state.restore(BUFFER, PARAMETER)
    return any(one.kind == ATTRIBUTE for one in state.changed())


def _agree(module: Any, check: Check, name: str) -> None:
    if problem := check(module):
        raise ModelProblem(f"the {name} does not compute what eager does: {problem}", disagrees=True)


def _lower(exported: Any) -> tuple[Any, Any, Layers]:
    """The lowered graph, whose delegates still hold what they took, the program, and who calls each of its kernels.

    Both are managers of ExecuTorch's.
    """
    from executorch.backends.xnnpack.partition.config import ALL_PARTITIONER_CONFIGS
    from executorch.backends.xnnpack.partition.config.node_configs import PreluConfig
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from executorch.runtime import Runtime

    # Seen with ExecuTorch 1.3.1: a PReLU that XNNPACK takes crashes in `execute` on 4-D inputs, and is refused on 2-D.
    # None should be left (forms.py).
    configs = [config for config in ALL_PARTITIONER_CONFIGS if config is not PreluConfig]
    exported = without_second_copies(exported)
    make_plain(exported)
    fill_pools(exported)
    try:
        edge = to_edge_transform_and_lower(
            exported, [dequantize_for_each_reader], partitioner=[XnnpackPartitioner(configs=configs)]
        )
        program = edge.to_executorch()
    except Exception as error:
        raise not_lowered(error) from error
    known = Runtime.get().operator_registry.operator_names
    layers = delegation.layers(program.exported_program())
    if missing := sorted(layers.keys() - known):
        where = (f"{name} (in {layers[name][0]})" for name in missing)
        raise ModelProblem(f"ExecuTorch's runtime has no kernel for {', '.join(where)}")
    return edge, program, layers


def _is_recurrent(model: torch.nn.Module) -> bool:
    from torch.nn import RNNBase, RNNCellBase

    return any(isinstance(part, RNNBase | RNNCellBase) for part in model.modules())
