"""Kinds of models and inputs: what is taken, and what is said of what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pocketfit.exporter.builder import BuildOrder
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.plain_model import check_forward, fold_norms, uncompiled
from pocketfit.exporter.tensors import ModelProblem, flatten, nest
from pocketfit.exporter.torchscript import recipe
from pocketfit.exporter.wrapping import wrapper
from pocketfit.records import ModelSpec

X = (torch.ones(1, 3),)


def built(model: nn.Module, inputs: tuple[torch.Tensor, ...] = X, **spec: Any) -> Any:
    return recipe.optimize(BuildOrder(model.eval(), inputs, ModelSpec("net", "x:y", **spec)), lambda _: None).module


@pytest.mark.parametrize(
    ("example", "call"),
    [
        ((torch.ones(1), 0.7, False), "forward(self, x0): return self.model(x0, 0.7, False)"),
        ((torch.ones(1), None, torch.ones(1)), "forward(self, x0, x1): return self.model(x0, None, x1)"),
        (({"a": torch.ones(1), "b": torch.ones(1)},), "forward(self, x0, x1): return self.model({'a': x0, 'b': x1})"),
        ({"ids": torch.ones(1), "mask": torch.ones(1)}, "forward(self, x0, x1): return self.model(ids=x0, mask=x1)"),
        (([torch.ones(1), torch.ones(1)],), "forward(self, x0, x1): return self.model([x0, x1])"),
    ],
)
def test_the_wrapper_of_inputs_that_are_no_tensors(example: Any, call: str) -> None:
    assert wrapper(example).endswith(call)


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x * torch.sigmoid(x) * scale


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x**3, x**2

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        raise AssertionError("there is no gradient to be prepared for")


class OwnGradients(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return {"loss": None, "swish": Swish.apply(x, 0.5), "cube": Cube.apply(x)[0]}  # type: ignore[no-untyped-call]


def test_functions_with_a_gradient_of_their_own(tmp_path: Path) -> None:
    model, before = OwnGradients().eval(), torch.autograd.Function.apply
    BUILDERS["lite"].save(
        BUILDERS["lite"].optimize(BuildOrder(model, X, ModelSpec("net", "x:y")), lambda _: None), tmp_path / "net.ptl"
    )
    answer = BUILDERS["lite"].load(tmp_path / "net.ptl")(*X)
    assert torch.allclose(answer["swish"], 0.5 * X[0].sigmoid())
    assert torch.equal(answer["cube"], X[0])
    assert torch.autograd.Function.apply == before


def test_norms_are_folded_to_the_same_numbers() -> None:
    model = nn.Sequential(
        torch.nn.utils.weight_norm(nn.Conv2d(3, 4, 3)),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 3)),
        torch.nn.utils.spectral_norm(nn.Conv2d(4, 2, 3)),
        nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 2, 1)),
    ).eval()
    x = torch.randn(1, 3, 9, 9)
    before = model(x)
    (reason,) = fold_norms(model)
    assert reason == "weight_norm, spectral_norm or parametrizations are folded into 4 weights"
    assert torch.allclose(model(x), before, atol=1e-6)
    assert sorted(name for name, _ in model[0].named_parameters()) == ["bias", "weight"]
    assert isinstance(model[2].weight, nn.Parameter)
    assert fold_norms(model) == ()


def test_torch_compile_is_taken_off() -> None:
    inner = nn.Linear(3, 2)
    model, (reason,) = uncompiled(torch.compile(inner))  # type: ignore[arg-type]
    assert model is inner
    assert reason.startswith("torch.compile was taken off")
    assert uncompiled(inner) == (inner, ())


class NoForward(nn.Module):
    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_model_without_forward_is_said_with_its_methods() -> None:
    for model in (NoForward(), torch.jit.script(NoForward())):
        with pytest.raises(ModelProblem, match=r"no forward, .* \(it has encode\)"):
            check_forward(model)
    check_forward(nn.Linear(1, 1))
    check_forward(torch.jit.script(nn.Linear(1, 1)))


class Masked(nn.Module):
    def forward(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        if bool(keep.any()):
            return x * keep
        return x

    @torch.jit.export
    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_scripted_model_takes_bools_as_uint8() -> None:
    inputs = (torch.ones(1, 3), torch.tensor([[True, False, True]]))
    file = built(Masked(), inputs, how="script")
    assert file(inputs[0], inputs[1].to(torch.uint8)).tolist() == [[1.0, 0.0, 1.0]]
    none = torch.zeros(1, 3, dtype=torch.uint8)
    assert file(inputs[0], none).tolist() == [[1.0, 1.0, 1.0]]


def test_further_methods_that_tracing_would_compile() -> None:
    inputs = (torch.ones(1, 3), torch.ones(1, 3, dtype=torch.bool))
    with pytest.raises(ModelProblem, match="preserve_methods and bool inputs don't go together"):
        built(Masked(), inputs, preserve_methods=("logits",))
    with pytest.raises(ModelProblem, match=r"logits is decorated with @torch\.jit\.export"):
        built(Masked(), (inputs[0], inputs[0]), preserve_methods=("logits",))


class Spells(nn.Module):
    """Speech to text with its greedy decoder inside."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[str] = ["-", "a", "b", "é"]

    def forward(self, x: torch.Tensor) -> tuple[str, list[str]]:
        said = ""
        best: list[int] = x.argmax(-1).tolist()
        for letter in best:
            said += self.letters[letter]
        return said, [said[:1], ""]


def test_a_str_is_an_answer_like_any_other() -> None:
    model, x = Spells(), torch.eye(4)
    flat = list(flatten(built(model, (x,), how="script")(x)))
    assert [(path, bytes(tensor.tolist()).decode()) for path, tensor in flat] == [
        ("[0].encode()", "-abé"),
        ("[1][0].encode()", "-"),
        ("[1][1].encode()", ""),
    ]
    assert nest(model(x), (tensor for _, tensor in flat)) == model(x)
