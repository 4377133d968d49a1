"""Batches to calibrate with: the user's, each of them checked, or made up the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pocketfit.exporter import inputs
from pocketfit.exporter.inputs import load_batches
from pocketfit.exporter.tensors import ModelProblem
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
    "raises": ("def f():\n    yield x, ids\n    raise OSError('no images')", " raises OSError: no images"),
    "leaves": ("def f(): raise SystemExit('bye')", " raises SystemExit: bye"),
    "missing": ("def g(): pass", "has no 'f'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_batches_that_the_model_does_not_take_are_refused(tmp_path: Path, case: str) -> None:
    code, sentence = WRONG[case]
    with pytest.raises(ModelProblem) as caught:
        load(tmp_path, code)
    assert str(caught.value).endswith(sentence)
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


def test_batches_are_made_up_from_shapes() -> None:
    spec = ModelSpec("net", "x:y", inputs=SHAPES)
    (batches, reasons), (again, _) = load_batches(spec, Path(), INPUTS), load_batches(spec, Path(), INPUTS)
    assert reasons == (
        'calibrated on random inputs: set calibration = "module:callable" in [models.net] for real ones',
    )
    assert len(batches) == 8
    assert [[one.dtype for one in batch] for batch in batches] == [[torch.float32, torch.int64]] * 8
    assert all(torch.equal(a, b) for x, y in zip(batches, again, strict=True) for a, b in zip(x, y, strict=True))
    assert not torch.equal(batches[0][0], batches[1][0])


def test_batches_are_made_up_from_examples() -> None:
    examples = (torch.arange(100.0).view(1, 100), torch.tensor([[3, 4]]))
    batches, reasons = load_batches(ModelSpec("net", "x:y"), Path(), examples)
    assert reasons == (
        'calibrated on the example inputs with noise: set calibration = "module:callable" in [models.net] for real ones',
    )
    for noisy, ids in batches:
        assert 1 < (noisy - examples[0]).abs().mean() < 4
        assert torch.equal(ids, examples[1])


def test_example_inputs_without_floats_are_not_called_noisy() -> None:
    """Ids and masks can't be moved: of which vocabulary they are is not known."""
    ids = (torch.tensor([[3, 4]]), torch.tensor([[True, False]]))
    batches, reasons = load_batches(ModelSpec("net", "x:y"), Path(), ids)
    assert reasons == (
        "calibrated on the example inputs themselves, which hold no floats to add noise to: "
        'set calibration = "module:callable" in [models.net] for real ones',
    )
    assert batches == (ids,)


def test_constant_example_inputs_are_moved_all_the_same() -> None:
    batches, (reason,) = load_batches(ModelSpec("net", "x:y"), Path(), (torch.full((1, 100), 5.0),))
    assert reason.startswith("calibrated on the example inputs with noise: ")
    for (noisy,) in batches:
        assert 0.3 < (noisy - 5).std() < 0.7


def test_infinite_example_inputs_stay_infinite_and_the_others_finite() -> None:
    mask = torch.tensor([[1.0, 2.0, -torch.inf, 3.0]])
    batches, _ = load_batches(ModelSpec("net", "x:y"), Path(), (mask,))
    for (noisy,) in batches:
        assert torch.equal(noisy.isinf(), mask.isinf())
        assert not noisy.isnan().any()
        assert not torch.equal(noisy, mask)
