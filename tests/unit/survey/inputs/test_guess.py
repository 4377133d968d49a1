from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.survey.looking import dtypes, look_at, only_model, shapes

HEADER = "import torch\nimport torchaudio\nfrom torch import nn\nfrom torch.nn import functional as F\n"


def net(layers: str, forward: str, names: str = "x", arguments: str = "") -> dict[str, str]:
    made = "\n".join(f"        {line}" for line in layers.split("\n"))
    body = "\n".join(f"        {line}" for line in forward.split("\n"))
    return {
        "net.py": f"{HEADER}class Net(nn.Module):\n    def __init__(self{arguments}):\n        super().__init__()\n{made}\n"
        f"    def forward(self, {names}):\n{body}\n"
    }


@pytest.mark.parametrize(
    ("layers", "forward", "shape"),
    [
        ("self.a = nn.Conv2d(3, 8, 3)", "return self.a(x)", (1, 3, 224, 224)),
        ("self.a = nn.Conv1d(40, 8, 3)", "return self.a(x)", (1, 40, 100)),
        ("self.a = nn.Linear(in_features=7, out_features=2)", "return self.a(x)", (1, 7)),
        ("self.a = nn.LSTM(9, 4, batch_first=True)", "y, _ = self.a(x)\nreturn y", (1, 20, 9)),
        ("self.a = nn.GRU(9, 4)", "return self.a(x)[0]", (20, 1, 9)),
        ("self.a = nn.Embedding(50, 4)", "return self.a(x)", (1, 16)),
        ("layer = nn.TransformerEncoderLayer(32, 4, batch_first=True)\nself.a = nn.TransformerEncoder(layer, 2)", "return self.a(x)", (1, 16, 32)),
        # Through what keeps a shape, and what changes it.
        ("self.a = nn.Conv2d(1, 8, 3)", "x = x.unsqueeze(1)\nreturn self.a(x)", (1, 224, 224)),
        ("self.a = nn.Conv2d(1, 8, 3)", "return self.a(x[:, None])", (1, 224, 224)),
        ("self.a = nn.Conv2d(3, 8, 3)", "return self.a(x.permute(0, 3, 1, 2) / 255)", (1, 224, 224, 3)),
        ("self.a = nn.Conv1d(40, 8, 3)", "return self.a(torch.relu(x.transpose(1, 2)))", (1, 100, 40)),
        ("self.a = nn.Linear(784, 2)", "return self.a(x.view(-1, 784))", (1, 1, 28, 28)),
        ("self.a = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))", "return self.a(x)", (1, 12)),
        ("self.drop = nn.Dropout()\nself.a = nn.Linear(7, 2)", "return self.a(self.drop(x))", (1, 7)),
        # Layers in rows, in loops, in methods, and in other modules.
        ("self.a = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])", "for layer in self.a:\n    x = layer(x)\nreturn x", (1, 6)),
        ("self.a = nn.Sequential(*[nn.Linear(width, 2)])", "return self.a(x)", (1, 6)),
        ("self.a = nn.Linear(width + 2 * 3, 2)", "return self.encode(x)\ndef encode(self, y):\n    return self.a(y)".replace("\ndef", "\n    def").replace("    def", "def"), (1, 12)),
        ("self.a = torchaudio.transforms.MelSpectrogram()", "return self.a(x)", (1, 16_000)),
        ("self.a = nn.Linear(201, 2)", "return self.a(torch.stft(x, 400).abs())", (1, 16_000)),
    ],
)  # fmt: skip
def test_the_first_layer_says_what_it_takes(tmp_path: Path, layers: str, forward: str, shape: tuple[int, ...]) -> None:
    text = net(layers, forward, arguments=", width=6")["net.py"].replace("        def ", "    def ")
    assert shapes(only_model(tmp_path, {"net.py": text})) == [shape]


@pytest.mark.parametrize(
    ("layers", "forward"),
    [
        ("self.a = nn.Linear(unknown(), 2)", "return self.a(x)"),
        ("self.a = nn.Conv2d(3, 8, 3)", "return self.a(torch.cat([x, x], 1))"),
        ("self.a = 1", "return x + 1"),
    ],
)
def test_what_would_be_a_guess_is_left_open(tmp_path: Path, layers: str, forward: str) -> None:
    assert shapes(only_model(tmp_path, net(layers, forward))) == [None]


@pytest.mark.parametrize(
    ("names", "layers", "forward", "expected", "kinds"),
    [
        ("waveform", "self.a = nn.Linear(3, 2)", "return waveform.frobnicate()", [(1, 16_000)], ["float32"]),
        ("audio", "self.a = nn.Conv1d(1, 8, 9)", "return self.a(audio)", [(1, 1, 16_000)], ["float32"]),
        ("audio", "self.a = nn.Conv1d(1, 8, 9)", "return self.a(audio.unsqueeze(1))", [(1, 16_000)], ["float32"]),
        ("mels, lens", "self.a = nn.Conv1d(40, 8, 9)", "return self.a(mels)", [(1, 40, 100), (1,)], ["float32", "int64"]),
        ("input_ids", "self.a = 1", "return lookup(input_ids)", [(1, 16)], ["int64"]),
        ("ids, mask", "self.a = nn.Embedding(9, 4)", "return self.a(ids).masked_fill(~mask, 0)", [(1, 16), (1, 16)], ["int64", "bool"]),
        ("ids, mask", "self.a = nn.Embedding(9, 4)\nself.b = enc()", "return self.b(self.a(ids), src_key_padding_mask=mask)", [(1, 16), (1, 16)], ["int64", "bool"]),
        ("ids, attention_mask", "self.a = nn.Embedding(9, 4)", "return self.a(ids) * attention_mask[..., None]", [(1, 16), (1, 16)], ["int64", "int64"]),
        ("ids, flag=None", "self.a = nn.Embedding(9, 4)", "return self.a(ids)", [(1, 16)], ["int64"]),
        ("x, state", "self.a = nn.Linear(3, 2)", "return self.a(x)", [(1, 3), None], ["float32", None]),
    ],
)  # fmt: skip
def test_names_say_what_layers_do_not(
    tmp_path: Path, names: str, layers: str, forward: str, expected: list[object], kinds: list[object]
) -> None:
    model = only_model(tmp_path, net(layers, forward, names))
    assert (shapes(model), dtypes(model)) == (expected, kinds)


def test_lengths_are_of_what_they_measure(tmp_path: Path) -> None:
    model = only_model(tmp_path, net("self.a = nn.Conv1d(40, 8, 9)", "return self.a(mels)", "mels, lengths"))
    assert model.inputs is not None
    guess = model.inputs.inputs[1].guess
    assert guess is not None
    assert (guess.low, guess.high) == (50, 100)


def test_through_modules_of_the_repository_and_their_arguments(tmp_path: Path) -> None:
    text = net("self.a = Stem(channels=planes, width=8)", "return self.a(x)", arguments=", planes=5")["net.py"]
    stem = "class Stem(nn.Module):\n    def __init__(self, width, channels):\n        super().__init__()\n        self.c = nn.Conv2d(channels, width, 3)\n    def forward(self, y): return self.c(y)\n"
    assert shapes(only_model(tmp_path, {"net.py": text + stem})) == [(1, 5, 224, 224)]


def test_through_the_constructor_of_a_base(tmp_path: Path) -> None:
    text = HEADER + (
        "class Base(nn.Module):\n    def __init__(self, planes):\n        super().__init__()\n        self.c = nn.Conv2d(planes, 8, 3)\n"
        "    def forward(self, x): return self.c(x)\n"
        "class Net(Base):\n    def __init__(self, bands=2):\n        super().__init__(bands * 2)\n"
    )
    assert shapes(only_model(tmp_path, {"net.py": text})) == [(1, 4, 224, 224)]


def test_a_value_that_the_user_must_fill_in_is_not_known(tmp_path: Path) -> None:
    files = net("self.a = nn.Linear(planes, 2)", "return self.a(x)", arguments=", planes")
    model = only_model(tmp_path, files)
    assert (shapes(model), model.to_fill) == ([None], {"planes": 0})


CONV = net("self.a = nn.Conv2d(3, 8, 3)", "return self.a(x)")


@pytest.mark.parametrize(
    ("script", "shape"),
    [
        ("torch.onnx.export(Net(), torch.randn(1, 3, 64, 48), 'a.onnx')", (1, 3, 64, 48)),
        ("example = torch.rand(2, 3, SIZE, SIZE)\nmodel = Net().eval()\ntraced = torch.jit.trace(model, example)", (1, 3, 96, 96)),
        ("model = Net()\nprint(model(torch.zeros((4, 3, 8, 8))).shape)", (1, 3, 8, 8)),
        ("model = Net()\nargs = (torch.ones(1, 3, 8, 9),)\ntorch.export.export(model, args)", (1, 3, 8, 9)),
        ("Net()\nfrom torchvision import datasets\ndatasets.CIFAR10('data')", (1, 3, 32, 32)),
        ("Net()\nfrom torchvision import transforms as T\nT.Compose([T.Resize(256), T.CenterCrop(192)])", (1, 3, 192, 192)),
        ("Net()\nimport argparse\np = argparse.ArgumentParser()\np.add_argument('--img-size', default=160)", (1, 3, 160, 160)),
    ],
)  # fmt: skip
def test_scripts_show_sizes(tmp_path: Path, script: str, shape: tuple[int, ...]) -> None:
    script = f"import torch\nfrom net import Net\nSIZE = 96\n{script}\n"
    assert shapes(only_model(tmp_path, {**CONV, "use.py": script})) == [shape]


def test_an_example_is_told_with_its_place(tmp_path: Path) -> None:
    script = "import torch\nfrom net import Net\ntorch.onnx.export(Net(), torch.randint(0, 9, (1, 3)), 'a.onnx')\n"
    model = only_model(tmp_path, {**CONV, "export.py": script})
    assert model.inputs is not None
    assert model.inputs.seen_in == "export.py:3"
    guess = model.inputs.inputs[0].guess
    assert guess is not None
    assert (guess.dtype, guess.low, guess.high) == ("int64", 0, 8)


def test_an_example_for_another_model_is_none(tmp_path: Path) -> None:
    other = CONV["net.py"].replace("Net", "Other")
    script = "import torch\nfrom net import Net\nfrom other import Other\nNet()\ntorch.jit.trace(Other(), torch.ones(1, 3, 5, 5))\n"
    models = look_at(tmp_path, {**CONV, "other.py": other, "use.py": script}).models
    assert [shapes(model) for model in models] == [[(1, 3, 224, 224)], [(1, 3, 5, 5)]]
