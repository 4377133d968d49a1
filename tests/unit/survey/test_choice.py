from __future__ import annotations

from pathlib import Path

from tests.unit.survey.looking import look_at, only_model, shapes
from tests.unit.survey.test_idioms import HEADER, NET

OTHER = NET.replace("class Net", "class Other")


def sources(folder: Path, files: dict[str, str]) -> list[str]:
    return [model.source for model in look_at(folder, files).models]


def test_what_scripts_use_comes_before_what_nobody_does(tmp_path: Path) -> None:
    files = {"net.py": NET, "other.py": OTHER, "train.py": "from net import Net\nmodel = Net(4)\n"}
    survey = look_at(tmp_path, files)
    (model,) = survey.models
    assert (model.source, model.arguments) == ("net.py:Net", {"width": 4})
    assert survey.others == ("Block", "Other")


def test_where_nothing_is_used_all_are_models(tmp_path: Path) -> None:
    assert sources(tmp_path, {"net.py": NET, "other.py": OTHER}) == ["net.py:Net", "other.py:Other"]


def test_functions_that_make_one_class_in_two_ways(tmp_path: Path) -> None:
    files = {"net.py": NET + "def small(): return Net(4)\ndef large(): return Net(64)\n"}
    assert sources(tmp_path, files) == ["net.py:small", "net.py:large"]


def test_a_function_that_another_hands_on_is_not_listed(tmp_path: Path) -> None:
    files = {"net.py": NET + "def inner(): return Net(4)\ndef outer():\n    return inner()\n"}
    assert sources(tmp_path, files) == ["net.py:outer"]


def test_a_features_extractor_of_a_data_set_is_a_part(tmp_path: Path) -> None:
    data = "from torch.utils.data import Dataset\nfrom net import Other\nclass Words(Dataset):\n    def __init__(self):\n        self.mel = Other()\n"
    files = {
        "net.py": NET + OTHER.replace(HEADER, ""),
        "data.py": data,
        "train.py": "from net import Net\nNet()\n",
    }
    assert sources(tmp_path, files) == ["net.py:Net"]


def test_a_lightning_module_without_a_forward_is_a_script(tmp_path: Path) -> None:
    lit = "import lightning as L\nfrom net import Net\nclass Lit(L.LightningModule):\n    def __init__(self):\n        super().__init__()\n        self.net = Net(3)\n    def training_step(self, batch, index): return self.net(batch)\n"
    model = only_model(tmp_path, {"net.py": NET, "lit.py": lit})
    assert (model.source, model.arguments) == ("net.py:Net", {"width": 3})


def test_a_wrapper_is_left_for_what_it_wraps(tmp_path: Path) -> None:
    ema = "class Ema(nn.Module):\n    def __init__(self, model):\n        super().__init__()\n        self.model = model\n    def forward(self, x): return self.model(x)\n"
    script = "from net import Ema, Net\nmodel = Net()\nema = Ema(model)\n"
    assert sources(tmp_path, {"net.py": NET + ema, "train.py": script}) == ["net.py:Net"]


def test_a_training_function_is_no_maker(tmp_path: Path) -> None:
    train = "def train_model():\n    model = Net(5)\n    loss(model).backward()\n    return model\n"
    model = only_model(tmp_path, {"net.py": NET, "train.py": f"from net import Net\n{train}"})
    assert (model.source, model.arguments) == ("net.py:Net", {"width": 5})


def test_a_table_of_classes(tmp_path: Path) -> None:
    table = "MODELS = {'net': Net}\ndef build(name='net'):\n    return MODELS[name]()\n"
    assert sources(tmp_path, {"net.py": NET + table}) == ["net.py:build"]


def test_a_zoo_has_an_end(tmp_path: Path) -> None:
    survey = look_at(tmp_path, {f"net{number:02}.py": NET.replace("Net", f"Net{number}") for number in range(14)})
    assert len(survey.models) == 10
    assert survey.others == ("Block", "Net10", "Net11", "Net12", "Net13")


def test_a_namespace_of_options(tmp_path: Path) -> None:
    files = {
        "net.py": NET.replace("width=8", "args").replace("width", "args.width"),
        "train.py": "import argparse\nfrom net import Net\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=12)\nparser.add_argument('--data')\nargs = parser.parse_args()\nmodel = Net(args)\n",
    }
    model = only_model(tmp_path, files)
    assert model.namespaces == {"args": {"width": 12}}
    assert model.needs_builder


def test_a_function_with_options_gives_way_to_its_class(tmp_path: Path) -> None:
    files = {
        "net.py": NET + "def build(args):\n    return Net(args.width)\n",
        "train.py": "import argparse\nfrom net import build\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=12)\nbuild(parser.parse_args())\n",
    }
    model = only_model(tmp_path, files)
    assert (model.source, model.arguments) == ("net.py:Net", {"width": 12})


def test_nothing_at_all(tmp_path: Path) -> None:
    survey = look_at(tmp_path, {"a.py": "x = 1\n", "broken.py": "def (:"})
    assert (survey.models, survey.files) == ((), 1)


def test_the_examples_of_pocketfit_itself() -> None:
    from pathlib import PurePosixPath

    from pocketfit.survey import look

    root = Path(__file__).parents[3] / "examples"
    survey = look(root, [PurePosixPath(path.relative_to(root)) for path in sorted(root.rglob("*.py"))])
    assert {model.source for model in survey.models} == {
        "models/classify.py:resnet18",
        "models/classify.py:mobilenet_v2",
        "models/digits.py:digits",
        "models/two_inputs.py:two_inputs",
    }
    two = next(model for model in survey.models if model.source.endswith("two_inputs"))
    assert shapes(two) == [(1, 16), (1, 8)]


def test_a_configuration_that_is_an_object_is_left_to_the_user(tmp_path: Path) -> None:
    text = NET.replace("width=8", "h").replace("width", "h.width")
    model = only_model(tmp_path, {"net.py": text})
    assert (model.unknown, model.to_fill) == (("h",), {})
    assert model.needs_builder


def test_a_configuration_with_what_a_script_gives_it(tmp_path: Path) -> None:
    config = "from dataclasses import dataclass\n@dataclass\nclass Config:\n    width: int\n    depth: int = 2\n"
    text = NET.replace("width=8", "config").replace("width", "config.width")
    script = (
        "from net import Net\nfrom config import Config\nargs = {}\nmodel = Net(Config(width=6, depth=args.depth))\n"
    )
    model = only_model(tmp_path, {"net.py": text, "config.py": config, "train.py": script})
    assert (model.objects["config"].place.name, model.objects["config"].values) == ("Config", {"width": 6})


def test_from_pretrained_comes_after_the_class_itself(tmp_path: Path) -> None:
    method = "    @classmethod\n    def from_pretrained(cls, name):\n        return cls(4)\n"
    script = "from net import Net\nmodel = Net.from_pretrained('small')\n"
    assert sources(tmp_path, {"net.py": NET + method, "train.py": script}) == ["net.py:Net"]


def test_a_function_that_makes_one_layer_is_no_model(tmp_path: Path) -> None:
    layer = "def conv1x1(inputs, outputs):\n    return nn.Conv2d(inputs, outputs, 1)\n"
    script = "from net import conv1x1\nconv1x1(3, 4)\n"
    assert sources(tmp_path, {"net.py": NET + layer, "train.py": script}) == ["net.py:Net"]


def test_a_discriminator_comes_after_its_generator(tmp_path: Path) -> None:
    other = NET.replace(HEADER, "").replace("class Net", "class Discriminator")
    script = "from net import Net, Discriminator\nNet()\nDiscriminator()\n"
    assert sources(tmp_path, {"net.py": NET + other, "train.py": script}) == ["net.py:Net"]


def test_what_is_given_to_a_constructor_is_a_part(tmp_path: Path) -> None:
    detector = "class Detector(nn.Module):\n    def __init__(self, backbone=None, classes=3):\n        super().__init__()\n        self.backbone = backbone\n    def forward(self, x): return self.backbone(x)\n"
    script = "from net import Detector, Net\nbackbone = Net(4)\nmodel = Detector(backbone)\n"
    assert sources(tmp_path, {"net.py": NET + detector, "train.py": script}) == ["net.py:Detector"]


def test_a_function_that_gives_more_than_a_model(tmp_path: Path) -> None:
    other = NET.replace(HEADER, "").replace("class Net", "class PostProcess")
    build = "def build(width):\n    model = Net(width)\n    return model, Focus(), {'boxes': PostProcess()}\nclass Focus(nn.Module):\n    def forward(self, a, b): return a\n"
    script = "from net import build\nmodel, criterion, others = build(4)\n"
    (model,) = look_at(tmp_path, {"net.py": NET + other + build, "train.py": script}).models
    assert (model.source, model.arguments) == ("net.py:Net", {})


def test_a_function_that_only_puts_together_is_no_model(tmp_path: Path) -> None:
    compose = "def compose(*parts):\n    return nn.Sequential(*parts)\n"
    assert sources(tmp_path, {"net.py": NET, "tools.py": HEADER + compose}) == ["net.py:Net"]


def test_layers_by_a_function_with_arguments(tmp_path: Path) -> None:
    text = HEADER + (
        "def double(inputs, outputs):\n    return nn.Sequential(nn.Conv2d(inputs, outputs, 3), nn.Conv2d(outputs, outputs, 3))\n"
        "class Net(nn.Module):\n    def __init__(self, bands=5):\n        super().__init__()\n        self.down = double(bands, 8)\n"
        "    def forward(self, x): return self.down(x)\n"
    )
    assert shapes(only_model(tmp_path, {"net.py": text})) == [(1, 5, 224, 224)]
