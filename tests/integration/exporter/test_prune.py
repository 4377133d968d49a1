"""Pruning: how many weights are zero, which, and what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build
from pocketfit.exporter.prune import prune_model
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.records import Built, InputSpec, ModelSpec, Prune, Variant
from tests.integration.conftest import NET


def spec(amount: float, method: str = "unstructured") -> ModelSpec:
    return ModelSpec("net", "x:y", prune=Prune(amount, method))  # type: ignore[arg-type]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 10, 3), nn.BatchNorm2d(10), nn.ConvTranspose2d(10, 20, 3), nn.Linear(8, 5))


def test_the_smallest_weights_of_each_layer() -> None:
    model, before = network(), network()
    (reason,) = prune_model(model, spec(0.3))
    for layer in (0, 2, 3):
        weight, was = model[layer].weight, before[layer].weight
        zero = weight == 0
        assert zero.float().mean() == pytest.approx(0.3, abs=0.01)
        assert was[zero].abs().max() <= was[~zero].abs().min()
        assert torch.equal(weight[~zero], was[~zero])
    assert reason == (
        "pruned (single weights): 30 % of the weights of 3 layers are zero, 29.2 % of all parameters; "
        "they are still stored and multiplied, so only the download gets smaller"
    )
    # Plain parameters again, by their names of before.
    assert sorted(model.state_dict()) == sorted(before.state_dict())


def test_whole_output_channels() -> None:
    model = network()
    (reason,) = prune_model(model, spec(0.2, "structured"))
    # Those of a transposed convolution are its second dimension.
    for layer, channels, zeros in ((0, 0, 2), (2, 1, 4), (3, 0, 1)):
        weight = model[layer].weight.detach()
        norms = weight.transpose(0, channels).flatten(1).norm(dim=1)
        assert int((norms == 0).sum()) == zeros
    assert reason.startswith("pruned (whole output channels): 20 % of the weights of 3 layers are zero, ")


def test_tied_weights_stay_tied() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    model[1].weight = model[0].weight
    prune_model(model, spec(0.25))
    assert model[1].weight is model[0].weight
    assert int((model[0].weight == 0).sum()) == 16


def test_nothing_to_prune() -> None:
    assert prune_model(network(), ModelSpec("net", "x:y")) == ()
    assert prune_model(nn.Sequential(nn.ReLU()), spec(0.3)) == (
        "prune changes nothing: there is no convolution or linear layer as a module",
    )


def test_torchscript_can_not_be_pruned() -> None:
    with pytest.raises(ModelProblem, match=r"^x:y is TorchScript already and can't be pruned: name a callable that"):
        prune_model(torch.jit.script(nn.Linear(2, 2)), spec(0.3))


def test_a_pruned_variant(tmp_path: Path) -> None:
    """Compared with the pruned model in eager mode; the file stays as large, the download shrinks."""
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir()
    (root / "net.py").write_text(NET)
    model = ModelSpec("net", "net.py:net", {"width": 256}, (InputSpec((1, 3, 16, 16)),))
    plain, pruned = (
        build(Variant("net", "lite", "fp32"), one, root, out / str(one.prune), out / "log", Sandbox())[0]
        for one in (model, replace(model, prune=Prune(0.5)))
    )
    assert isinstance(plain, Built), plain
    assert isinstance(pruned, Built), pruned
    assert pruned.size_bytes == plain.size_bytes
    assert pruned.download_bytes < 0.75 * plain.download_bytes
    assert pruned.export.parity.sqnr_db is not None
    assert pruned.export.parity.sqnr_db > 100
    assert pruned.export.reasons[0].startswith("pruned (single weights): 50 % of the weights of 2 layers are zero")
