"""A network as torch.fx should see it to quantize it for the qnnpack engine, around what that engine does wrongly."""

from __future__ import annotations

import copy
import operator
import re
from collections.abc import Callable, Container, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.samples.constants import of_one_value
from pocketfit.exporter.samples.extremes import nodes_with_extremes

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

ENGINE = "qnnpack"
# Operators whose result is no view.
MAKES = {
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.matmul,
    "add",
    "sub",
    "mul",
    "div",
    "float",
}


def fuse(model: torch.nn.Module, inputs: Inputs, batches: Sequence[Inputs]) -> Any:
    """`model`, which is changed, as a graph of fused layers to be prepared; raises whatever torch.fx does.

    Nothing is quantized that makes or takes values on `inputs` for which 8 bits have no range, or of which `batches`
    tell none.
    """
    from torch.ao.quantization.quantize_fx import fuse_fx

    _cap_instead_of_relu6(model)
    fused = fuse_fx(model, backend_config=backend_config())
    _pass_on_writes(fused)
    _part_activations(fused)
    _keep_in_fp32(fused)
    _keep_extremes_in_fp32(fused, inputs, of_one_value(inputs, batches))
    return fused


def _pass_on_writes(fused: Any) -> None:
    """Let what reads a tensor after `x.clamp_(0, 1)`, a statement by itself, read its result: quantized or not, x may
    be another tensor by then. Only of tensors that an operator or a layer has just made: others may be views.
    """
    places = {node: place for place, node in enumerate(fused.graph.nodes)}
    for node in fused.graph.nodes:
        if node.op != "call_method" or node.users or not re.fullmatch(r"[a-z]\w*[a-z0-9]_", node.target):
            continue
        written = node.args[0]
        if written.op == "call_module" or written.target in MAKES:
            for reader in [reader for reader in written.users if places[reader] > places[node]]:
                reader.replace_input_with(written, node)
    fused.recompile()


def _keep_extremes_in_fp32(fused: Any, inputs: Inputs, constants: Container[int]) -> None:
    """Hide what has to do with masks of -inf and the like in modules that torch.fx does not look into."""
    for number, node in enumerate(nodes_with_extremes(fused, inputs, constants)):
        match node.op:
            case "call_module":
                what = fused.get_submodule(node.target)
            case "call_method":
                what = partial(_call_method, node.target)
            case "call_function":
                what = node.target
            case _:
                continue
        name = f"in_fp32_{number}"
        fused.add_submodule(name, hidden()(what))
        node.op, node.target = "call_module", name
    fused.recompile()


def _call_method(name: str, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(tensor, name)(*args, **kwargs)


@cache
def hidden() -> type[torch.nn.Module]:
    """The class of modules that torch.fx is told not to look into; it calls whatever it was made of."""
    import torch

    class Hidden(torch.nn.Module):
        def __init__(self, what: Callable[..., Any]) -> None:
            super().__init__()
            self.what = what
            self.training = False

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return self.what(*args, **kwargs)

    return Hidden


def backend_config() -> Any:
    """The engine's own, less convolutions in 3-D, which it has no kernel for: they stay in fp32."""
    import torch
    from torch.ao.quantization.backend_config import BackendConfig, get_qnnpack_backend_config

    nn, functional = torch.nn, torch.nn.functional
    left_out = {nn.Conv3d, functional.conv3d, nn.ConvTranspose3d}
    configs = [config for config in get_qnnpack_backend_config().configs if not left_out & _parts(config.pattern)]
    return BackendConfig(ENGINE).set_backend_pattern_configs(configs)


def _parts(pattern: Any) -> set[Any]:
    if not isinstance(pattern, tuple):
        return {pattern}
    return set().union(*map(_parts, pattern))


def _cap_instead_of_relu6(model: torch.nn.Module) -> None:
    """ReLU6 as ReLU, which fuses with what is before it; while calibrating, nothing above 6 leaves it.

    Its observer then sees values from 0 to 6, so the quantized output ends at 6 at the latest: that is ReLU6 again.
    """
    import torch

    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is torch.nn.ReLU6:
                cap = torch.nn.ReLU().train(child.training)
                cap.register_forward_hook(_at_most_6)
                setattr(parent, name, cap)


def _at_most_6(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
    return output.clamp(max=6)


def _part_activations(fused: torch.nn.Module) -> None:
    """Give each fused layer an activation of its own: resnet18 uses one for two, which preparing can't tell apart."""
    from torch.ao.nn.intrinsic import _FusedModule

    for module in list(fused.modules()):
        if isinstance(module, _FusedModule):
            for name, child in list(module.named_children())[1:]:
                setattr(module, name, copy.deepcopy(child))


def _keep_in_fp32(fused: Any) -> None:
    """Every clamp that is not part of another layer, and PReLU, by other names, under which torch.fx leaves them alone.

    The engine's own clamp and prelu take a channels_last tensor, which is what its convolutions return, for a
    contiguous one: mobilenet_v2 computed nonsense (pytorch#46077 mended the engine's other activations). And
    pytorch_android_lite 1.12.2 has no quantized::prelu.
    """
    import torch

    modules, graph = dict(fused.named_modules()), fused.graph
    for node in list(graph.nodes):
        if not node.users:
            # It may write in place all the same.
            continue
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        with graph.inserting_after(node):
            if bounds := _bounds(node, module):
                other = graph.call_function(torch.clip, (node.args[0], *bounds))
            elif node.target is torch.prelu:
                other = graph.call_function(torch.ops.aten.prelu, node.args, node.kwargs)
            elif type(module) is torch.nn.PReLU:
                weight = graph.get_attr(f"{node.target}.weight")
                with graph.inserting_after(weight):
                    other = graph.call_function(torch.ops.aten.prelu, (node.args[0], weight))
            else:
                continue
        node.replace_all_uses_with(other)
        graph.erase_node(node)
    fused.recompile()


def _bounds(node: Any, module: Any) -> tuple[Any, Any] | None:
    """The bounds that a node clamps its first argument to, or None where it does something else."""
    import torch

    nn, functional = torch.nn, torch.nn.functional
    if type(module) in (nn.Hardtanh, nn.ReLU6):
        return module.min_val, module.max_val
    if type(module) is nn.ReLU and _at_most_6 in module._forward_hooks.values():
        # It was not fused; a ReLU of its own keeps the scale of its input, which may go beyond 6.
        return 0.0, 6.0
    if node.target in (functional.relu6, "relu6"):
        return 0.0, 6.0
    if node.target in (functional.hardtanh, functional.hardtanh_):
        return _argument(node, 1, "min_val", -1.0), _argument(node, 2, "max_val", 1.0)
    if node.target in (torch.clamp, "clamp", "clamp_"):
        return _argument(node, 1, "min", None), _argument(node, 2, "max", None)
    return None


def _argument(node: Any, index: int, name: str, default: Any) -> Any:
    return node.args[index] if len(node.args) > index else node.kwargs.get(name, default)
