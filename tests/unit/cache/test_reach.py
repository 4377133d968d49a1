"""Code that may open a file of the tree is never granted that it doesn't: each of these would be a wrong hit."""

from __future__ import annotations

import pytest

from pocketfit.cache.reach import may_read, reached

CLOSED = """
from __future__ import annotations
import math
from functools import partial
import torch
import torchvision
import numpy as np
from torch import nn
from torch.nn import functional as F
from layers import Block

class Net(nn.Module):
    "Loads no file."
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.block = Block(width)
        self.scale = nn.Parameter(torch.randn(width) / math.sqrt(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.block(x)) * self.scale + getattr(self, "scale")

def net() -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    torchvision.models.resnet18()
    return Net().eval()
"""
LAYERS = "from torch import nn\nclass Block(nn.Linear):\n    def __init__(self, n):\n        super().__init__(n, n)\n"


def why(code: str, more: dict[str, str] | None = None, *sources: str) -> str | None:
    texts = {"net.py": code, "layers.py": LAYERS, "data/labels.txt": "cat"} | (more or {})
    return may_read(sources or ("net.py:net",), dict.fromkeys(texts, "file 644 1 ab"), texts.__getitem__)


def test_code_that_opens_nothing_is_granted_that() -> None:
    assert why(CLOSED) is None
    assert why(CLOSED, None, "net:net", "torchvision.models:resnet18") is None
    # What it doesn't import may open anything.
    assert why(CLOSED, {"train.py": "open('data/labels.txt')"}) is None


@pytest.mark.parametrize(
    "code",
    [
        "open('data/labels.txt')",
        "o = open",
        "import os",
        "import pathlib",
        "from io import open as o",
        "import json",
        "import torch\ntorch.load('weights.pt')",
        "from torch import load as l",
        "import torch\nl = torch.load",
        "import torch\ntorch.jit.load('a')",
        "import torch\ntorch.hub.load('.', 'net')",
        "import torch\ntorch.UntypedStorage.from_file('a')",
        "import torch\ntorch.os.stat('README.md')",
        "import torch\ntorch.ops.image.read_file('a')",
        "import torch\ntorch._C._import_ir_module",
        "import numpy as np\nnp.fromfile('a')",
        "import numpy as np\nnp.memmap('a')",
        "import numpy as np\nnp.genfromtxt('a')",
        "import torchvision\ntorchvision.io.decode_image('a')",
        "from torchvision.datasets import ImageFolder",
        "import torch\ngetattr(torch, 'load')('a')",
        "import torch\ngetattr(torch, 'lo' + 'ad')('a')",
        "def f(name):\n    return getattr(torch, name)",
        "g = getattr",
        "import torch\ntorch.__dict__['lo' + 'ad']",
        "import torch\nvars(torch)['lo' + 'ad']",
        "__builtins__['op' + 'en']('a')",
        "print(__file__)",
        "().__class__.__base__.__subclasses__()",
        "eval('op' + 'en')('a')",
        "exec('import os')",
        "__import__('os')",
        "import importlib",
        "import operator",
        "import inspect",
        "import functools\nfunctools.sys.modules",
        "import timm",
        "from layers import *\nimport yaml",
        "import subprocess",
        "from .other import thing",
        "globals()['x']",
        "import torch\ntorch.compile(1)",
        "def broken(",
    ],
)
def test_code_that_may_open_something_is_not(code: str) -> None:
    assert why(code, {"other.py": "open('a')"})


def test_it_is_followed_through_its_imports() -> None:
    assert why(CLOSED, {"layers.py": "import os"}) == "layers.py names os"
    assert why("from pkg.inner import f", {"pkg/__init__.py": "open", "pkg/inner.py": ""}) == (
        "pkg/__init__.py names open"
    )


def test_what_others_would_import_is_not_granted() -> None:
    assert why(CLOSED, {"onnx/__init__.py": ""}) == "onnx/__init__.py has the name of a package that torch imports"
    assert why(CLOSED, None, "saved.ptl") == "saved.ptl is a saved file"
    assert why(CLOSED, None, "net.py:net", "timm.data:batches") == "timm.data is no file of the repository"


def test_a_module_that_is_a_link_may_be_anything() -> None:
    contents = {"net.py": "link data/net.txt", "data/net.txt": "file 644 1 ab"}
    assert may_read(["net.py:net"], contents, lambda file: CLOSED) == "net.py is a link"


def test_what_can_be_imported_counts_whether_it_is_or_not() -> None:
    contents = {
        "net.py": "file 1", "train.py": "file 2", "fast.so": "file 3", "__pycache__/net.cpython-311.pyc": "file 4",
        "pyproject.toml": "file 5", "apps/setup.cfg": "file 6", "data": "folder 755", "src": "link lib", ".git": "hidden",
    }  # fmt: skip
    others = {"README.md": "file 7", "data/labels.txt": "file 8", "tests/data.json": "file 9"}
    assert reached(contents | others) == contents
