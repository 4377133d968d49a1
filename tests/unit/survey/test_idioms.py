"""The usual ways to have a model in a repository, each with something beside it that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import PETCLASS, TEXTENC, WAKEWORD
from tests.unit.survey.looking import dtypes, look_at, only_model, shapes

HEADER = "import torch\nimport torchvision\nfrom torch import nn\n"
BLOCK = """
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3)
    def forward(self, x): return self.conv(x)
"""
NET = (
    HEADER
    + BLOCK
    + """
class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3)
        self.block = Block(width)
    def forward(self, x): return self.block(self.stem(x))
"""
)
ONE = [(1, 1, 224, 224)]
RGB = [(1, 3, 224, 224)]
LOADED = """
def load(path="weights.pth"):
    model = Net()
    model.load_state_dict(torch.load(path, map_location="cpu"))
    model.eval()
    return model
"""
CONFIGURED = """
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

class NetConfig(PretrainedConfig):
    def __init__(self, hidden=8, **others):
        super().__init__(**others)

class Net(PreTrainedModel):
    config_class = NetConfig
    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(100, config.hidden)
    def forward(self, input_ids, attention_mask): return self.embed(input_ids)
"""

IDIOMS: dict[str, tuple[dict[str, str], str, list[tuple[int, ...] | None]]] = {
    "a class with defaults": ({"net.py": NET}, "net.py:Net", ONE),
    "return Net()": ({"net.py": NET + "def build():\n    return Net(width=16).eval()\n"}, "net.py:build", ONE),
    "an annotation": (
        {"net.py": HEADER + BLOCK + "from zoo import load\ndef build() -> 'nn.Module':\n    return load('x')\n"},
        "net.py:build",
        [None],
    ),
    "a LightningModule": (
        {
            "net.py": "import lightning as L\nfrom torch import nn\nclass Lit(L.LightningModule):\n    def __init__(self, lr=1e-3):\n        super().__init__()\n        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n    def forward(self, x): return self.net(x)\n    def training_step(self, batch, index): return self.net(batch)\n"
        },
        "net.py:Lit",
        [(1, 1, 28, 28)],
    ),
    "a classmethod": (
        {
            "net.py": NET.replace("width=8", "width, depth")
            + "    @classmethod\n    def small(cls):\n        return cls(8, 1)\n"
        },
        "net.py:Net.small",
        ONE,
    ),
    "a net beside a helper": (
        {
            "net.py": NET
            + "def load_weights(model: nn.Module, path) -> nn.Module:\n    model.load_state_dict(torch.load(path))\n    return model\n"
        },
        "net.py:Net",
        ONE,
    ),
    "a net beside losses": (
        {
            "net.py": NET
            + "class Focal(nn.Module):\n    def forward(self, x, target): return x\nclass MyLoss(nn.Module):\n    def forward(self, a, b): return a\n"
        },
        "net.py:Net",
        ONE,
    ),
    "return torchvision's": (
        {"net.py": NET + "def build():\n    return torchvision.models.resnet18()\n"},
        "net.py:build",
        RGB,
    ),
    "torchvision's, changed": (
        {
            "net.py": HEADER
            + BLOCK
            + "def build(classes=10):\n    m = torchvision.models.resnet18(weights=None)\n    m.fc = nn.Linear(m.fc.in_features, classes)\n    return m\n"
        },
        "net.py:build",
        RGB,
    ),
    "timm's": (
        {
            "net.py": HEADER
            + BLOCK
            + "import timm\ndef build():\n    m = timm.create_model('mobilenetv3_small_050', pretrained=False)\n    return m.eval()\n"
        },
        "net.py:build",
        RGB,
    ),
    "a function that loads weights": ({"net.py": NET + LOADED, "weights.pth": ""}, "net.py:load", ONE),
    "a required argument": ({"net.py": NET.replace("width=8", "width")}, "net.py:Net", ONE),
    "a class of torchvision's below": (
        {
            "net.py": "from torchvision.models.resnet import BasicBlock, ResNet\nclass Net(ResNet):\n    def __init__(self, classes=10):\n        super().__init__(BasicBlock, [1, 1, 1, 1], num_classes=classes)\n"
        },
        "net.py:Net",
        RGB,
    ),
    "a base in another file": (
        {
            "pkg/__init__.py": "",
            "pkg/base.py": HEADER + "class Base(nn.Module):\n    def forward(self, x): return self.net(x)\n",
            "pkg/net.py": "from torch import nn\nfrom .base import Base\nclass Net(Base):\n    def __init__(self):\n        super().__init__()\n        self.net = nn.Sequential(nn.Dropout(), nn.Linear(7, 2))\n",
        },
        "pkg/net.py:Net",
        [(1, 7)],
    ),
    "a PreTrainedModel": ({"net.py": CONFIGURED}, "net.py:Net", [(1, 16), (1, 16)]),
}


@pytest.mark.parametrize("idiom", IDIOMS)
def test_the_model_is_found_alone_with_its_inputs(tmp_path: Path, idiom: str) -> None:
    files, source, expected = IDIOMS[idiom]
    model = only_model(tmp_path, files)
    assert model.source == source
    assert shapes(model) == expected


def test_there_are_fifteen() -> None:
    assert len(IDIOMS) == 15


def test_what_only_the_user_knows_is_left_open(tmp_path: Path) -> None:
    model = only_model(tmp_path, IDIOMS["a required argument"][0])
    assert (model.arguments, model.to_fill) == ({}, {"width": 0})


def test_a_configuration_is_made_by_its_class(tmp_path: Path) -> None:
    model = only_model(tmp_path, {"net.py": CONFIGURED})
    assert model.objects["config"].place.name == "NetConfig"
    assert model.packages == ("transformers",)
    assert dtypes(model) == ["int64", "int64"]


def test_weights_that_are_not_there_are_not_loaded(tmp_path: Path) -> None:
    assert only_model(tmp_path, {"net.py": NET + LOADED}).source == "net.py:Net"


def test_petclass(tmp_path: Path) -> None:
    model = only_model(tmp_path, PETCLASS)
    assert model.source == "src/petclass/model.py:PetClassifier"
    assert (model.arguments, model.to_fill) == ({"arch": "mobilenet_v3_small"}, {})
    # The last of the steps that prepare a picture.
    assert shapes(model) == [(1, 3, 128, 128)]
    assert model.packages == ()


def test_wakeword(tmp_path: Path) -> None:
    survey = look_at(tmp_path, WAKEWORD)
    (model,) = survey.models
    assert model.source == "wakeword/model.py:KeywordSpotter"
    assert shapes(model) == [(1, 16_000), (1,)]
    assert model.inputs is not None
    length = model.inputs.inputs[1].guess
    assert length is not None
    assert (length.dtype, length.low, length.high) == ("int64", 8_000, 16_000)
    assert survey.others == ("LogMel", "ConvBlock", "StatsPool")
    assert survey.shipping.formats == {"lite": "android/app/build.gradle"}


def test_textenc(tmp_path: Path) -> None:
    model = only_model(tmp_path, TEXTENC)
    assert model.source == "textenc/model.py:TextEncoder"
    assert (shapes(model), dtypes(model)) == ([(1, 16)], ["int64"])
    assert model.inputs is not None
    assert model.inputs.inputs[0].guess is not None
    assert model.inputs.inputs[0].guess.high == 499
