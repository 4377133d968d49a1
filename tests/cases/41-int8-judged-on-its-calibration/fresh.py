"""Sentences that nobody calibrated with."""
import torch


def calls(model):
    generator = torch.Generator().manual_seed(11)
    for length in (20, 9, 26):
        ids = torch.randint(1, 5000, (1, 32), generator=generator)
        ids[:, length:] = 0
        yield (ids,)
