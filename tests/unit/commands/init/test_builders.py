from __future__ import annotations

import ast
from pathlib import PurePosixPath

import pytest

from pocketfit.commands.init.builders import builder_name, builders_text
from pocketfit.commands.init.configuration import gaps
from pocketfit.survey import FoundModel, MadeObject, Place
from pocketfit.survey.checkpoints import Checkpoint, Weights

NET = Place("", "pkg.net", "TinyNet")
WEIGHTS = Weights(Checkpoint(PurePosixPath("weights/net.pth"), "state_dict", ("a",)), "module.")


def model(**given: object) -> FoundModel:
    return FoundModel("pkg/net.py:TinyNet", **{"place": NET, **given})  # type: ignore[arg-type]


def test_a_function_that_loads_weights() -> None:
    text = builders_text([model(weights=WEIGHTS, arguments={"width": 4})])
    assert text == (
        '''\
"""Models as Pocketfit builds them. `pocketfit init` wrote this; it is yours to change."""

from pathlib import Path

import torch

from pkg.net import TinyNet

HERE = Path(__file__).resolve().parent


def tiny_net(width) -> torch.nn.Module:
    """Load the weights of weights/net.pth."""
    model = TinyNet(width=width)
    saved = torch.load(HERE / "weights/net.pth", map_location="cpu", weights_only=True)["state_dict"]
    saved = {name.removeprefix("module."): tensor for name, tensor in saved.items()}
    model.load_state_dict(saved)
    return model
'''
    )


def test_objects_and_options_of_a_package_below_src() -> None:
    place = Place("src", "pkg.net", "TinyNet")
    config = Place("src", "pkg.config", "Config")
    text = builders_text(
        [
            model(
                place=place,
                objects={"config": MadeObject(config, {"width": 4})},
                namespaces={"args": {"arch": 'a"b', "data": None, "n": 3}},
            )
        ]
    )
    assert text == (
        '''\
"""Models as Pocketfit builds them. `pocketfit init` wrote this; it is yours to change."""

import sys
from argparse import Namespace
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


def tiny_net() -> torch.nn.Module:
    sys.path.insert(0, str(HERE / "src"))
    from pkg.config import Config
    from pkg.net import TinyNet

    return TinyNet(config=Config(width=4), args=Namespace(arch="a\\"b", data=None, n=3))
'''
    )


def test_what_nobody_can_write_is_left_open() -> None:
    text = builders_text([model(unknown=("vocabulary",), arguments={"width": 4})])
    ast.parse(text)
    assert [(gap.place, gap.what, gap.model) for gap in gaps(text, "pocketfit_models.py")] == [
        ("pocketfit_models.py:11", "vocabulary", "tiny_net")
    ]


@pytest.mark.parametrize(
    ("name", "builder"),
    [
        ("TinyNet", "tiny_net"),
        ("PPOPolicy", "ppo_policy"),
        ("Net.small", "small_for_mobile"),
        ("net", "net_for_mobile"),
    ],
)
def test_builders_have_names_of_their_own(name: str, builder: str) -> None:
    assert builder_name(model(place=Place("", "pkg.net", name))) == builder
