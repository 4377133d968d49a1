"""Three repositories as a new user brings them: what `pocketfit init` is tried on."""

from __future__ import annotations

from pathlib import Path

PETCLASS = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "petclass"
version = "0.3.0"
dependencies = ["torch==2.3.1", "torchvision", "tqdm"]

[tool.setuptools.packages.find]
where = ["src"]
""",
    "requirements.txt": "torch==2.3.1\ntorchvision==0.18.1\ntqdm>=4\n",
    "src/petclass/__init__.py": "from petclass.model import PetClassifier\n\n__all__ = ['PetClassifier']\n",
    "src/petclass/model.py": '''\
"""A classifier of cats and dogs on one of torchvision's backbones."""

import torch
import torchvision
from torch import nn

from petclass.layers import ClassifierHead


class PetClassifier(nn.Module):
    def __init__(self, arch: str, num_classes: int = 37, dropout: float = 0.2):
        super().__init__()
        backbone = getattr(torchvision.models, arch)(weights=None)
        self.features = backbone.features
        self.classifier = ClassifierHead(backbone.classifier[0].in_features, num_classes, dropout)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))
''',
    "src/petclass/layers.py": """\
import torch
from torch import nn


class ClassifierHead(nn.Module):
    def __init__(self, in_features, num_classes, dropout):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(in_features, num_classes)

    def forward(self, x):
        return self.linear(self.dropout(torch.flatten(self.pool(x), 1)))


class LabelSmoothing(nn.Module):
    def __init__(self, epsilon=0.1):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, logits, target):
        return nn.functional.cross_entropy(logits, target, label_smoothing=self.epsilon)
""",
    "src/petclass/data.py": """\
from torchvision import datasets, transforms

PREPARE = transforms.Compose([transforms.Resize(144), transforms.CenterCrop(128), transforms.ToTensor()])


def pets(root):
    return datasets.OxfordIIITPet(root, transform=PREPARE)
""",
    "train.py": """\
import argparse

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from petclass import PetClassifier
from petclass.data import pets
from petclass.layers import LabelSmoothing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--arch", default="mobilenet_v3_small")
    parser.add_argument("--num-classes", type=int, default=37)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--data", default="data")
    args = parser.parse_args()

    model = PetClassifier(args.arch, num_classes=args.num_classes)
    criterion = LabelSmoothing()
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(args.epochs):
        for images, labels in tqdm(DataLoader(pets(args.data), batch_size=32)):
            loss = criterion(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    torch.save(model.state_dict(), "petclass.pth")


if __name__ == "__main__":
    main()
""",
}

WAKEWORD = {
    "wakeword/__init__.py": "from .model import KeywordSpotter\n",
    "wakeword/config.py": "KEYWORDS = ['yes', 'no', 'stop', 'go']\nN_MELS = 40\n",
    "wakeword/layers.py": '''\
import torch
from torch import nn


class LogMel(nn.Module):
    """Log power in bands, without what torchscript's oldest runtimes lack."""

    def __init__(self, n_mels=40, n_fft=400, hop=160):
        super().__init__()
        self.filters = nn.Conv1d(1, n_mels, n_fft, stride=hop, padding=n_fft // 2, bias=False)

    def forward(self, waveform):
        return torch.log(self.filters(waveform.unsqueeze(1)).pow(2) + 1e-6)


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class StatsPool(nn.Module):
    def __init__(self, hop=160):
        super().__init__()
        self.hop = hop

    def forward(self, x, length):
        frames = torch.arange(x.shape[-1])[None, :] < (length[:, None] // self.hop)
        mask = frames.unsqueeze(1).to(x.dtype)
        mean = (x * mask).sum(-1) / mask.sum(-1).clamp(min=1)
        return mean
''',
    "wakeword/model.py": """\
from torch import nn

from .config import KEYWORDS, N_MELS
from .layers import ConvBlock, LogMel, StatsPool


class KeywordSpotter(nn.Module):
    def __init__(self, n_keywords=len(KEYWORDS), width=32):
        super().__init__()
        self.mel = LogMel(N_MELS)
        self.blocks = nn.Sequential(ConvBlock(N_MELS, width), ConvBlock(width, width))
        self.pool = StatsPool()
        self.head = nn.Linear(width, n_keywords)

    def forward(self, waveform, length):
        return self.head(self.pool(self.blocks(self.mel(waveform)), length))
""",
    "scripts/train.py": """\
import torch

from wakeword import KeywordSpotter


def main():
    model = KeywordSpotter()
    torch.save(model.state_dict(), "out.pth")


if __name__ == "__main__":
    main()
""",
    "android/app/build.gradle": "dependencies {\n    implementation 'org.pytorch:pytorch_android_lite:1.13.1'\n}\n",
}

TEXTENC = {
    "textenc/__init__.py": "",
    "textenc/model.py": """\
import torch
from torch import nn


class TextEncoder(nn.Module):
    def __init__(self, vocabulary=500, width=32, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        layer = nn.TransformerEncoderLayer(width, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, ids):
        return self.norm(self.encoder(self.embed(ids))).mean(1)
""",
    "train.py": """\
import torch

from textenc.model import TextEncoder

if __name__ == "__main__":
    model = TextEncoder()
    torch.save(model.state_dict(), "checkpoints/encoder.pth")
""",
}


def write_repository(folder: Path, files: dict[str, str]) -> Path:
    """Write these files into a new folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
