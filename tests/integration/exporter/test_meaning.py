"""What a build says beyond size: parity over several inputs, the user's metric, anatomy, names and other shapes.

In this process, one after the other: a child for each would take seconds only to import torch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pocketfit.exporter.main import export
from pocketfit.exporter.tensors import flatten, nest
from pocketfit.job import Exported, Job, NotExported, Result
from pocketfit.judge.golden import read_tensor
from pocketfit.records import InputSpec, ModelSpec, Variant

VECTOR = (InputSpec((2, 4)),)
HEAD = "import torch\nfrom torch import nn\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    # The next test's model.py is another.
    for name in set(sys.modules) - known:
        if name in ("model", "helper"):
            del sys.modules[name]


def build(root: Path, code: str, format_name: str = "lite", precision: str = "fp32", **spec: object) -> Result:
    (root / "model.py").write_text(HEAD + code)
    folder = root / "job"
    folder.mkdir(exist_ok=True)
    model = replace(ModelSpec("m", "model.py:make", inputs=VECTOR), **spec)  # type: ignore[arg-type]
    return export(Job(Variant("m", format_name, precision), model, str(root), str(folder)), folder)


def module(forward: str, init: str = "pass", arguments: str = "x") -> str:
    return (
        f"class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {init}\n"
        f"    def forward(self, {arguments}):\n        {forward}\ndef make(): return M()\n"
    )


def test_a_branch_that_depends_on_data_shows_on_further_inputs(root: Path) -> None:
    """The trace is right for the golden input and wrong for the next: its first value is 1.76, then 1.62."""
    result = build(root, module("return x if x[0, 0] > 1.7 else -x"))
    assert isinstance(result, NotExported), result
    assert result.reason == (
        "the trace does not compute what eager does: a value of inputs was baked in: on the golden inputs all is as in "
        "eager, and on others SQNR is -6.0 dB; tracing: Converting a tensor to a Python boolean might cause the trace to "
        'be incorrect (model.py:8): how = "script" or torch.where keeps both branches'
    )


def test_parity_is_over_four_sets_and_each_output(root: Path) -> None:
    result = build(root, module("return {'a': self.l(x), 'b': x * 0.0}", "self.l = nn.Linear(4, 3)"))
    assert isinstance(result, Exported), result
    a, b = result.export.parity.outputs
    assert (result.export.parity.input_sets, a.path, b.path) == (4, "['a']", "['b']")
    assert a.sqnr_db is not None
    assert a.sqnr_db > 100
    assert (a.cosine, a.argmax_agreement, a.degenerate) == (pytest.approx(1.0), 1.0, None)
    assert (b.sqnr_db, b.max_abs_diff, b.degenerate) == (None, 0.0, "is all zeros")
    assert "output ['b'] is all zeros: agreement there means nothing" in result.export.reasons


def test_tensors_that_the_user_gives_are_drawn_again(root: Path) -> None:
    (root / "helper.py").write_text("import torch\ndef inputs(): return torch.ones(2, 4), torch.tensor([1, 0])\n")
    code = module("return x[ids], x.sum(), ids", arguments="x, ids")
    result = build(root, code, inputs="helper:inputs")
    assert isinstance(result, Exported), result
    values, total, ids = result.export.parity.outputs
    # All ones would be constant.
    assert (result.export.parity.input_sets, values.degenerate, total.degenerate) == (4, None, None)
    # Ids are drawn from the vocabulary, which is the two rows of x.
    assert ids.degenerate is None


def test_made_up_inputs_that_eager_refuses_are_left_out(root: Path) -> None:
    (root / "helper.py").write_text("import torch\ndef inputs(): return torch.ones(2, 4)\n")
    code = module("assert torch.jit.is_tracing() or bool((x == 1).all())\n        return x @ x.T + torch.arange(2)")
    result = build(root, code, inputs="helper:inputs")
    assert isinstance(result, Exported), result
    assert result.export.parity.input_sets == 1


METRIC = "import torch\ndef spread(predict):\n    y = predict(torch.ones(2, 4))\n    assert not y.requires_grad\n    return y.std()\n"


def test_the_users_metric_is_of_eager_and_of_the_file(root: Path) -> None:
    (root / "helper.py").write_text(METRIC)
    code = module("return self.l(x)", "self.l = nn.Linear(4, 3)")
    result = build(root, code, metric="helper:spread")
    assert isinstance(result, Exported), result
    assert result.export.metric is not None
    assert result.export.metric.eager is not None
    assert result.export.metric.eager > 0.01
    assert result.export.metric.value == pytest.approx(result.export.metric.eager, abs=1e-5)


def test_the_metric_of_a_file_that_is_wrong_elsewhere_shows(root: Path) -> None:
    """A batch that the trace has baked in goes wrong in the file only, and that costs the metric, not the row."""
    (root / "helper.py").write_text("import torch\ndef m(predict): return float(predict(torch.ones(3, 4)).shape[0])\n")
    code = module("return x.reshape(2, 2, 2)", "pass")
    code = code.replace(
        "return x.reshape(2, 2, 2)",
        "return x.reshape(int(x.numel()) // 4, 4) if not torch.jit.is_tracing() else x.reshape(2, 4)",
    )
    result = build(root, code, metric="helper:m")
    assert isinstance(result, Exported), result
    assert result.export.metric is not None
    assert (result.export.metric.eager, result.export.metric.value) == (3.0, None)
    (said,) = [reason for reason in result.export.reasons if "metric" in reason]
    assert said.startswith(
        "the metric of the lite file has no value: helper:m raises RuntimeError: shape '[2, 4]' is invalid"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def m(predict): return float('nan')", "helper:m returns nan, which is no value to compare"),
        ("def m(predict): return 'good'", "helper:m returns a str instead of a number"),
        ("def m(predict): return None", "helper:m returns a NoneType instead of a number"),
        ("import torch\ndef m(predict): return torch.ones(3)", "helper:m returns (3,) values instead of one number"),
        ("def m(predict): raise ValueError('no data')", "helper:m raises ValueError: no data"),
        ("def m(predict): raise SystemExit(3)", "helper:m raises SystemExit: 3"),
        ("m = 3", "helper:m is a int, which can't be called"),
        ("import gone", "helper can't be imported: ModuleNotFoundError: No module named 'gone'"),
    ],
)
def test_a_metric_that_goes_wrong_costs_its_value_not_the_row(root: Path, body: str, said: str) -> None:
    (root / "helper.py").write_text(body)
    result = build(root, module("return x * 2"), metric="helper:m")
    assert isinstance(result, Exported), result
    assert result.export.metric is not None
    assert (result.export.metric.eager, result.export.metric.value) == (None, None)
    (reason,) = result.export.reasons
    assert reason.startswith(f"the metric of eager has no value: {said}")


BATCH_OF_3 = (InputSpec((3, 4)),)
LINEAR = "self.l = nn.Linear(4, 3)"


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_another_shape_that_the_file_takes(root: Path, format_name: str) -> None:
    result = build(root, module("return self.l(x)", LINEAR), format_name, check_inputs=BATCH_OF_3)
    assert isinstance(result, Exported), result


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        ("return x[:len(x)]", "static shape baked in: check_inputs (3x4) give 2x4 where eager gives 3x4"),
        (
            "return x.sum() / len(x)",
            "static shape baked in: check_inputs (3x4) give another answer than eager: SQNR against eager is 6.0 dB, below 60 dB",
        ),
        (
            "return x.reshape(len(x), 2, 2)",
            "static shape baked in: check_inputs (3x4) fail: RuntimeError: shape '[2, 2, 2]' is invalid for input of size 12",
        ),
    ],
)
def test_a_shape_that_the_trace_has_baked_in(root: Path, forward: str, said: str) -> None:
    code = module(forward.replace("len(x)", "int(x.shape[0])"))
    result = build(root, code, check_inputs=BATCH_OF_3)
    assert isinstance(result, NotExported), result
    assert result.reason.startswith(said)


def test_another_value_that_the_trace_has_baked_in(root: Path) -> None:
    (root / "helper.py").write_text(
        "import torch\ndef ones(): return torch.ones(2, 4)\ndef twos(): return 2 * torch.ones(2, 4)\n"
    )
    code = module("return x * float(x[0, 0])").replace("float(x[0, 0])", "round(float(x[0, 0]))")
    result = build(root, code, inputs="helper:ones", check_inputs="helper:twos")
    assert isinstance(result, NotExported), result
    assert result.reason == (
        "a value of inputs was baked in: check_inputs (2x4) give another answer than eager: "
        "the output is constant (4), and the artifact's is 2 off, above 0.004"
    )


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (BATCH_OF_3 * 2, "check_inputs: 2 tensors, where inputs has 1"),
        ((InputSpec((2, 4), "int64"),), "check_inputs: input 0 is int64, where inputs has float32"),
        ((InputSpec((2, 5)),), "forward does not take check_inputs (float32 2x5): RuntimeError: mat1 and mat2 shapes"),
        ("helper:gone", "helper has no 'gone'"),
    ],
)
def test_check_inputs_that_make_no_sense(root: Path, second: object, said: str) -> None:
    (root / "helper.py").write_text("")
    result = build(root, module("return self.l(x)", LINEAR), check_inputs=second)
    assert isinstance(result, NotExported), result
    assert result.reason.startswith(said)


@pytest.mark.parametrize(("format_name", "version"), [("lite", 8), ("torchscript", 3)])
def test_anatomy_says_where_every_byte_is(root: Path, format_name: str, version: int) -> None:
    init = "self.body = nn.Sequential(nn.Linear(4, 300), nn.ReLU(), nn.Linear(300, 3)); self.bias = nn.Parameter(torch.ones(3)); self.tied = self.body"
    result = build(root, module("return self.tied(x) + self.bias", init), format_name)
    assert isinstance(result, Exported), result
    assert result.export.anatomy is not None
    anatomy = result.export.anatomy
    assert anatomy.modules == {"": 12, "body.0": 4 * 1500, "body.2": 4 * 903}
    # Prepacked for XNNPACK, so without a module's name, but all there.
    assert anatomy.dtypes == {"float32": 4 * (3 + 1500 + 903)}
    assert sum(anatomy.parts.values()) == (root / "job" / result.file).stat().st_size
    assert anatomy.parts["constants"] > 4 * 2403
    assert anatomy.macs == {"body.0": 2 * 1200, "body.2": 2 * 900}
    assert ("bytecode" in anatomy.parts) == (format_name == "lite")
    assert anatomy.dropped_debug_bytes is not None
    assert anatomy.dropped_debug_bytes > 0
    assert anatomy.format_version == version


def test_inputs_and_outputs_have_names(root: Path) -> None:
    code = module("return image + mask, {'image': image, 'mask': mask}", arguments="image, mask")
    result = build(root, code, inputs=VECTOR * 2)
    assert isinstance(result, Exported), result
    assert [one.name for one in result.export.inputs] == ["image", "mask"]
    assert [one.name for one in result.export.outputs] == ["0", "1.image", "1.mask"]


@pytest.mark.parametrize(
    "output",
    [
        torch.ones(2),
        (torch.ones(2), [torch.zeros(1), 3]),
        {"b": torch.ones(1), "a": (torch.zeros(2), None)},
    ],
)
def test_a_flat_list_is_nested_as_eagers(output: object) -> None:
    flat = [tensor for _, tensor in flatten(output)]
    again = nest(output, iter(flat))
    assert type(again) is type(output)
    assert [(path, tensor.tolist()) for path, tensor in flatten(again)] == [
        (path, tensor.tolist()) for path, tensor in flatten(output)
    ]


def test_int8_is_compared_on_the_kind_that_it_was_calibrated_with(root: Path) -> None:
    """Made-up inputs lie outside the ranges of real ones, where int8 saturates; held-out batches do not."""
    (root / "helper.py").write_text(
        "import torch\ndef batches():\n    return [torch.rand(2, 4) * 0.01 + n * 0.001 for n in range(8)]\n"
    )
    result = build(root, module("return self.l(x)", LINEAR), precision="int8", calibration="helper.py:batches")
    assert isinstance(result, Exported), result
    assert result.export.parity.sqnr_db is not None
    assert result.export.parity.sqnr_db > 25
    assert read_tensor(result.export.inputs[0], root / "job").max() < 0.02
