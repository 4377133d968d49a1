from __future__ import annotations

import pytest

from pocketfit.commands.survey import Callable, find_callables

HEADER = "import torch\nfrom torch import nn\n"
NET = """
class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.layer = nn.Conv2d(1, width, 3)
    def forward(self, x): return self.layer(x)
"""
CONV = "{ shape = [1, 1, 224, 224] }"
IMAGE = "{ shape = [1, 3, 224, 224] }"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (NET, [Callable("Net", (CONV,))]),
        (NET + "def make(): return Net()\n", [Callable("make", (CONV,))]),
        (NET + "def make():\n    net = 1\n    return Net(4).eval()\n", [Callable("make", (CONV,))]),
        (NET + "def make() -> Net: ...\n", [Callable("make", (CONV,)), Callable("Net", (CONV,))]),
        (NET + "def make(): return Net(), torch.ones(1)\n", [Callable("make", None)]),
        ("def make() -> nn.Module:\n    return torchvision.models.resnet18()\n", [Callable("make", (IMAGE,))]),
        ("def make() -> 'torch.nn.Module': ...\n", [Callable("make", (IMAGE,))]),
        ("def make() -> tuple[nn.Module, tuple]:\n    return load(), (x,)\n", [Callable("make", None)]),
        ("def make():\n    return nn.Sequential(nn.Linear(4, 2))\n", [Callable("make", (IMAGE,))]),
        ("def make(width=1, *, deep=False) -> nn.Module: ...\n", [Callable("make", (IMAGE,))]),
        ("def make(width) -> nn.Module: ...\n", []),
        ("def make(*, width) -> nn.Module: ...\n", []),
        ("def _make() -> nn.Module: ...\ndef test_make() -> nn.Module: ...\n", []),
        ("def other() -> int: return 1\ndef more(): return other()\ndef text() -> 'int': return 'x'\n", []),
        ("class A(nn.Module):\n    def __init__(self, n): ...\n", []),
        ("class A(nn.Module): ...\nclass B(A): ...\n", [Callable("B", (IMAGE,))]),
        (
            "class A(nn.Module): ...\nclass B(nn.Module):\n    def __init__(self): self.a = A()\n",
            [Callable("B", (IMAGE,))],
        ),
        (
            "class A(nn.Module):\n    def __init__(self): self.e = nn.Embedding(vocabulary, 8)\n    def forward(self, a, b, c=None): ...\n",
            [Callable("A", ('{ shape = [1, 16], dtype = "int64" }',) * 2)],
        ),
        (
            "class A(nn.Module):\n    def __init__(self): self.l = nn.Sequential(nn.Linear(7, 2))\n",
            [Callable("A", ("{ shape = [1, 7] }",))],
        ),
        ("class A:\n    pass\n", []),
    ],
)
def test_functions_and_classes_that_make_a_model_are_found(code: str, expected: list[Callable]) -> None:
    assert list(find_callables(HEADER + code)) == expected


def test_a_file_that_is_no_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        find_callables("def (:")
