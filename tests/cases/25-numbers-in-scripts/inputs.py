import torch


def activity():
    return torch.randn(1, 64, generator=torch.Generator().manual_seed(0)), torch.tensor(16000)


def threshold():
    x = torch.randn(1, 16, generator=torch.Generator().manual_seed(0))
    return x, torch.tensor(0.25, dtype=torch.float64), torch.tensor(True), torch.tensor(1.5, dtype=torch.float64)
