"""A model without what training left around it: torch.compile, weight and spectral norms, parametrizations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.tensors import ModelProblem

if TYPE_CHECKING:
    import torch


def uncompiled(model: torch.nn.Module) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """The model as it was before torch.compile, and a sentence that says so."""
    # It takes a second to import, and without it nothing was compiled.
    if "torch._dynamo" not in sys.modules:
        return model, ()
    from torch._dynamo import OptimizedModule

    found = 0
    while isinstance(model, OptimizedModule):
        model, found = model._orig_mod, found + 1
    for part in list(model.modules()):
        for name, child in part.named_children():
            if isinstance(child, OptimizedModule):
                part._modules[name] = child._orig_mod
                found += 1
        # What Module.compile() leaves.
        if getattr(part, "_compiled_call_impl", None) is not None:
            part._compiled_call_impl = None
            found += 1
    found += _uncompile_functions(model)
    return model, ("torch.compile was taken off: what it compiles does not run on a phone",) if found else ()


def _uncompile_functions(model: torch.nn.Module) -> int:
    """Put back what @torch.compile stands on: methods of the model's classes, and functions beside these."""
    found = 0
    classes = {kind for part in model.modules() for kind in type(part).__mro__ if not _is_torchs(kind.__module__)}
    holders = [*classes, *(sys.modules[kind.__module__] for kind in classes if kind.__module__ in sys.modules)]
    for holder in holders:
        for name, value in list(vars(holder).items()):
            original = getattr(value, "_torchdynamo_orig_callable", None)
            if isinstance(value, FunctionType) and original is not None:
                setattr(holder, name, original)
                found += 1
    return found


def _is_torchs(module: str) -> bool:
    """Say whether a module of this name is torch's own, or Python's root of all classes."""
    return module.partition(".")[0] in ("torch", "builtins")


def with_own_tensors(model: torch.nn.Module) -> None:
    """Copy weights that were made in torch.inference_mode, in place: no export may set anything of these."""
    import torch
    from torch.nn.parameter import is_lazy

    if isinstance(model, torch.jit.ScriptModule):
        return
    copies: dict[int, torch.Tensor] = {}
    for part in model.modules():
        for tensors in (part._parameters, part._buffers):
            for name, tensor in tensors.items():
                if tensor is None or is_lazy(tensor) or not tensor.is_inference():
                    continue
                # Weights that are tied stay so.
                if id(tensor) not in copies:
                    copy = tensor.detach().clone()
                    is_weight = isinstance(tensor, torch.nn.Parameter)
                    copies[id(tensor)] = torch.nn.Parameter(copy, tensor.requires_grad) if is_weight else copy
                tensors[name] = copies[id(tensor)]


def check_forward(model: torch.nn.Module) -> None:
    """Raise ModelProblem for a model that has methods and no forward."""
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        methods = list(model._c._method_names())
        missing = "forward" not in methods
    else:
        missing = getattr(type(model), "forward", None) is torch.nn.Module.forward and "forward" not in vars(model)
        methods = [name for name, value in vars(type(model)).items() if callable(value) and not name.startswith("_")]
    if missing:
        raise ModelProblem(
            f"the model has no forward, which is what is run and compared (it has {', '.join(methods) or 'nothing'}): "
            "add one that calls what the app calls, and name the others in preserve_methods"
        )


def training_mode(model: torch.nn.Module) -> tuple[str, ...]:
    """A sentence where the model came in training mode and answers otherwise there: for what goes wrong later.

    Every factory that builds layers and returns them does so, hence nobody is told of a model that agrees.
    """
    # A frozen script has no such attribute any more.
    if not any(getattr(part, "training", False) and _knows_its_mode(part) for part in model.modules()):
        return ()
    return ("source returned the model in training mode; Pocketfit exports it in evaluation mode",)


def _knows_its_mode(part: torch.nn.Module) -> bool:
    """True for a layer that computes something else in training: torch's own two kinds, or code that asks for it."""
    import torch

    if isinstance(part, torch.jit.ScriptModule):
        return str(part.original_name).startswith(("Dropout", "BatchNorm"))
    if isinstance(part, torch.nn.modules.dropout._DropoutNd):
        return bool(part.p > 0)
    if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
        return True
    code = getattr(type(part).forward, "__code__", None)
    return code is not None and "training" in code.co_names and not _is_torchs(type(part).__module__)


def fold_norms(model: torch.nn.Module) -> tuple[str, ...]:
    """Make plain weights of normalized and parametrized ones, in place; returns a sentence where there are any.

    Quantizers, pruning and XNNPACK know weights that are parameters alone. In evaluation mode the numbers are the same.
    """
    import torch
    from torch.nn.utils import parametrize

    if isinstance(model, torch.jit.ScriptModule):
        return ()
    folded = 0
    for module in list(model.modules()):
        if parametrize.is_parametrized(module):
            for name in list(module.parametrizations):
                parametrize.remove_parametrizations(module, name)
                folded += 1
        for key, hook in list(_norm_hooks(module)):
            hook.remove(module)
            del module._forward_pre_hooks[key]
            folded += 1
    return (f"weight_norm, spectral_norm or parametrizations are folded into {folded} weights",) if folded else ()


def _norm_hooks(module: Any) -> Iterator[tuple[int, Any]]:
    """The hooks by which the older weight_norm and spectral_norm make a weight before each call."""
    from torch.nn.utils.spectral_norm import SpectralNorm
    from torch.nn.utils.weight_norm import WeightNorm

    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm | WeightNorm):
            yield key, hook
