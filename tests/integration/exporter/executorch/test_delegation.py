from __future__ import annotations

import torch
from torch import Tensor, nn

from pocketfit.exporter.executorch.delegation import layers


class Erf(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.erf(x)


class Doors(nn.Module):
    """As lowering.py puts one around each model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (self.model(x),)


class Sums(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).cumsum(1)


def test_layers_have_the_names_that_the_model_gives_them() -> None:
    model = Sums(Erf(), nn.Sequential(nn.ReLU(), Erf()))
    program = torch.export.export(Doors(model), (torch.zeros(1, 4),))

    assert layers(program) == {"aten::erf": ("0", "1.1"), "aten::relu": ("1.0",), "aten::cumsum": ("forward",)}
