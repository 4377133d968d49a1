"""The precisions of the TorchScript formats: a quantized copy of a module in eager mode, before it is traced.

`int8` is torch.ao.quantization's FX graph mode for the qnnpack engine, which the Android libraries have, with weights
quantized per channel; `int8-dynamic` quantizes the weights of linear, LSTM and GRU layers alone.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.builder import Step
from pocketfit.exporter.described import describe, gist, some
from pocketfit.exporter.raised.places import at
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import ATTRIBUTE, State, buffers_of, kept, put_buffers
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript.qnnpack import ENGINE, backend_config, fuse, hidden
from pocketfit.exporter.torchscript.weights import read_elsewhere, without_short_cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from pocketfit.exporter.builder import BuildOrder
    from pocketfit.exporter.tensors import Inputs

# The step that quantizes a graph of the whole model.
FX = "quantize_fx"
OWN_READING = "forward reads the weights of its layers itself, and a layer in int8 has none to be read: call the layer"


def use_engine() -> None:
    """Let this process run quantized operators as the Android libraries do, where torch was built for it."""
    import torch

    if ENGINE in torch.backends.quantized.supported_engines:
        torch.backends.quantized.engine = ENGINE


def quantize(order: BuildOrder) -> Step:
    """The module to trace for `order.precision`; raises ModelProblem.

    `order.model` stays as it is.
    """
    import torch

    if order.precision == "fp32":
        return Step(order.model)
    if isinstance(order.model, torch.jit.ScriptModule):
        raise ModelProblem(
            f"{order.spec.source} is TorchScript already, and {order.precision} is made from a module in eager mode: "
            "name a callable that builds it"
        )
    if ENGINE not in torch.backends.quantized.supported_engines:
        raise ModelProblem(f"this torch has no quantized engine {ENGINE}, which the Android libraries use")
    with warnings.catch_warnings():
        # torch.ao.quantization is deprecated in favour of torchao, which makes nothing that TorchScript can hold.
        warnings.simplefilter("ignore")
        return _dynamic(order) if order.precision == "int8-dynamic" else _static(order)


def _copy(model: torch.nn.Module) -> torch.nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise ModelProblem(f"it can't be quantized, since copy.deepcopy fails: {describe(error)}") from error


def _dynamic(order: BuildOrder) -> Step:
    import torch
    from torch.ao.quantization import quantize_dynamic

    nn = torch.nn
    # Exactly these: a subclass has its own forward, which would be lost.
    kinds = (nn.Linear, nn.LSTM, nn.GRU)
    model = _copy(order.model)
    without_short_cuts(model)
    layers = [module for module in model.modules() if type(module) in kinds]
    if not layers:
        reason = "int8-dynamic left all weights in fp32: it is for linear, LSTM and GRU layers, and this model has none"
        return Step(order.model, reasons=(reason,))
    read = read_elsewhere(model, layers, order.inputs)
    if len(read) == len(layers):
        return Step(order.model, reasons=(f"int8-dynamic left all weights in fp32: {OWN_READING}",))
    names = {name for name, module in model.named_modules() if type(module) in kinds and module not in read}
    left = _left_in_fp32(model, read)
    return Step(quantize_dynamic(model, names, dtype=torch.qint8, inplace=True), ("quantize_dynamic",), left)


def _static(order: BuildOrder) -> Step:
    import torch
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.fx.custom_config import PrepareCustomConfig
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    if order.spec.preserve_methods:
        raise ModelProblem("preserve_methods can't be kept in int8: torch.fx, which quantizes, traces forward alone")
    if order.habits.written or order.habits.has_state:
        return _layer_by_layer(order, "torch.fx drops what forward writes into its inputs and buffers")
    model, backend = _copy(order.model), backend_config()
    mapping = get_default_qconfig_mapping(ENGINE).set_global(_qconfig())
    try:
        prepared = prepare_fx(
            fuse(model, order.inputs, order.batches),
            mapping,
            order.inputs,
            prepare_custom_config=PrepareCustomConfig().set_non_traceable_module_classes([hidden()]),
            backend_config=backend,
        )
    except Exception as error:
        # Control flow that depends on data, above all: torch.fx has no concrete values.
        return _layer_by_layer(order, f"torch.fx can't trace it: {describe(error)}")
    if problem := _calibrate(prepared, order):
        # Its observers take no integers or bools, say a mask that something is multiplied by.
        return _layer_by_layer(order, f"it can't be observed by torch.fx: {problem}")
    try:
        converted = convert_fx(prepared, qconfig_mapping=mapping, backend_config=backend)
        with kept(converted), torch.no_grad():
            converted(*copies(order.inputs))
    except Exception as error:
        return _layer_by_layer(order, f"quantized by torch.fx it does not run: {describe(error)}")
    return Step(converted, (FX,))


def _qconfig() -> Any:
    """The engine's own for activations; weights per channel as its own default has them per tensor.

    The engine's kernels want symmetric weights without -128, and scales that are not tiny: torch's general observer
    for weights per channel knows of neither, and cost mobilenet_v3_large 6 to 10 dB.
    """
    import torch
    from torch.ao.quantization import PerChannelMinMaxObserver, QConfig, get_default_qconfig

    weight = PerChannelMinMaxObserver.with_args(
        dtype=torch.qint8,
        qscheme=torch.per_channel_symmetric,
        quant_min=-127,
        quant_max=127,
        eps=2**-12,
    )
    return QConfig(get_default_qconfig(ENGINE).activation, weight)


def _calibrate(prepared: torch.nn.Module, order: BuildOrder) -> str | None:
    """Show the observers every batch; returns why the observed model does not run where the model itself does.

    Raises ModelProblem for a batch that the model does not take.
    """
    import torch

    # Of the model's own, since the observers keep what they saw in theirs.
    start = buffers_of(order.model)
    with torch.no_grad():
        for index, batch in enumerate(order.batches):
            try:
                prepared(*copies(batch))
            except Exception as error:
                if problem := _fails(order.model, batch):
                    raise ModelProblem(f"calibration: forward fails on batch {index}: {problem}") from error
                return describe(error)
    put_buffers(prepared, start)
    return None


def _fails(model: torch.nn.Module, batch: Inputs) -> str | None:
    try:
        with kept(model):
            model(*copies(batch))
    except Exception as error:
        return f"{gist(error)}{at(error)}"
    return None


def _layer_by_layer(order: BuildOrder, problem: str) -> Step:
    """Each convolution and linear layer quantized by itself, in eager mode: fp32 goes in and comes out."""
    import torch
    from torch.ao.quantization import QuantWrapper, convert, prepare

    nn = torch.nn
    model = _copy(order.model)
    without_short_cuts(model)
    layers = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) in (nn.Conv1d, nn.Conv2d, nn.Linear)
    ]
    if not layers:
        raise ModelProblem(f"it can't be quantized: {problem}, and it has no convolution or linear layer as a module")
    read = read_elsewhere(model, [child for _, _, child in layers], order.inputs)
    if len(read) == len({id(child) for _, _, child in layers}):
        raise ModelProblem(f"it can't be quantized: {problem}, and layer by layer neither: {OWN_READING}")
    left = _left_in_fp32(model, read)
    for parent, name, child in layers:
        if child in read:
            continue
        wrapped = QuantWrapper(child)
        wrapped.qconfig = _qconfig()
        setattr(parent, name, wrapped)
    prepared = prepare(model, inplace=True)
    # What forward keeps in attributes; what the observers saw is in buffers of theirs.
    state = State(prepared)
    if further := _calibrate(prepared, order):
        raise ModelProblem(f"it can't be quantized: {problem}, and layer by layer its forward fails: {further}")
    state.restore(ATTRIBUTE)
    reason = (
        f"{problem}; so each convolution and linear layer is quantized by itself, which is slower than a graph in int8"
    )
    return Step(convert(prepared, inplace=True), ("quantize layer by layer",), (reason, *left))


def _left_in_fp32(model: torch.nn.Module, read: Sequence[torch.nn.Module]) -> tuple[str, ...]:
    names = [name for name, module in model.named_modules() if module in read]
    if not names:
        return ()
    return (f"left in fp32: {some(names)}, whose weights forward reads besides calling the layer",)
