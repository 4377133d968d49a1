"""What forward may return: each form is built, and answers in eager's own places, on the Android libraries too."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.exporter.builder import BuildOrder, Optimized
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.tensors import ModelProblem, flatten, nest
from pocketfit.formats import FORMATS
from pocketfit.judge.golden import read_tensor, write_arrays
from pocketfit.records import DeviceSpec, ModelSpec, SmokeInput
from pocketfit.runtimes.library import android_or_why
from tests.integration.conftest import require

Pair = namedtuple("Pair", "logits features")


class Answer(OrderedDict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


@dataclass
class Record:
    logits: torch.Tensor
    features: torch.Tensor


class Returns(nn.Module):
    def __init__(self, make: Any) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: torch.Tensor) -> Any:
        return self.make(x + 1, x * 2)

    def further(self, x: torch.Tensor) -> torch.Tensor:
        return x


X = (torch.ones(1, 3),)


def built(make: Any, **spec: Any) -> Optimized:
    order = BuildOrder(Returns(make).eval(), X, ModelSpec("net", "x:y", **spec))
    return BUILDERS["lite"].optimize(order, lambda _: None)


@pytest.mark.parametrize(
    "make",
    [
        Pair,
        Record,
        lambda a, b: {"b": a, "a": b},
        lambda a, b: (a, b, None),
        lambda a, b: (a, None, (), b),
        lambda a, b: [None, [a, b]],
        lambda a, b: {8: a, -16: b},
        lambda a, b: {8: a, 16: (b, None)},
        lambda a, b: {"out": (a, [b, a]), "it's": Record(a, b)},
        lambda a, b: (a, b.shape[0], 0.5, True, [1, 2]),
        lambda a, b: Answer(loss=None, logits=a, features=b),
    ],
)
def test_what_it_returns_is_nested_as_eagers(make: Any, tmp_path: Path) -> None:
    BUILDERS["lite"].save(built(make), tmp_path / "net.ptl")
    model, run = Returns(make), BUILDERS["lite"].load(tmp_path / "net.ptl")
    expected, actual = list(flatten(model(*X))), list(flatten(run(*X)))
    assert [path for path, _ in actual] == [path for path, _ in expected]
    assert all(torch.equal(one, other) for (_, one), (_, other) in zip(expected, actual, strict=True))
    again = nest(model(*X), (tensor for _, tensor in actual))
    assert type(again) is type(model(*X))


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (lambda a, _: {"loss": None, "logits": a}, ("output ['loss'] is None in eager: the file leaves it out",)),
        (
            lambda a, b: (a, {"a": [], "b": None, "c": None, "d": None, "e": b}),
            ("outputs [1]['a'], [1]['b'], [1]['c'] and 1 more are None or empty in eager: the file leaves them out",),
        ),
        (lambda a, b: (a, None, b), ()),
    ],
)
def test_what_the_file_leaves_out_is_said(make: Any, reasons: tuple[str, ...]) -> None:
    assert built(make).reasons == reasons


@pytest.mark.parametrize("key", [1.5, True, (1, 2), None])
def test_a_key_that_torchscript_does_not_know_is_said(key: Any) -> None:
    sentence = (
        f"output[1] has the key {key!r}, and TorchScript keeps keys that are all str or all int: "
        "name the keys, or return a tuple"
    )
    with pytest.raises(ModelProblem) as caught:
        built(lambda a, b: (a, {key: b}))
    assert str(caught.value) == sentence


def test_keys_of_two_kinds_are_said() -> None:
    with pytest.raises(ModelProblem, match=r"output has the key 'a', and TorchScript keeps keys that are all"):
        built(lambda a, b: {"a": a, 1: b})


def test_beside_further_methods_the_tracer_has_to_take_it() -> None:
    with pytest.raises(ModelProblem) as caught:
        built(lambda a, b: {"out": (a, [b]), "aux": a}, preserve_methods=("further",))
    assert str(caught.value) == (
        "torch.jit.trace fails: it records tensors, and tuples, lists and dicts of them, and forward returns "
        'something else: return those alone, or set how = "script"'
    )


@pytest.fixture(scope="module")
def device() -> Iterator[RunningJvm]:
    device = JvmDevice(DeviceSpec(), android_or_why())
    reason = device.unavailable()
    require(reason is None, f"device jvm: {reason}")
    with device.up() as running:
        yield running


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_every_form_on_the_android_library(device: RunningJvm, tmp_path: Path, format_name: str) -> None:
    def make(a: torch.Tensor, b: torch.Tensor) -> Any:
        return (
            {"out": (a, [b, a]), "aux": None},
            None,
            {8: a, -16: (b, None)},
            [{"e": a}, [a, {"f": b}]],
            Record(a, b),
            0.5,
        )

    optimized, path = built(make), tmp_path / f"net{FORMATS[format_name].suffix}"
    BUILDERS[format_name].save(optimized, path)
    inputs = write_arrays([("[0]", X[0].numpy())], tmp_path, "input")
    (tmp_path / "outputs").mkdir()
    run = device.smoke(SmokeInput(format_name, path, inputs, tmp_path), tmp_path / "outputs")
    assert run.status == "passed", run.reason
    expected = list(flatten(Returns(make)(*X)))
    assert [one.path for one in run.outputs] == [one for one, _ in expected]
    for one, (_, tensor) in zip(run.outputs, expected, strict=True):
        assert (read_tensor(one, tmp_path / "outputs") == tensor.numpy()).all()
