"""Batch-norm statistics as a trained network has them."""

import torch
from torch import nn

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def with_trained_looking_statistics(model: nn.Module, shape: tuple[int, ...] = (8, 3, 64, 64)) -> nn.Module:
    """Give every batch norm a weight and a bias of its own, and the statistics of random inputs of `shape`.

    A freshly initialised one has mean 0, variance 1 and bias 0: it hides every mistake in folding it away, and in a
    deep network nothing of the input is left at the end.
    """
    generator = torch.Generator().manual_seed(0)
    norms = [module for module in model.modules() if isinstance(module, NORMS)]
    with torch.no_grad():
        for norm in norms:
            norm.weight.uniform_(0.7, 1.3, generator=generator)
            norm.bias.normal_(0.0, 0.2, generator=generator)
            # None: the statistics become the mean over all batches seen.
            norm.momentum = None
        model.train()
        for _ in range(2):
            model(torch.randn(shape, generator=generator))
    return model.eval()
