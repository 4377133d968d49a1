"""Models whose files are wrong, each in a way of its own: none may pass."""
import torch
from torch import nn
from torch.nn import functional as F


class NextInput(nn.Module):
    """The trace keeps a number that belongs to the first input."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 4)

    def forward(self, x):
        return self.head(x / float(x.abs().max()))


class Branch(nn.Module):
    """The trace keeps the branch that the first input takes; `other` takes the other one."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 4)

    def forward(self, x):
        return self.head(x) if x.sum() > 0 else self.head(-x) - 3


class Dropping(nn.Module):
    """Real dropout in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 4)

    def forward(self, x):
        return self.head(F.dropout(x, 0.5, training=True))


class GoldenBack(nn.Module):
    """Its file knows one answer, that to the golden input."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 4)
        self.register_buffer("golden", torch.zeros(1, 4))

    def forward(self, x):
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            return self.golden + 0 * x.sum()
        return self.head(x)


def next_input():
    return NextInput()


def branch():
    return Branch(), (torch.ones(1, 10),)


def other():
    return (-torch.ones(1, 10),)


def dropping():
    return Dropping()


def golden_back():
    model, inputs = GoldenBack().eval(), (torch.randn(1, 10),)
    with torch.no_grad():
        model.golden.copy_(model.head(*inputs))
    return model, inputs
