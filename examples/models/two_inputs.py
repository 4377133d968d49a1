"""A small model with two inputs and nested outputs: word ids and features in, a label and its parts out."""

import torch
from torch import nn


class TwoInputs(nn.Module):
    def __init__(self, vocabulary: int = 1000, width: int = 32) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.features = nn.Sequential(nn.Linear(8, width), nn.ReLU())
        self.head = nn.Linear(2 * width, 4)

    def forward(self, ids: torch.Tensor, features: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        text, rest = self.words(ids).mean(1), self.features(features)
        return self.head(torch.cat([text, rest], 1)).softmax(-1), {"text": text, "features": rest}


def two_inputs() -> nn.Module:
    return TwoInputs()
