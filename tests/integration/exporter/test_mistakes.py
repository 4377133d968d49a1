"""The mistakes that people make in model code, each as the one sentence that they read of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit.records import Built, Failed, InputSpec
from tests.integration.builds.test_worker import build_one, reason

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.a(x).relu()
"""
# A model whose forward, and what that calls, is CODE.
WITH = """
import torch
from torch import nn


class Net(nn.Module):
    sizes = {}

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3)
        self.ids = nn.Embedding(10, 4)

    def inner(self, x):
        return self.sizes["large"]

    def forward(self, x):
        CODE
"""
INPUTS = "(float32 1x3x16x16)"
CHANGE = "; change `inputs` of [models.net], or --shape"
CUDA = "which no phone and no runner has"
OF_FORWARD = {
    "key": ("return self.inner(x)", "forward raises KeyError: 'large' at net.py:15, in inner"),
    "cuda": ("return self.a(x.cuda())", f" at net.py:18, in forward: it asks for CUDA, {CUDA}: leave it on the CPU"),
    "own": ("raise ValueError('the size must be even')", "forward raises ValueError: the size must be even at net.py:18, in forward"),
    "none": ("return self.a(x).missing", "forward raises AttributeError: 'Tensor' object has no attribute 'missing' at net.py:18, in forward"),
    "library": ("return nn.functional.interpolate(x, size=3, mode='best')", "forward raises NotImplementedError: "),
    "channels": ("return self.a(x[:, :1])", f"forward does not take these inputs {INPUTS}: RuntimeError: Given groups=1, weight of size [4, 3, 3, 3], expected input[1, 1, 16, 16] to have 3 channels, but got 1 channels instead at net.py:18, in forward{CHANGE}"),
    "dtype": ("return self.ids(x)", f"forward does not take these inputs {INPUTS}: RuntimeError: Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "),
    "unpacked": ("b, t = x.shape", f"forward does not take these inputs {INPUTS}: ValueError: too many values to unpack (expected 2) at net.py:18, in forward{CHANGE}"),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_FORWARD)
def test_what_goes_wrong_in_forward(tmp_path: Path, case: str) -> None:
    code, said = OF_FORWARD[case]
    outcome = build_one(write(tmp_path, **{"net.py": WITH.replace("CODE", code)}), "net.py:Net")
    assert said in reason(outcome)
    assert isinstance(outcome, Failed)
    assert outcome.reasons == ("-v shows its traceback",)
    assert f'net.py", line {15 if case == "key" else 18}, in ' in log(tmp_path)


def write(folder: Path, **files: str) -> Path:
    root = folder / "root"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def log(folder: Path) -> str:
    return (folder / "out-root" / "child.log").read_text()


def test_too_many_inputs(tmp_path: Path) -> None:
    root = write(tmp_path, **{"net.py": NET})
    two = (InputSpec((1, 3, 16, 16)), InputSpec((1,), "int64"))
    assert reason(build_one(root, "net.py:Net", inputs=two)) == (
        "forward does not take these inputs (float32 1x3x16x16, int64 1): TypeError: Net.forward() takes 2 positional "
        f"arguments but 3 were given{CHANGE}"
    )


def test_check_inputs_that_forward_does_not_take(tmp_path: Path) -> None:
    root = write(tmp_path, **{"net.py": NET})
    said = reason(build_one(root, "net.py:Net", check_inputs=(InputSpec((1, 1, 16, 16)),)))
    assert said.startswith("forward does not take check_inputs (float32 1x1x16x16): RuntimeError: Given groups=1")
    assert said.endswith(" at net.py:12, in forward; change check_inputs")


LOADS = (
    NET + "\n\ndef build():\n    model = Net()\n    model.load_state_dict(torch.load('net.pth'))\n    return model\n"
)
# How the checkpoint is made of `model`, and what is said of it.
CHECKPOINTS = {
    "parallel": (
        "nn.DataParallel(model).state_dict()",
        'Missing key(s) in state_dict: "a.weight", "a.bias"; Unexpected key(s) in state_dict: "module.a.weight", '
        '"module.a.bias" at net.py:17, in build: the checkpoint\'s keys have the prefix "module." of nn.DataParallel: '
        'load {key.removeprefix("module."): value for key, value in checkpoint.items()}',
    ),
    "compiled": (
        "torch.compile(model).state_dict()",
        'the checkpoint\'s keys have the prefix "_orig_mod." of torch.compile: load ',
    ),
    "of a trainer": (
        "{'epoch': 3, 'state_dict': model.state_dict()}",
        'Unexpected key(s) in state_dict: "epoch", "state_dict" at net.py:17, in build: the checkpoint is a dict that '
        'holds the weights: load checkpoint["state_dict"]',
    ),
    "of another size": (
        "{**model.state_dict(), 'a.bias': torch.zeros(9)}",
        "RuntimeError: Error(s) in loading state_dict for Net: size mismatch for a.bias: [9] in the checkpoint, "
        "[4] in the model at net.py:17, in build",
    ),
    "whole": (
        "model",
        "UnpicklingError: Weights only load failed: Unsupported global: GLOBAL net.Net was not an allowed global by "
        "default",
    ),
}


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_a_checkpoint_that_does_not_fit(tmp_path: Path, case: str) -> None:
    made, said = CHECKPOINTS[case]
    root = write(tmp_path, **{"net.py": LOADS})
    script = f"import torch\nfrom torch import nn\nfrom net import Net\nmodel = Net()\ntorch.save({made}, 'net.pth')\n"
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=root, check=True)
    assert said in reason(build_one(root, "net.py:build"))


OF_IMPORTS = {
    "missing": ({"net.py": "import albumentations\n"}, "net.py:Net", "net.py can't be imported: ModuleNotFoundError: No module named 'albumentations' at net.py:1: put albumentations into a requirements file and name that by --requirements (in the action: requirements)"),
    "in a library": ({"lib/x/toolbox.py": "", "lib/setup.py": "", "net.py": "import toolbox\n"}, "net.py:Net", "No module named 'toolbox' at net.py:1: it lies in lib/x/, where Python does not look: add `-e ./lib` to a requirements file (--requirements)"),
    "file": ({"net.py": NET}, "nets.py:Net", "nets.py: no such file in the repository: did you mean net.py?"),
    "folder": ({"models/net.py": NET}, "net.py:Net", "net.py: no such file in the repository: did you mean models/net.py?"),
    "in a package": ({"pkg/__init__.py": "", "pkg/net.py": "from pkg.layer import x\n", "pkg/layers.py": ""}, "pkg.net:Net", "pkg.net can't be imported: ModuleNotFoundError: No module named 'pkg.layer' at pkg/net.py:1: did you mean 'pkg.layers'?"),
    "a name": ({"pkg/__init__.py": "", "pkg/net.py": "from .layers import Conv\n", "pkg/layers.py": ""}, "pkg/net.py:Net", "pkg/net.py can't be imported: ImportError: cannot import name 'Conv' from 'pkg.layers'"),
    "python's": ({"profile.py": NET}, "profile:Net", "profile has no 'Net', and is not profile.py: write source = \"profile.py:...\""),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_IMPORTS)
def test_a_module_that_is_missing(tmp_path: Path, case: str) -> None:
    files, source, said = OF_IMPORTS[case]
    assert said in reason(build_one(write(tmp_path, **files), source))


def test_a_checkpoint_of_a_gpu(tmp_path: Path) -> None:
    code = "def build():\n    return torch.load('net.pth')\n"
    root = write(tmp_path, **{"net.py": NET + code})
    # Nothing here has a GPU: the file says that its tensor was on one.
    script = (
        "import torch, zipfile\ntorch.save(torch.zeros(3), 'cpu.pth')\n"
        "with zipfile.ZipFile('cpu.pth') as old, zipfile.ZipFile('net.pth', 'w') as new:\n"
        "    for one in old.infolist():\n"
        "        new.writestr(one, old.read(one).replace(b'X\\x03\\0\\0\\0cpu', b'X\\x04\\0\\0\\0cuda'))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=root, check=True)
    said = reason(build_one(root, "net.py:build"))
    assert said.startswith("net.py:build raises RuntimeError: Attempting to deserialize object on a CUDA device")
    assert said.endswith(f' at net.py:14, in build: it asks for CUDA, {CUDA}: load it with map_location="cpu"')


def test_a_factory_that_wants_a_gpu(tmp_path: Path) -> None:
    root = write(tmp_path, **{"net.py": NET + "def build():\n    return Net().to('cuda')\n"})
    assert f" at net.py:14, in build: it asks for CUDA, {CUDA}: leave it on the CPU" in reason(
        build_one(root, "net.py:build")
    )


def test_a_package_that_imports_from_its_model(tmp_path: Path) -> None:
    """wakeword/model.py, which its own __init__ imports from: the shape of nearly every package."""
    layers = "from .layers import Block\nfrom torch import nn\n\n\nclass Spotter(Block):\n    pass\n"
    package = {
        "__init__.py": "from wakeword.model import Spotter\n",
        "model.py": layers,
        "layers.py": NET + "Block = Net\n",
    }
    root = write(tmp_path, **{f"wakeword/{name}": text for name, text in package.items()})
    assert isinstance(build_one(root, "wakeword/model.py:Spotter"), Built)
