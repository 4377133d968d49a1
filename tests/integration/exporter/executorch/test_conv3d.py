"""3-D convolutions by 2-D ones, beside torch's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pocketfit.exporter.builder import Step
from pocketfit.exporter.executorch.conv3d import without_conv3d


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kernel_size": (1, 3, 3)},
        {"kernel_size": (3, 1, 2), "stride": (2, 1, 3), "padding": (1, 0, 1)},
        {"dilation": (2, 1, 1), "padding": (3, 1, 1), "stride": 2},
        {"groups": 2, "bias": False},
        {"groups": 4, "out_channels": 8},
        {"kernel_size": (4, 3, 2), "padding": "same", "dilation": (1, 2, 1)},
        {"padding": "valid"},
    ],
    ids=str,
)
def test_it_computes_what_torchs_convolution_does(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    layer = nn.Conv3d(**{"in_channels": 4, "out_channels": 6, "kernel_size": 3, **options}).double().eval()
    step = without_conv3d(layer)
    flat = step.module
    assert step.reasons == ("rewritten for ExecuTorch, which has no 3-D convolution: 1 x conv3d",)
    assert not any(isinstance(part, nn.Conv3d) for part in flat.modules())
    for shape in ((2, 4, 7, 9, 8), (4, 7, 9, 8)):
        x = torch.randn(shape, dtype=torch.float64)
        torch.testing.assert_close(flat(x), layer(x))


def test_a_layer_used_twice_stays_one_and_the_model_stays_as_it_was() -> None:
    torch.manual_seed(0)
    layer = nn.Conv3d(3, 3, 3, padding=1)
    model = nn.Sequential(layer, nn.BatchNorm3d(3), nn.Sequential(layer), nn.ReLU()).eval()
    step = without_conv3d(model)
    flat = step.module
    assert step.reasons == ("rewritten for ExecuTorch, which has no 3-D convolution: 1 x conv3d",)
    assert flat[0] is flat[2][0]
    assert model[0] is model[2][0] is layer
    x = torch.randn(1, 3, 4, 5, 6)
    torch.testing.assert_close(flat(x), model(x))


def test_what_it_can_not_stand_for_is_left() -> None:
    class Own(nn.Conv3d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * 2

    hooked = nn.Conv3d(3, 3, 3)
    hooked.register_forward_hook(lambda *_: None)
    for layer in (Own(3, 3, 3), hooked, nn.Conv3d(3, 3, 3, padding=1, padding_mode="circular"), nn.Conv2d(3, 3, 3)):
        model = nn.Sequential(layer)
        assert without_conv3d(model) == Step(model)
