"""Multiply-accumulates as they are known by hand, with oneDNN and without."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pocketfit.exporter.anatomy.macs import macs_by_module


class Recurrent(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(8, 8, 3, groups=8, padding=1)
        self.recurrent = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.recurrent(self.convolution(x).transpose(1, 2))[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("layer", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_a_recurrent_layer_which_the_counter_does_not_know_in_onednn(layer: type[nn.Module], gates: int) -> None:
    model = Recurrent(layer(8, 16, batch_first=True)).eval()
    macs = macs_by_module(model, (torch.randn(1, 8, 10),))
    assert macs == {"convolution": 10 * 8 * 3, "recurrent": 10 * gates * 16 * (8 + 16)}


def test_what_is_counted_changes_nothing_in_the_model() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 36, 2)).eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert macs_by_module(model, (torch.randn(1, 3, 8, 8),)) == {"0": 36 * 4 * 27, "3": 4 * 36 * 2}
    assert torch.backends.mkldnn.enabled
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_model_that_raises_with_gradients_has_none() -> None:
    class Inference(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if torch.is_grad_enabled():
                raise RuntimeError("only for inference")
            return x

    assert macs_by_module(Inference().eval(), (torch.ones(1),)) == {}
