"""The precisions of the TorchScript formats: a quantized copy of a module in eager mode, before it is traced.

`int8` is torch.ao.quantization's FX graph mode for the qnnpack engine, which the Android libraries have, with weights
quantized per channel; `int8-dynamic` quantizes the weights of linear, LSTM and GRU layers alone.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pocketfit.source import describe
from pocketfit.tensors import ModelProblem

if TYPE_CHECKING:
    import torch

    from pocketfit.backends.base import Inputs, Wanted

ENGINE = "qnnpack"


def use_engine() -> None:
    """Let this process run quantized operators as the Android libraries do, where torch was built for it."""
    import torch

    if ENGINE in torch.backends.quantized.supported_engines:
        torch.backends.quantized.engine = ENGINE


def quantize(wanted: Wanted) -> tuple[torch.nn.Module, tuple[str, ...], tuple[str, ...]]:
    """The module to trace for `wanted.precision`, the step for its recipe, and reasons; raises ModelProblem.

    `wanted.model` stays as it is.
    """
    import torch

    if wanted.precision == "fp32":
        return wanted.model, (), ()
    if isinstance(wanted.model, torch.jit.ScriptModule):
        raise ModelProblem(
            f"{wanted.spec.source} is TorchScript already, and {wanted.precision} is made from a module in eager mode: "
            "name a callable that builds it"
        )
    if ENGINE not in torch.backends.quantized.supported_engines:
        raise ModelProblem(f"this torch has no quantized engine {ENGINE}, which the Android libraries use")
    with warnings.catch_warnings():
        # torch.ao.quantization is deprecated in favour of torchao, which makes nothing that TorchScript can hold.
        warnings.simplefilter("ignore")
        return _dynamic(wanted) if wanted.precision == "int8-dynamic" else _static(wanted)


def _copy(model: torch.nn.Module) -> torch.nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise ModelProblem(f"it can't be quantized, since copy.deepcopy fails: {describe(error)}") from error


def _dynamic(wanted: Wanted) -> tuple[torch.nn.Module, tuple[str, ...], tuple[str, ...]]:
    import torch
    from torch.ao.quantization import quantize_dynamic

    nn = torch.nn
    # Exactly these: a subclass has its own forward, which would be lost.
    kinds = {nn.Linear, nn.LSTM, nn.GRU}
    if not any(type(module) in kinds for module in wanted.model.modules()):
        reason = "int8-dynamic left all weights in fp32: it is for linear, LSTM and GRU layers, and this model has none"
        return wanted.model, (), (reason,)
    return quantize_dynamic(_copy(wanted.model), kinds, dtype=torch.qint8, inplace=True), ("quantize_dynamic",), ()


def _static(wanted: Wanted) -> tuple[torch.nn.Module, tuple[str, ...], tuple[str, ...]]:
    import torch
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, fuse_fx, prepare_fx

    if wanted.spec.preserve_methods:
        raise ModelProblem("preserve_methods can't be kept in int8: torch.fx, which quantizes, traces forward alone")
    model, backend = _copy(wanted.model), _backend_config()
    mapping = get_default_qconfig_mapping(ENGINE).set_global(_qconfig())
    _cap_instead_of_relu6(model)
    try:
        fused = fuse_fx(model, backend_config=backend)
        _part_activations(fused)
        _keep_in_fp32(fused)
        prepared = prepare_fx(fused, mapping, wanted.inputs, backend_config=backend)
    except Exception as error:
        # Control flow that depends on data, above all: torch.fx has no concrete values.
        return _layer_by_layer(wanted, f"torch.fx can't trace it: {describe(error)}")
    if problem := _calibrate(prepared, wanted):
        # Its observers take no integers or bools, say a mask that something is multiplied by.
        return _layer_by_layer(wanted, f"it can't be observed by torch.fx: {problem}")
    try:
        converted = convert_fx(prepared, qconfig_mapping=mapping, backend_config=backend)
        with torch.no_grad():
            converted(*wanted.inputs)
    except Exception as error:
        return _layer_by_layer(wanted, f"quantized by torch.fx it does not run: {describe(error)}")
    return converted, ("quantize_fx",), ()


def _qconfig() -> Any:
    """The engine's own for activations; weights per channel."""
    from torch.ao.quantization import QConfig, default_per_channel_weight_observer, get_default_qconfig

    return QConfig(get_default_qconfig(ENGINE).activation, default_per_channel_weight_observer)


def _backend_config() -> Any:
    """What the engine quantizes, less convolutions in 3-D, which it has no kernel for: they stay in fp32."""
    import torch
    from torch.ao.quantization.backend_config import BackendConfig, get_qnnpack_backend_config

    nn, functional = torch.nn, torch.nn.functional
    left_out = {nn.Conv3d, functional.conv3d, nn.ConvTranspose3d}
    configs = [one for one in get_qnnpack_backend_config().configs if not left_out & _parts(one.pattern)]
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
    """Between what a node clamps its first argument, or None where it does something else."""
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
        return _given(node, 1, "min_val", -1.0), _given(node, 2, "max_val", 1.0)
    if node.target in (torch.clamp, "clamp", "clamp_"):
        return _given(node, 1, "min", None), _given(node, 2, "max", None)
    return None


def _given(node: Any, place: int, name: str, default: Any) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)


def _calibrate(prepared: Callable[..., Any], wanted: Wanted) -> str | None:
    """Show the observers every batch; returns why the observed model does not run where the model itself does.

    Raises ModelProblem for a batch that the model does not take.
    """
    import torch

    with torch.no_grad():
        for index, batch in enumerate(wanted.batches):
            try:
                prepared(*batch)
            except Exception as error:
                if problem := _fails(wanted.model, batch):
                    raise ModelProblem(f"calibration: forward fails on batch {index}: {problem}") from error
                return describe(error)
    return None


def _fails(model: Callable[..., Any], batch: Inputs) -> str | None:
    try:
        model(*batch)
    except Exception as error:
        return describe(error)
    return None


def _layer_by_layer(wanted: Wanted, problem: str) -> tuple[torch.nn.Module, tuple[str, ...], tuple[str, ...]]:
    """Each convolution and linear layer quantized by itself, in eager mode: fp32 goes in and comes out."""
    import torch
    from torch.ao.quantization import QuantWrapper, convert, prepare

    nn = torch.nn
    model = _copy(wanted.model)
    layers = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) in (nn.Conv1d, nn.Conv2d, nn.Linear)
    ]
    if not layers:
        raise ModelProblem(f"it can't be quantized: {problem}, and it has no convolution or linear layer as a module")
    for parent, name, child in layers:
        wrapped = QuantWrapper(child)
        wrapped.qconfig = _qconfig()
        setattr(parent, name, wrapped)
    prepared = prepare(model, inplace=True)
    if further := _calibrate(prepared, wanted):
        raise ModelProblem(f"it can't be quantized: {problem}, and layer by layer its forward fails: {further}")
    reason = (
        f"{problem}; so each convolution and linear layer is quantized by itself, which is slower than a graph in int8"
    )
    return convert(prepared, inplace=True), ("quantize layer by layer",), (reason,)
