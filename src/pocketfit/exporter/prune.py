"""Sets weights to zero before anything else happens to a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.tensors import ModelProblem
from pocketfit.records import ModelSpec
from pocketfit.units import format_percent

if TYPE_CHECKING:
    import torch


def prune_model(model: torch.nn.Module, spec: ModelSpec) -> tuple[str, ...]:
    """Prune in place, as `spec.prune` says, by torch.nn.utils.prune; returns reasons, or raises ModelProblem.

    Each layer loses the same share: over all layers together, those with small weights would vanish whole. Weights
    are plain parameters afterwards. Structured is by the L2 norm of output channels.
    """
    import torch
    from torch.nn.utils import prune

    asked = spec.prune
    if asked is None:
        return ()
    if isinstance(model, torch.jit.ScriptModule):
        raise ModelProblem(f"{spec.source} is TorchScript already and can't be pruned: name a callable that builds it")
    layers = list(_layers(model))
    if not layers:
        return ("prune changes nothing: there is no convolution or linear layer as a module",)
    for layer, channels in layers:
        if asked.method == "structured":
            prune.ln_structured(layer, "weight", asked.amount, n=2, dim=channels)
        else:
            prune.l1_unstructured(layer, "weight", asked.amount)
        prune.remove(layer, "weight")
    return (_summary(model, asked.method, layers),)


def _layers(model: torch.nn.Module) -> Iterator[tuple[Any, int]]:
    """Every convolution and linear layer with a weight of its own, and which of its dimensions output channels are."""
    import torch

    nn = torch.nn
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    for module in model.modules():
        if isinstance(module, (*convolutions, *transposed, nn.Linear)) and module._parameters.get("weight") is not None:
            yield module, 1 if isinstance(module, transposed) else 0


def _summary(model: torch.nn.Module, method: str, layers: list[tuple[Any, int]]) -> str:
    zeros = sum(int((layer.weight == 0).sum()) for layer, _ in layers)
    pruned = sum(layer.weight.numel() for layer, _ in layers)
    total = sum(parameter.numel() for parameter in model.parameters())
    kind = "whole output channels" if method == "structured" else "single weights"
    share, of_all = format_percent(round(zeros / pruned, 3)), format_percent(round(zeros / total, 3))
    return (
        f"pruned ({kind}): {share} of the weights of {len(layers)} layers are zero, {of_all} of all parameters; "
        "they are still stored and multiplied, so only the download gets smaller"
    )
