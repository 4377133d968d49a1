from __future__ import annotations

from collections.abc import Mapping

import pytest

from pocketfit.cache.code import doubt_of_model

STEADY = """
import torch
from torch import nn
from .layers import block

class Net(nn.Module):
    "Draws random numbers at no time."
    def forward(self, x):
        return block(x)

def net(width=8):
    return Net().eval()
"""


def doubt(files: Mapping[str, str], *sources: str) -> str | None:
    return doubt_of_model(sources or ("net.py:net",), files, files.__getitem__)


def test_code_that_looks_at_nothing_else_is_believed_at_once() -> None:
    files = {"net.py": STEADY, "layers.py": "import math\n", "train.py": "import random, time\n"}
    assert doubt(files) is None
    assert doubt(files, "net:net", "torchvision.models:resnet18", "saved.ptl") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import random", "net.py names random"),
        ("import numpy as np\nseen = np.random.rand()", "net.py names random"),
        ("import os\nos.urandom(3)", "net.py names urandom"),
        ("from time import time as t", "net.py names time"),
        ("from datetime import *", "net.py imports datetime"),
        ("import os\nos.listdir('.')", "net.py names listdir"),
        ("import os\nos.path.getmtime('a')", "net.py names getmtime"),
        ("eval('1')", "net.py names eval"),
        ("import albumentations", "net.py imports albumentations"),
        ("import os\ngetattr(os, 'urandom')", "net.py names urandom"),
        ("import os\ngetattr(os, 'ur' + 'andom')", "net.py makes up a name as it runs"),
        ("from layers import block", "layers.py names perf_counter"),
        ("from pkg.inner import block", "pkg/__init__.py names uuid4"),
        ("from . import layers", "layers.py names perf_counter"),
        ("def broken(", "net.py can't be read"),
    ],
)
def test_code_that_may_answer_otherwise_is_doubted(code: str, said: str) -> None:
    files = {
        "net.py": code,
        "layers.py": "from torch.utils.benchmark import perf_counter\n",
        "pkg/__init__.py": "x = uuid4()",
        "pkg/inner.py": "",
    }
    assert doubt(files) == said


def test_a_model_that_lies_elsewhere_is_doubted() -> None:
    assert doubt({"net.py": ""}, "timm:create_model") == "timm is no file of the repository"
    assert doubt({"net.py": ""}, "net.py:net", "data:batches") == "data is no file of the repository"
