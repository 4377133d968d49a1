"""Kinds of models and inputs: what is taken, and what is said of what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from pocketfit.exporter.builder import BuildOrder
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.plain_model import check_forward, fold_norms, training_mode, uncompiled, with_own_tensors
from pocketfit.exporter.raised.wrapping import wrapper
from pocketfit.exporter.tensors import ModelProblem, flatten, nest
from pocketfit.exporter.torchscript import recipe
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


@torch.compile
def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


class CompiledParts(nn.Module):
    @torch.compile
    def features(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return doubled(self.features(x))


def test_methods_and_functions_under_torch_compile_run_as_written() -> None:
    model, (reason,) = uncompiled(CompiledParts())
    assert reason.startswith("torch.compile was taken off")
    assert not hasattr(CompiledParts.features, "_torchdynamo_orig_callable")
    assert not hasattr(doubled, "_torchdynamo_orig_callable")
    assert model(torch.ones(2)).tolist() == [4.0, 4.0]
    assert uncompiled(model) == (model, ())


def test_weights_made_in_inference_mode_are_copied() -> None:
    with torch.inference_mode():
        model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
        model[2].weight = model[0].weight
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with_own_tensors(model)
    assert not [name for name, tensor in model.state_dict().items() if tensor.is_inference()]
    assert model[2].weight is model[0].weight
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    torch.export.export(model.eval(), (torch.ones(2, 3),))


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


class Branches(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.training else x + 1


@pytest.mark.parametrize(
    ("model", "matters"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU()), False),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)), False),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), True),
        (nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)), True),
        (nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)).eval(), False),
        (Branches(), True),
        (torch.jit.script(nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))), True),
        (torch.jit.script(nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)).eval()), False),
    ],
)
def test_a_mode_that_changes_answers_is_noted(model: nn.Module, matters: bool) -> None:
    note = "source returned the model in training mode; Pocketfit exports it in evaluation mode"
    assert training_mode(model) == ((note,) if matters else ())


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


class Scores(nn.Module):
    """Methods that take a mask as forward does, and one with inputs of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        return self.head(x * keep).relu()

    def logits(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        return self.head(x * keep)

    def share(self, keep: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
        return keep.sum() * scale if keep.dtype == torch.bool else torch.zeros(())

    def kept(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        return x if keep is None else x[keep]


MASK = torch.tensor([[True, False, True]])


@pytest.mark.parametrize("how", ["trace", "script"])
def test_further_methods_take_bools_as_uint8_too(how: str) -> None:
    model, inputs = Scores(), (torch.ones(1, 3), MASK)
    if how == "script":
        for name in ("logits", "share", "kept"):
            setattr(Scores, name, torch.jit.export(getattr(Scores, name)))
    methods = ("logits", "share", "kept") if how == "script" else ("logits",)

    file = built(model, inputs, how=how, preserve_methods=methods)

    given = (inputs[0], MASK.to(torch.uint8))
    assert torch.allclose(file(*given), model(*inputs))
    assert torch.allclose(file.logits(*given), model.logits(*inputs))
    if how == "script":
        assert (float(file.share(given[1])), float(file.share(given[1], 3.0))) == (4.0, 6.0)
        assert (file.kept(*given).tolist(), file.kept(given[0]).tolist()) == ([1.0, 1.0], [[1.0, 1.0, 1.0]])


class Held:
    """No module: what TorchScript makes a class of its own of."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x = x


class TakesHeld(Masked):
    @torch.jit.export
    def held(self, held: Held) -> torch.Tensor:
        return held.x


def test_a_method_that_bools_put_out_of_reach() -> None:
    with pytest.raises(ModelProblem, match="preserve_methods: held can't be reached beside bool or number inputs"):
        built(TakesHeld(), (torch.ones(1, 3), MASK), how="script", preserve_methods=("held",))


class Activity(nn.Module):
    """As silero-vad is made: what is declared as an int chooses the branch, and the state is in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.high, self.low = nn.Linear(4, 4), nn.Linear(4, 4)
        self._state = torch.zeros(0)

    @torch.jit.export
    def reset_states(self) -> None:
        self._state = torch.zeros(0)

    def forward(self, x: torch.Tensor, rate: int) -> torch.Tensor:
        if self._state.numel() == 0:
            self._state = torch.zeros_like(x)
        self._state = torch.tanh(self._state + (self.high(x) if rate == 16000 else self.low(x)))
        return self._state


def test_a_script_that_declares_numbers_takes_tensors_of_one_value() -> None:
    model, x, rate = torch.jit.script(Activity().eval()), torch.ones(1, 4), torch.tensor(16000)
    order = BuildOrder(model, (x, rate), ModelSpec("net", "net.jit", preserve_methods=("reset_states",)))

    optimized = recipe.optimize(order, lambda _: None)

    assert optimized.reasons == ("input 1 is declared as int: the artifact takes a tensor of one value for it",)
    assert [str(one.type) for one in optimized.module.forward.schema.arguments[1:]] == ["Tensor", "Tensor"]
    model.reset_states()
    for rates in (16000, 16000, 8000):
        assert torch.allclose(optimized.module(x, torch.tensor(rates)), model(x, rates))
    first = torch.tanh(model.high(x))
    assert not torch.allclose(optimized.module(x, rate), first)
    optimized.module.reset_states()
    assert torch.allclose(optimized.module(x, rate), first)


class TakesList(nn.Module):
    def forward(self, xs: list[torch.Tensor]) -> torch.Tensor:
        return xs[0]


def test_a_script_that_no_tensor_goes_into() -> None:
    sentence = (
        r"the script can't be called with these inputs: it takes a List\[Tensor\] as input 0 \(xs\), and was given"
    )
    with pytest.raises(ModelProblem, match=sentence):
        built(TakesList(), X, how="script")


class Codec(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(4, 2), nn.Linear(2, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(x)

    @torch.jit.export
    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return self.up(codes)

    @torch.jit.export
    def rate(self) -> int:
        return 16000

    def needs_codes(self, codes: torch.Tensor) -> torch.Tensor:
        return self.up(codes)


class Unscriptable(Codec):
    @torch.jit.export
    def sorts(self, x: torch.Tensor) -> Any:
        return {one for one in (x,)}


def test_exported_methods_are_scripted_beside_a_traced_forward() -> None:
    model, x = Codec(), torch.ones(1, 4)
    order = BuildOrder(model.eval(), (x,), ModelSpec("net", "x:y", preserve_methods=("encode", "decode", "rate")))

    optimized = recipe.optimize(order, lambda _: None)

    assert "decode, rate: scripted, as @torch.jit.export says, beside a forward that is traced" in optimized.reasons
    assert optimized.module.rate() == 16000
    assert torch.allclose(optimized.module(x), model(x))
    assert torch.allclose(optimized.module.decode(optimized.module.encode(x)), model(x))


@pytest.mark.parametrize(
    ("model", "method", "sentence"),
    [
        (
            Codec(),
            "needs_codes",
            r"preserve_methods: needs_codes does not take forward's inputs \(RuntimeError: .*\), with ",
        ),
        (
            Unscriptable(),
            "sorts",
            r"preserve_methods: sorts can't be scripted, as @torch\.jit\.export says \(UnsupportedNodeError: ",
        ),
    ],
)
def test_methods_that_can_not_be_kept(model: nn.Module, method: str, sentence: str) -> None:
    with pytest.raises(ModelProblem, match=sentence):
        built(model, (torch.ones(1, 4),), preserve_methods=(method,))


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


class Attached(nn.Module):
    """As a LightningModule is: what it is trained by can't be read outside of training."""

    __jit_unused_properties__: ClassVar = ["trainer"]

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    @property
    def trainer(self) -> Any:
        raise RuntimeError("Attached is not attached to a `Trainer`.")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


@pytest.mark.parametrize("how", ["trace", "script"])
def test_a_property_that_raises_is_not_read(how: str) -> None:
    model = nn.Sequential(Attached(), nn.ReLU())
    assert torch.allclose(built(model, how=how)(*X), model(*X))
    with pytest.raises(RuntimeError, match="not attached to a `Trainer`"):
        _ = model[0].trainer
