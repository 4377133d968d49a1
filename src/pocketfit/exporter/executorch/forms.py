"""Operators as ExecuTorch's XNNPACK backend expects them to be written (seen with ExecuTorch 1.3.1)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.builder import Step

if TYPE_CHECKING:
    import torch


def contiguous(model: torch.nn.Module) -> Step:
    """The model, or a copy whose weights lie in memory as torch makes them: torch.export keeps strides of others, such
    as channels_last, which the lowering then refuses.
    """

    def strided(module: torch.nn.Module) -> list[torch.Tensor]:
        tensors = chain(module.parameters(), module.buffers())
        return [tensor for tensor in tensors if not (tensor.is_sparse or tensor.is_contiguous())]

    if not strided(model):
        return Step(model)
    copied = copy.deepcopy(model)
    for tensor in strided(copied):
        tensor.data = tensor.data.contiguous()
    return Step(copied, reasons=("weights in channels_last or other strides are made contiguous for ExecuTorch",))


def fill_pools(exported: Any) -> None:
    """Write out, in place, each 2-D pool's kernel and stride.

    `F.max_pool2d(x, 2)` leaves its stride out, which then is the kernel. The partitioner reads two numbers all the same
    and dies of an IndexError.
    """
    import torch

    pools = {torch.ops.aten.max_pool2d.default, torch.ops.aten.avg_pool2d.default}
    for graph_module in exported.graph_module.modules():
        for node in graph_module.graph.nodes if isinstance(graph_module, torch.fx.GraphModule) else ():
            if node.target in pools:
                x, kernel, *rest = node.args
                stride, *others = rest or [node.kwargs.get("stride")]
                node.args = (x, _pair(kernel), _pair(stride or kernel), *map(_paired, others))
                node.kwargs = {key: _paired(value) for key, value in node.kwargs.items() if key != "stride"}


def _pair(numbers: Any) -> list[Any]:
    return list(numbers) * 2 if len(numbers) == 1 else list(numbers)


def _paired(argument: Any) -> Any:
    """A list of one number as two; anything else as it is."""
    return _pair(argument) if isinstance(argument, list | tuple) else argument


def without_prelu(exported: Any) -> Any:
    """The `ExportedProgram`, with PReLUs as what XNNPACK takes wholly.

    Taken as they are they crash in `execute` on 4-D inputs. Decomposed by torch, half of each is left to portable
    kernels, and after a quantized layer XNNPACK stops in `execute`: "Propagating input shapes failed".
    """
    import torch

    prelu = torch.ops.aten.prelu.default
    if not any(node.target == prelu for node in exported.graph.nodes):
        return exported
    return exported.run_decompositions({prelu: _prelu})


def _prelu(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    channels_second = weight.numel() > 1 and x.dim() > 1
    slope = weight.reshape([-1] + [1] * (x.dim() - 2)) if channels_second else weight
    # Not `x.relu() - slope * x.neg().relu()`: XNNPACK makes one kernel of a layer and its relu, though the layer's own
    # output is used too, and in int8 a PReLU with one slope after a linear layer then ends in SIGSEGV.
    below = x.neg().relu()
    return x + below - slope * below


@contextmanager
def written_in_place(model: torch.nn.Module) -> Iterator[None]:
    """Write what is assigned to a buffer meanwhile, `self.h = self.h + x`, into the tensor that was there before.

    Of a module inside of another torch.export drops an assignment without a word.
    """
    before = [(part, dict(part._buffers)) for part in model.modules()]
    yield
    for part, buffers in before:
        for name, old in buffers.items():
            new = part._buffers.get(name)
            if old is None or new is None or new is old or (new.shape, new.dtype) != (old.shape, old.dtype):
                continue
            old.copy_(new)
            part._buffers[name] = old


def without_second_copies(exported: Any) -> Any:
    """The `ExportedProgram`, without copies of what it hands out anyway, such as a buffer's new value.

    Inside of a delegate a copy is nothing, and what XNNPACK computes would leave it twice: "Output node is already in
    the inputs".
    """
    import torch
    from torch.export.graph_signature import TensorArgument

    clone = torch.ops.aten.clone.default

    def handed_out(program: Any) -> list[Any]:
        return list(program.graph.output_node().args[0])

    if not any(getattr(node, "target", None) == clone for node in handed_out(exported)):
        return exported
    # What is written into a buffer is an output from here on.
    functional = exported.run_decompositions({})
    nodes = handed_out(functional)
    for index, (node, spec) in enumerate(zip(nodes, functional.graph_signature.output_specs, strict=True)):
        source = node.args[0] if getattr(node, "target", None) == clone else None
        if source is not None and source.op == "call_function" and source in nodes:
            nodes[index], spec.arg = source, TensorArgument(name=source.name)
    functional.graph.output_node().args = (tuple(nodes),)
    functional.graph.eliminate_dead_code()
    functional.graph_module.recompile()
    return functional


def dequantize_for_each_reader(graph_module: Any) -> Any:
    """Give each node that reads a dequantized value a dequantizing node of its own: a pass over an edge program.

    torchao does so for those that it quantizes. Where one reader is XNNPACK's and another is not, a convolution's value
    would leave its delegate in float32 with its dimensions in the wrong order: "Failed to resize output tensor for
    XNNExecutor", of softplus and mish. So it leaves as it was quantized.
    """
    from executorch.exir.dialects._ops import ops
    from torch.fx.passes.infra.pass_base import PassResult

    dequantize = ops.edge.quantized_decomposed.dequantize_per_tensor.default
    shared = [node for node in graph_module.graph.nodes if node.target == dequantize and len(node.users) > 1]
    for node in shared:
        for reader in list(node.users)[1:]:
            with graph_module.graph.inserting_before(reader):
                reader.replace_input_with(node, graph_module.graph.node_copy(node))
    graph_module.recompile()
    return PassResult(graph_module, bool(shared))


def half_of(model: torch.nn.Module) -> torch.nn.Module:
    """A copy in half precision: also the tensors of float32 that it keeps in attributes, which `.half()` leaves."""
    import torch

    inner = copy.deepcopy(model).half()
    # One that two modules share stays one.
    halves: dict[int, torch.Tensor] = {}
    for module in inner.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float32:
                setattr(module, name, halves.setdefault(id(value), value.half()))
    return inner


def written_inputs(program: Any) -> tuple[int, ...]:
    """Which inputs a lowered program writes into: it answers with them too, as further outputs."""
    signature = program.graph_signature
    names = list(signature.user_inputs)
    return tuple(names.index(name) for name in signature.user_inputs_to_mutate.values())


@contextmanager
def floats_as_half() -> Iterator[None]:
    """Let what forward makes float32 by name, `x.float()` or `dtype=torch.float32`, be half instead."""
    import torch
    from torch.overrides import TorchFunctionMode

    class HalfCasts(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            func = torch.Tensor.half if func is torch.Tensor.float else func
            named = {key: _half(value) for key, value in (kwargs or {}).items()}
            return func(*map(_half, args), **named)

    with HalfCasts():
        yield


def _half(argument: Any) -> Any:
    import torch

    return torch.float16 if argument is torch.float32 else argument
