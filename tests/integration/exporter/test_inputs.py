"""Batches to calibrate with: the user's, each of them checked, or made up the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pocketfit.exporter import inputs
from pocketfit.exporter.inputs import Samples, gather, load_batches
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.judge.parity import CALIBRATED_WITH, ONE_VALUE_KNOWN
from pocketfit.records import InputSpec, ModelSpec

INPUTS = (torch.ones(1, 2), torch.ones(1, 3, dtype=torch.int64))
SHAPES = (InputSpec((1, 2)), InputSpec((1, 3), "int64"))


def load(root: Path, code: str) -> tuple[tuple[tuple[torch.Tensor, ...], ...], tuple[str, ...]]:
    name = f"data_{root.name}"
    (root / f"{name}.py").write_text(
        f"import itertools, torch\nx, ids = torch.ones(1, 2), torch.ones(1, 3).long()\n{code}"
    )
    return load_batches(ModelSpec("net", "x:y", calibration=f"{name}.py:f"), root, INPUTS)


def test_batches_are_tuples_or_lists(tmp_path: Path) -> None:
    batches, reasons = load(tmp_path, "def f():\n    yield x, ids\n    yield [torch.ones(5, 2), ids]\n")
    assert [tuple(one.shape for one in batch) for batch in batches] == [((1, 2), (1, 3)), ((5, 2), (1, 3))]
    assert reasons == ()


def test_a_lone_tensor_is_a_batch(tmp_path: Path) -> None:
    (tmp_path / "lone.py").write_text(
        "import torch\ndef f(): return torch.ones(4, 2)\ndef g(): return [torch.ones(4, 2)]"
    )
    for name in ("f", "g"):
        spec = ModelSpec("net", "x:y", calibration=f"lone.py:{name}")
        ((batch,), reasons) = load_batches(spec, tmp_path, INPUTS[:1])
        assert (len(batch), batch[0].shape, reasons) == (1, (4, 2), ())


WRONG = {
    "count": ("def f(): return [(x, ids), x]", "batch 1 has 1 tensor, and the model takes 2: give the model's inputs alone"),
    "labels": ("def f(): return [(x, ids, ids)]", "batch 0 has 3 tensors, and the model takes 2: give the model's inputs alone"),
    "dtype": ("def f(): return [(x, x)]", "batch 0: input 1 is float32, and the model takes int64"),
    "array": ("def f(): return [(x.numpy(), ids)]", "batch 0 holds a ndarray: give tuples of tensors"),
    "number": ("def f(): return [0]", "batch 0 holds a int: give tuples of tensors"),
    "empty": ("def f(): return []", " gives no batch: return an iterable of input tuples"),
    "none": ("def f(): pass", " returns a NoneType: return an iterable of input tuples"),
    "raises": ("def f():\n    yield x, ids\n    raise OSError('no images')", " raises OSError: no images at "),
    "leaves": ("def f(): raise SystemExit('bye')", " raises SystemExit: bye at "),
    "missing": ("def g(): pass", "has no 'f'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_batches_that_the_model_does_not_take_are_refused(tmp_path: Path, case: str) -> None:
    code, sentence = WRONG[case]
    with pytest.raises(ModelProblem) as caught:
        load(tmp_path, code)
    assert sentence in str(caught.value)
    assert f"data_{tmp_path.name}.py" in str(caught.value)


def test_an_endless_iterable_ends(tmp_path: Path) -> None:
    batches, (reason,) = load(tmp_path, "def f(): return ((x, ids) for _ in itertools.count())")
    assert len(batches) == 256
    assert reason.startswith("calibrated on the first 256 batches of data_")
    assert reason.endswith("no more than 256 or 1 GB are taken")


def test_a_large_iterable_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 100)
    batches, (reason,) = load(tmp_path, "def f(): return [(x, ids)] * 9")
    assert len(batches) == 4
    assert reason.startswith("calibrated on the first 4 batches of ")


def identity(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return inputs


class Text(torch.nn.Module):
    """Takes token ids and types, looks both up, by the layer and by hand, and adds them."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(500, 8, padding_idx=0)
        self.register_buffer("kinds", torch.randn(3, 8))

    def forward(self, ids: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        return self.words(ids.clone()) + self.kinds[kinds]


def values_of(samples: Samples) -> list[list[bytes]]:
    sets = (samples.golden, *samples.further, *samples.batches)
    return [[tensor.numpy().tobytes() for tensor in one] for one in sets]


def all_different(samples: Samples) -> bool:
    values = values_of(samples)
    return all(one not in values[:index] for index, one in enumerate(values))


def test_what_is_made_up_from_shapes_is_calibrated_with_or_compared_on() -> None:
    spec = ModelSpec("net", "x:y", inputs=SHAPES)
    samples, again = (gather(spec, Path(), INPUTS, identity, "int8") for _ in range(2))
    assert samples.reasons == (
        'calibrated on random inputs: set calibration = "module:callable" in [models.net] for real ones',
    )
    assert (len(samples.further), len(samples.batches), samples.made_up) == (3, 8, True)
    assert [[one.dtype for one in batch] for batch in samples.batches] == [[torch.float32, torch.int64]] * 8
    assert values_of(samples) == values_of(again)
    assert all_different(samples)
    assert values_of(gather(spec, Path(), INPUTS, identity, "fp32")) == values_of(samples)[:4]
    # Where the command line names the model there is no table of its own.
    by_options = ModelSpec("net", "x:y", inputs=SHAPES, by_options=True)
    assert gather(by_options, Path(), INPUTS, identity, "int8").reasons == (
        'calibrated on random inputs: set calibration = "module:callable" in a pocketfit.toml for real ones',
    )


def test_ids_given_as_examples_are_drawn_from_their_vocabularies() -> None:
    ids, kinds = torch.tensor([[3, 4, 5, 6, 0, 0, 0]]), torch.tensor([[0, 0, 1, 1, 1, 1, 1]])
    samples = gather(ModelSpec("net", "x:y"), Path(), (ids, kinds), Text().eval(), "int8")
    assert samples.reasons == (
        "calibrated on fresh draws of the kind of the example inputs: "
        'set calibration = "module:callable" in [models.net] for real ones',
    )
    assert all_different(samples)
    for words, types in (*samples.further, *samples.batches):
        assert torch.equal(words == 0, ids == 0)
        assert words.max() > 60
        assert set(types[0, :2].tolist()) <= {0, 1, 2}


def test_a_mask_with_infinity_stays_beside_floats_that_are_drawn() -> None:
    x, mask = torch.randn(1, 64), torch.tensor([[0.0, 0.0, -torch.inf]])
    samples = gather(ModelSpec("net", "x:y"), Path(), (x, mask), identity, "int8")
    assert all_different(samples)
    assert all(torch.equal(other, mask) for _, other in (*samples.further, *samples.batches))


@pytest.mark.parametrize("scalar", [torch.tensor(0.5), torch.tensor(3), torch.zeros(1, 4)])
def test_one_value_beside_what_is_drawn_is_not_judged(scalar: torch.Tensor) -> None:
    samples = gather(ModelSpec("net", "x:y"), Path(), (torch.randn(1, 64), scalar), identity, "int8")
    assert all_different(samples)
    for _, other in (*samples.further, *samples.batches):
        assert (other.shape, other.dtype) == (scalar.shape, scalar.dtype)
    assert samples.unjudged == ONE_VALUE_KNOWN
    assert samples.reasons[-1] == (
        f"int8 knows one value of input 1, {scalar.flatten()[0]:.3g}, and is judged on no other: "
        "let calibration give more"
    )
    assert gather(ModelSpec("net", "x:y"), Path(), (torch.randn(1, 64), scalar), identity, "fp32").unjudged == ""


def test_an_example_of_one_value_judges_nothing() -> None:
    samples = gather(ModelSpec("net", "x:y"), Path(), (torch.zeros(1, 3, 8, 8),), identity, "int8")
    assert samples.unjudged == ONE_VALUE_KNOWN


@pytest.mark.parametrize("flag", [torch.tensor([1]), torch.zeros(1, 3, dtype=torch.int64), torch.tensor(True)])
def test_a_flag_has_one_value_and_is_judged(flag: torch.Tensor) -> None:
    samples = gather(ModelSpec("net", "x:y"), Path(), (torch.randn(1, 64), flag), identity, "int8")
    assert (samples.unjudged, len(samples.reasons)) == ("", 1)


def test_batches_that_give_more_values_are_judged(tmp_path: Path) -> None:
    def of_states(*values: float) -> Samples:
        code = f"[(torch.full((1, 8), 1.0 * n), torch.full((1, 4), state)) for n, state in enumerate({values})]"
        root = tmp_path / f"of_{'_'.join(map(str, values))}"
        root.mkdir()
        return gathered(root, code, (torch.randn(1, 8), torch.zeros(1, 4)), by_shape=False)

    assert of_states(0.0, 0.0, 0.0, 0.0).unjudged == ONE_VALUE_KNOWN
    assert of_states(0.0, 3.0, -2.0, 1.0).unjudged == ""
    # The first is held out: int8 does not know it, and is judged on it.
    assert of_states(3.0, 0.0).unjudged == ""


def test_stand_ins_outside_of_the_models_domain_are_left_out() -> None:
    x = torch.ones(1, 4)
    samples = gather(ModelSpec("net", "x:y"), Path(), (x,), lambda one: (one - 1).abs().neg().log(), "int8")
    # Eager gives -inf for the example and NaN for all others.
    assert (samples.unjudged, samples.batches) == (CALIBRATED_WITH, ((x,),))


def test_where_nothing_else_can_be_made_nothing_is_judged() -> None:
    ids = (torch.tensor([[3]]), torch.tensor([[True, True]]))
    samples = gather(ModelSpec("net", "x:y"), Path(), ids, identity, "int8")
    assert samples.reasons == (
        "calibrated on the very inputs that it is compared on, since no others of their kind can be made: "
        'set calibration = "module:callable" in [models.net] for real ones',
    )
    assert (samples.unjudged, samples.batches, samples.further) == (CALIBRATED_WITH, (ids,), ())


def gathered(root: Path, code: str, inputs: tuple[torch.Tensor, ...], *, by_shape: bool) -> Samples:
    (root / f"{root.name}.py").write_text(f"import torch\ndef f(): return {code}\n")
    shapes = tuple(InputSpec(tuple(one.shape)) for one in inputs) if by_shape else None
    spec = ModelSpec("net", "x:y", inputs=shapes, calibration=f"{root.name}.py:f")
    return gather(spec, root, inputs, identity, "int8")


@pytest.mark.parametrize(
    ("code", "by_shape", "golden", "further", "batches"),
    [
        # Half are held out at most, spread over all of them.
        ("[torch.full((1, 2), 1.0 * n) for n in range(16)]", True, 0, [4, 8, 12], 12),
        ("[torch.full((1, 2), 1.0 * n) for n in range(16)]", False, 99, [0, 5, 10], 13),
        ("[torch.full((1, 2), 1.0 * n) for n in range(2)]", True, 0, [], 1),
        ("[torch.full((1, 2), 1.0 * n) for n in range(2)]", False, 99, [0], 1),
        ("[torch.zeros(1, 2)]", False, 99, [], 1),
        # A loader's batch is larger: its first items are held out.
        ("[torch.full((8, 2), 1.0 * n) for n in range(4)]", True, 0, [1, 2, 3], 4),
        # Others may be longer.
        ("[torch.zeros(1, 2), torch.ones(1, 3)]", True, 0, [], 1),
        # One of them is the example.
        ("[torch.full((1, 2), 99.0), torch.ones(1, 2), torch.zeros(1, 2)]", False, 99, [1], 1),
    ],
)
def test_some_of_the_users_batches_are_held_out(
    tmp_path: Path, code: str, by_shape: bool, golden: float, further: list[float], batches: int
) -> None:
    samples = gathered(tmp_path, code, (torch.full((1, 2), 99.0),), by_shape=by_shape)
    assert samples.golden[0].tolist() == [[golden] * 2]
    assert [one[0, 0].item() for (one,) in samples.further] == further
    assert all(one.shape == (1, 2) for (one,) in samples.further)
    assert (len(samples.batches), samples.reasons, samples.unjudged, samples.made_up) == (batches, (), "", False)
    assert all_different(samples)


def test_a_lone_batch_is_not_judged_on_itself(tmp_path: Path) -> None:
    samples = gathered(tmp_path, "[torch.linspace(0, 1, 40).view(1, 40)]", (torch.ones(1, 40),), by_shape=True)
    (reason,) = samples.reasons
    assert "gives one batch, which nothing is compared on: fresh draws of its kind are" in reason
    assert (len(samples.further), samples.unjudged) == (3, "")
    assert all_different(samples)
    assert samples.golden[0].max() <= 1


def test_a_lone_batch_that_is_the_example_gives_no_score(tmp_path: Path) -> None:
    samples = gathered(tmp_path, "[torch.ones(1, 2)]", (torch.ones(1, 2),), by_shape=False)
    assert samples.unjudged == CALIBRATED_WITH
    assert samples.reasons[0].startswith("calibrated on the very inputs that it is compared on")
