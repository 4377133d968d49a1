"""int8 by torchao's PT2E with ExecuTorch's quantizer for XNNPACK: symmetric, weights per channel."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import describe
from pocketfit.exporter.samples.extremes import nodes_with_extremes
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import buffers_of, put_buffers
from pocketfit.exporter.tensors import ModelProblem

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs

# An operator that writes into its first argument.
WRITES = re.compile(r"aten\.\w+_\.\w+")
# Where torchao keeps what a quantizer wants done to a node.
ANNOTATION = "quantization_annotation"
WHAT = {
    "int8": "convolutions and linear layers, and this model has none that the quantizer for XNNPACK takes",
    "int8-dynamic": "linear layers and those inside LSTM, GRU and RNN, and this model has none",
}


def quantize(exported: Any, batches: Sequence[Inputs], *, dynamic: bool, constants: Container[int] = ()) -> Any | None:
    """The quantized module, or None where nothing in it is; the ranges of activations come from `batches`.

    What reads the inputs at the places `constants` stays in fp32, see constants.py.

    `dynamic`: linear layers only, whose activations get their ranges at run time. Raises ModelProblem.
    """
    import torch
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e

    try:
        with torch.no_grad():
            prepared, own = _prepare(exported, batches, dynamic=dynamic, constants=constants)
            start = {name: values for name, values in buffers_of(prepared).items() if name in own}
            for batch in batches:
                prepared(*copies(batch))
            put_buffers(prepared, start)
            module = convert_pt2e(prepared)
            # It folds constants by running what takes no input, such as a counter's `add_`.
            put_buffers(module, start)
    except Exception as error:
        raise ModelProblem(f"quantizing fails: {describe(error)}") from error
    return module if any("quantize_per_" in str(node.target) for node in module.graph.nodes) else None


def unquantized(exported: Any, batches: Sequence[Inputs], *, dynamic: bool, constants: Container[int] = ()) -> Any:
    """What quantize made, in fp32: of the same layers, by the same names."""
    return _prepare(exported, batches, dynamic=dynamic, constants=constants)[0]


def _prepare(
    exported: Any, batches: Sequence[Inputs], *, dynamic: bool, constants: Container[int]
) -> tuple[Any, set[str]]:
    """The module with observers, and the names of the buffers that are the model's own."""
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import prepare_pt2e

    config = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=dynamic)

    class Quantizer(XNNPACKQuantizer):
        def annotate(self, model: Any) -> Any:
            model = super().annotate(model)
            _measure_after_clamps(model)
            # A range that reaches to a mask of -inf has no steps left for the values beside it.
            for node in (*nodes_with_extremes(model, batches[0], constants), *_readers_of_state(model)):
                node.meta.pop(ANNOTATION, None)
            return model

    quantizer = Quantizer()
    if dynamic:
        # Told for all, it takes lone convolutions too, but not those before a ReLU.
        quantizer.set_operator_type(torch.ops.aten.linear.default, config)
    else:
        quantizer.set_global(config)
    module = _without_recurrent_operators(exported).module() if dynamic else exported.module()
    own = set(buffers_of(module))
    return prepare_pt2e(module, quantizer), own


def _readers_of_state(graph_module: Any) -> list[Any]:
    """The nodes that read a buffer which the graph writes, or what is made of such alone.

    Quantized, torchao would take that for a constant, and make it one.
    """
    nodes = graph_module.graph.nodes
    called = [node for node in nodes if node.op == "call_function"]
    written = {
        str(node.args[0].target)
        for node in called
        if WRITES.fullmatch(str(node.target)) and node.args[0].op == "get_attr"
    }
    fixed = {node for node in nodes if node.op == "get_attr"}
    state = {node for node in fixed if node.target in written}
    for node in called:
        if fixed.issuperset(node.all_input_nodes):
            fixed.add(node)
            if state.intersection(node.all_input_nodes):
                state.add(node)
    return [node for node in called if state.intersection(node.all_input_nodes)]


def _measure_after_clamps(graph_module: Any) -> None:
    """Give a convolution or linear layer the range of the ReLU6 after it, into which XNNPACK fuses both.

    ExecuTorch's quantizer does so for ReLU alone. Before a clamp the range is wider than what is left of it, and its
    steps are coarser: a layer that reaches ten times the clamp loses 7 dB.
    """
    import torch

    aten = torch.ops.aten
    clamps = {aten.hardtanh.default, aten.hardtanh_.default, aten.relu6.default, aten.relu6_.default}
    layers = {aten.conv1d.default, aten.conv2d.default, aten.linear.default}
    for node in graph_module.graph.nodes:
        layer = node.args[0] if node.target in clamps else None
        if layer is None or layer.target not in layers or len(layer.users) > 1 or ANNOTATION not in layer.meta:
            continue
        before = layer.meta[ANNOTATION]
        if before.output_qspec is None:
            continue
        node.meta[ANNOTATION] = type(before)(output_qspec=before.output_qspec, _annotated=True)
        before.output_qspec = None


def _without_recurrent_operators(exported: Any) -> Any:
    """The quantizer knows linear layers, not the operators of whole LSTMs that are made of them."""
    import torch
    from torch._decomp import get_decompositions

    aten = torch.ops.aten
    recurrent = [aten.lstm.input, aten.gru.input, aten.rnn_tanh.input, aten.rnn_relu.input]
    if not any(node.target in recurrent for node in exported.graph.nodes):
        return exported
    return exported.run_decompositions(get_decompositions(recurrent))
