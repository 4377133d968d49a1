"""The way that the documentation of torch and ExecuTorch shows, and nothing else. Imports nothing of Pocketfit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tests import plain


def export(module: Any, format_name: str, precision: str, file: Path) -> None:
    """Write the file; raises whatever the tools raise."""
    model, inputs = module.build(), plain.copies(module.inputs())
    if format_name == "executorch":
        _executorch(model, inputs, precision, module.batches(), file)
        return
    torch.backends.quantized.engine = "qnnpack"
    if precision == "int8-dynamic":
        kinds = {torch.nn.Linear, torch.nn.LSTM, torch.nn.GRU}
        model = torch.ao.quantization.quantize_dynamic(model, kinds, dtype=torch.qint8)
    if precision == "int8":
        model = _quantized(model, inputs, module.batches())
    script = _with_java_types(module, model, inputs)
    if format_name == "lite":
        script._save_for_lite_interpreter(str(file))
    else:
        script.save(str(file))


def _with_java_types(module: Any, model: Any, inputs: plain.Inputs) -> Any:
    """TorchScript of the model; what takes bool is traced with uint8, which is what Java hands over."""
    if module.HOW == "script":
        return torch.jit.script(model)
    with torch.no_grad():
        given = plain.as_java(plain.copies(inputs))
        # strict=False is what the tracer's own error tells users whose forward returns a dict.
        return torch.jit.trace(_FromJava(model, inputs), given, check_trace=False, strict=False)


class _FromJava(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, inputs: plain.Inputs) -> None:
        super().__init__()
        self.model, self.bools = model, tuple(one.dtype == torch.bool for one in inputs)
        self.train(False)

    def forward(self, *given: torch.Tensor) -> Any:
        return self.model(*(one.bool() if is_bool else one for one, is_bool in zip(given, self.bools, strict=True)))


def _quantized(model: torch.nn.Module, inputs: plain.Inputs, batches: list[plain.Inputs]) -> Any:
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    prepared = prepare_fx(model, get_default_qconfig_mapping("qnnpack"), plain.copies(inputs))
    with torch.no_grad():
        for batch in batches:
            prepared(*plain.copies(batch))
    return convert_fx(prepared)


class _HalfInside(torch.nn.Module):
    """Half precision between doors of float32: what an app has is float32."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *given: torch.Tensor) -> Any:
        answer = self.model(*(one.half() if one.dtype == torch.float32 else one for one in given))
        return torch.utils._pytree.tree_map_only(
            torch.Tensor, lambda one: one.float() if one.dtype == torch.float16 else one, answer
        )


def _executorch(
    model: torch.nn.Module, inputs: plain.Inputs, precision: str, batches: list[plain.Inputs], file: Path
) -> None:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    if precision == "fp16":
        model = _HalfInside(model.half()).eval()
    inputs = tuple(one.contiguous() for one in inputs)
    program = torch.export.export(model, inputs, strict=False)
    if precision.startswith("int8"):
        program = torch.export.export(_annotated(program.module(), inputs, precision, batches), inputs)
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    file.write_bytes(lowered.to_executorch().buffer)


def _annotated(captured: Any, inputs: plain.Inputs, precision: str, batches: list[plain.Inputs]) -> Any:
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    dynamic = precision == "int8-dynamic"
    quantizer = XNNPACKQuantizer().set_global(
        get_symmetric_quantization_config(is_per_channel=True, is_dynamic=dynamic)
    )
    prepared = prepare_pt2e(captured, quantizer)
    with torch.no_grad():
        for batch in batches:
            prepared(*plain.copies(batch))
    return convert_pt2e(prepared)
