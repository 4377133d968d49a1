"""Precisions on small networks: what they compute on the host, on the real Android libraries, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build
from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.exporter.builder import BuildOrder, Step
from pocketfit.exporter.executorch.quantize import quantize as executorch_quantize
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.java_types import java_inputs, with_java_types
from pocketfit.exporter.samples.constants import of_one_value, told_constants
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript.quantize import quantize, use_engine
from pocketfit.formats import FORMATS
from pocketfit.judge.golden import read_tensor, write_arrays
from pocketfit.judge.parity import compare, disagreements
from pocketfit.records import Built, DeviceSpec, Failed, InputSpec, Limits, ModelSpec, Parity, SmokeInput, Variant
from pocketfit.runtimes.library import android_or_why
from pocketfit.variants import skip_reason
from tests.integration.conftest import NET, require

IMAGE = (1, 3, 16, 16)
BOTH = ("lite", "torchscript")


class Net(nn.Module):
    """A convolution without bias and a batch norm with statistics, an activation, a residual sum, a linear layer."""

    def __init__(self, activation: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.02, 0.5)
        self.activation = activation
        self.other = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.activation(self.norm(self.convolution(x)))
        return self.head(self.activation(self.other(y) + y).mean((2, 3)))


class Clamping(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.hardtanh(x.clamp(min=-2), -3.0, 2.0) + functional.relu6(x)


class Branching(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.sum() < 1e9 else -x)


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.recurrent = kind(8, 32, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 4)

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(self.recurrent(x)[0])


@pytest.fixture(scope="module")
def device() -> Iterator[RunningJvm]:
    device = JvmDevice(DeviceSpec(), android_or_why())
    reason = device.unavailable()
    require(reason is None, f"device jvm: {reason}")
    use_engine()
    with device.up() as running:
        yield running


def order(model: nn.Module, precision: str, shape: tuple[int, ...] = IMAGE, **spec: Any) -> BuildOrder:
    generator = torch.Generator().manual_seed(1)
    batches = tuple((torch.randn(shape, generator=generator),) for _ in range(5))
    return BuildOrder(model.eval(), batches[0], replace(ModelSpec("net", "x:y"), **spec), precision, batches[1:])


def export_and_try(given: BuildOrder, device: RunningJvm, format_name: str, folder: Path) -> tuple[Parity, Any]:
    """Parity with eager on the device, which must be the host's to the last digits, and what the recipe says."""
    with torch.no_grad():
        eager = given.model(*given.inputs).numpy()

        def check(run: Any) -> str | None:
            found = disagreements(compare([eager], [run(*given.inputs).detach().numpy()]), Limits(min_sqnr_db=22), "")
            return "; ".join(one.sentence for one in found) or None

        builder = BUILDERS[format_name]
        optimized = builder.optimize(given, check)
        path = folder / f"net{FORMATS[format_name].suffix}"
        builder.save(optimized, path)
        host = builder.load(path)(*given.inputs).numpy()
    inputs = write_arrays([("[0]", given.inputs[0].numpy())], folder, "input")
    outputs = folder / "outputs"
    outputs.mkdir()
    run = device.smoke(SmokeInput(format_name, path, inputs, folder), outputs)
    assert run.status == "passed", run.reason
    answer = read_tensor(run.outputs[0], outputs)
    assert abs(answer - host).max() < 1e-6
    return compare([eager], [answer]), optimized


STATIC = {
    "relu": (Net(nn.ReLU()), "quantized::conv2d_relu"),
    # The engine's own clamp and prelu give less than 6 dB here: see qnnpack.py.
    "relu6": (Net(nn.ReLU6()), "quantized::conv2d_relu"),
    "clamps": (Net(Clamping()), "aten::clamp"),
    "prelu": (Net(nn.PReLU(16)), "aten::prelu"),
}


@pytest.mark.parametrize(
    ("case", "format_name"), [*((case, "lite") for case in STATIC), ("relu", "torchscript"), ("relu6", "torchscript")]
)
def test_int8(device: RunningJvm, tmp_path: Path, case: str, format_name: str) -> None:
    model, operator = STATIC[case]
    parity, optimized = export_and_try(order(model, "int8"), device, format_name, tmp_path)
    assert parity.sqnr_db is not None
    assert 25 < parity.sqnr_db < 60
    assert optimized.recipe == ("quantize_fx", "trace", "freeze", "optimize_for_mobile")
    assert optimized.reasons == ()
    assert {operator, "quantized::linear"} <= set(optimized.ops)
    assert not {"quantized::prelu", "aten::hardtanh", "aten::relu6"} & set(optimized.ops)


def test_weights_are_quantized_per_channel() -> None:
    use_engine()
    model = quantize(order(Net(nn.ReLU()), "int8")).module
    schemes = {name: one.weight().qscheme() for name, one in model.named_modules() if hasattr(one, "weight")}
    assert schemes == dict.fromkeys(("convolution", "other", "head"), torch.per_channel_affine)


def test_weights_are_symmetric_without_minus_128() -> None:
    """The engine's kernels want them so: mobilenet_v3_large has 7 dB with -128 in it, and 14 to 17 without."""
    use_engine()
    model = quantize(order(Net(nn.ReLU()), "int8")).module
    for layer in (model.convolution, model.other, model.head):
        weight = layer.weight()
        assert int(weight.int_repr().min()) >= -127
        assert int(weight.q_per_channel_zero_points().abs().max()) == 0
        assert float(weight.q_per_channel_scales().min()) >= 2**-12


def test_the_engine_clamps_wrongly() -> None:
    """When this fails, torch has mended it; the Android libraries have not."""
    use_engine()
    x = torch.quantize_per_tensor(torch.randn(1, 8, 6, 6), 0.02, 128, torch.quint8)
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(functional.hardtanh(x).dequantize(), functional.hardtanh(x.dequantize()))
    assert not torch.equal(functional.hardtanh(last).dequantize(), functional.hardtanh(x.dequantize()))


def test_relu6_ends_at_6() -> None:
    use_engine()
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU6(), nn.Identity())
    nn.init.constant_(model[0].weight, 10.0)
    given = order(model, "int8", (1, 1, 8, 8))
    quantized = quantize(given).module
    answer = quantized(torch.full((1, 1, 8, 8), 2.0))
    assert 5.9 < answer.max() <= 6.0


def test_int8_of_what_fx_can_not_trace(device: RunningJvm, tmp_path: Path) -> None:
    parity, optimized = export_and_try(order(Branching(nn.ReLU()), "int8"), device, "lite", tmp_path)
    assert parity.sqnr_db is not None
    assert 25 < parity.sqnr_db < 60
    assert optimized.recipe == ("quantize layer by layer", "trace", "freeze", "optimize_for_mobile")
    assert optimized.reasons[0] == (
        "torch.fx can't trace it: TraceError: symbolically traced variables cannot be used as inputs to control flow; "
        "so each convolution and linear layer is quantized by itself, which is slower than a graph in int8"
    )
    assert (optimized.ops["quantized::conv2d"], optimized.ops["quantized::linear"]) == (2, 1)


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.layer(x) * mask


class Attention(nn.Module):
    """Takes its mask from the app: added where it has -inf or the like, filled in where it is bool."""

    def __init__(self, filled: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.filled = filled
        self.qkv, self.out = nn.Linear(24, 72), nn.Linear(24, 24)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.transpose(1, 2) / 24**0.5
        scores = scores.masked_fill(mask, -1e9) if self.filled else scores + mask
        return self.out(scores.softmax(-1) @ v)


@pytest.mark.parametrize("value", [-torch.inf, torch.finfo(torch.float32).min, -1e9, -1e4, True])
@pytest.mark.parametrize("format_name", ["lite", "executorch"])
def test_masks_with_extreme_values_do_not_poison_ranges(value: Any, format_name: str) -> None:
    """Their range would leave the scores no steps: torch.fx gave 16 dB for -1e4, and raised for the others."""
    use_engine()
    mask = torch.zeros(1, 10, 10, dtype=torch.bool if value is True else torch.float32)
    mask[..., 7:] = value
    generator = torch.Generator().manual_seed(1)
    inputs, *batches = [(torch.randn(1, 10, 24, generator=generator), mask) for _ in range(6)]
    given = BuildOrder(Attention(value is True).eval(), inputs, ModelSpec("net", "x:y"), "int8", tuple(batches))
    if format_name == "executorch":
        passed = tuple(java_inputs(batch) for batch in batches)
        exported = torch.export.export(with_java_types(given.model, inputs).eval(), java_inputs(inputs))
        module = executorch_quantize(exported, passed, dynamic=False)
        assert module is not None
    else:
        step = quantize(given)
        assert (step.names, step.reasons) == (("quantize_fx",), ())
        module = step.module
    with torch.no_grad():
        answer = module(*(java_inputs(inputs) if format_name == "executorch" else inputs))
        parity = compare([given.model(*inputs).numpy()], [answer.numpy()])
    assert parity.sqnr_db is not None
    assert parity.sqnr_db > 25


class ClampsByStatement(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * 2
        x.clamp_(-0.5, 1.0)
        x = self.first(x) * 3
        x.clamp_(-0.2, 0.4)
        return self.last(x)


def test_a_clamp_in_place_whose_result_nobody_reads_is_not_lost() -> None:
    """As seed 1540 of the random models: replaced by one that is not in place, it clamped nothing."""
    use_engine()
    inputs, *batches = [(torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed)),) for seed in range(17)]
    step = quantize(BuildOrder(ClampsByStatement().eval(), inputs, ModelSpec("net", "x:y"), "int8", tuple(batches)))
    assert (step.names, step.reasons) == (("quantize_fx",), ())
    with torch.no_grad():
        parity = compare([ClampsByStatement()(*inputs).numpy()], [step.module(*inputs).numpy()])
    assert parity.sqnr_db is not None
    assert parity.sqnr_db > 25


class Scaled(nn.Module):
    """Takes a scale, which an example gives one value of."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x).relu()) * scale


@pytest.mark.parametrize("format_name", ["lite", "executorch"])
def test_an_input_of_which_one_value_is_known(format_name: str) -> None:
    """Seed 1415 of the random models: 39.9 dB on the example, and 5 dB on any other value of it."""
    use_engine()
    generator = torch.Generator().manual_seed(1)

    def draw(value: float) -> tuple[torch.Tensor, ...]:
        return torch.randn(2, 8, generator=generator), torch.tensor(value)

    batches = tuple(draw(0.5 + 0.02 * number) for number in range(-8, 8))
    given = BuildOrder(Scaled().eval(), draw(0.5), ModelSpec("net", "x:y"), "int8", batches)
    assert of_one_value(given.inputs, batches) == {1: 0.5}
    if format_name == "executorch":
        exported = torch.export.export(given.model, given.inputs)
        module = executorch_quantize(exported, batches, dynamic=False, constants=[1])
        assert module is not None
    else:
        step = quantize(given)
        assert (step.names, step.reasons) == (("quantize_fx",), ())
        module = step.module
    x, _ = draw(0.5)
    inputs = (x, torch.tensor(1.5))
    with torch.no_grad():
        parity = compare([given.model(*inputs).numpy()], [module(*inputs).numpy()])
    assert parity.sqnr_db is not None
    assert parity.sqnr_db > 25


def test_an_input_of_which_more_is_known() -> None:
    x, half, one = torch.randn(1, 4), torch.full((1,), 0.5), torch.full((1,), 1.0)
    many = [(torch.randn(1, 4), half)] * 3
    assert of_one_value((x, half), many) == {1: 0.5}
    assert told_constants((x, half), many) == (
        "int8 knows one value of input 1, 0.5, and is judged on no other: let calibration give more",
    )
    assert of_one_value((x, half), [*many, (x, one)]) == {}
    assert of_one_value((x, half), many[:1]) == {}
    assert of_one_value((torch.ones(1, 4),), [(torch.ones(1, 4),)] * 3) == {}
    assert of_one_value((x, torch.tensor([3])), [(x, torch.tensor([3]))] * 3) == {}


def test_what_fx_has_quantized_is_traced_whatever_is_set() -> None:
    """It keeps a mask in fp32 by a module that takes anything, which can't be scripted."""
    use_engine()
    mask = torch.ones(1, 10, 10).triu(1).bool()
    inputs, *batches = [(torch.randn(1, 10, 24), mask) for _ in range(3)]
    spec = ModelSpec("net", "x:y", how="script")
    optimized = BUILDERS["lite"].optimize(
        BuildOrder(Attention(True).eval(), inputs, spec, "int8", tuple(batches)), lambda _: None
    )
    assert optimized.recipe[:2] == ("quantize_fx", "trace")


def test_int8_of_what_fx_can_not_observe() -> None:
    use_engine()
    inputs = (torch.randn(1, 8), torch.tensor([[1, 0, 1, 1]]))
    step = quantize(BuildOrder(Masked().eval(), inputs, ModelSpec("net", "x:y"), "int8", (inputs,)))
    (reason,) = step.reasons
    assert step.names == ("quantize layer by layer",)
    assert reason.startswith("it can't be observed by torch.fx: ")
    assert "not implemented for 'Long'; so each convolution and linear layer is quantized by itself" in reason
    assert step.module(*inputs)[0, 1] == 0


DYNAMIC = {
    "lstm": (Recurrent(nn.LSTM), "aten::quantized_lstm"),
    "gru": (Recurrent(nn.GRU), "aten::quantized_gru"),
    "linear": (nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 4)), "quantized::linear_dynamic"),
}


@pytest.mark.parametrize(("case", "format_name"), [*((case, "lite") for case in DYNAMIC), ("lstm", "torchscript")])
def test_int8_dynamic(device: RunningJvm, tmp_path: Path, case: str, format_name: str) -> None:
    model, operator = DYNAMIC[case]
    parity, optimized = export_and_try(order(model, "int8-dynamic", (1, 6, 8)), device, format_name, tmp_path)
    assert parity.sqnr_db is not None
    assert 25 < parity.sqnr_db < 70
    assert optimized.recipe[0] == "quantize_dynamic"
    assert optimized.reasons == ()
    assert {operator, "quantized::linear_dynamic"} <= set(optimized.ops)


def test_int8_dynamic_of_a_convolution() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3))
    assert quantize(order(model, "int8-dynamic")) == Step(
        model,
        (),
        ("int8-dynamic left all weights in fp32: it is for linear, LSTM and GRU layers, and this model has none",),
    )


class Opaque(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class Uncopyable(nn.Sequential):
    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("one of a kind")


REFUSED = {
    "scripted": (torch.jit.script(nn.ReLU()), {}, "x:y is TorchScript already, and int8 is made from a module in eager mode: name a callable that builds it"),
    "methods": (nn.ReLU(), {"preserve_methods": ("encode",)}, "preserve_methods can't be kept in int8: torch.fx, which quantizes, traces forward alone"),
    "nothing": (Opaque(), {}, "it can't be quantized: torch.fx can't trace it: TraceError: symbolically traced variables cannot be used as inputs to control flow, and it has no convolution or linear layer as a module"),
    "copy": (Uncopyable(), {}, "it can't be quantized, since copy.deepcopy fails: RuntimeError: one of a kind"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_quantized(case: str) -> None:
    model, spec, sentence = REFUSED[case]
    with pytest.raises(ModelProblem) as caught:
        quantize(order(model, "int8", **spec))
    assert str(caught.value) == sentence


class ByHand(Branching):
    """Takes a layer's weight, which a quantized layer has not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + self.head.weight.sum()


def test_a_layer_whose_weights_are_read_stays_in_fp32() -> None:
    step = quantize(order(ByHand(nn.ReLU()), "int8"))
    assert step.reasons[-1] == "left in fp32: head, whose weights forward reads besides calling the layer"
    assert type(step.module.head) is nn.Linear
    assert "quantized" in type(step.module.convolution.module).__module__


class Encoder(nn.Module):
    """torch's own layer, which reads the weights of its linear layers for a fused kernel; another reads on purpose."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
        self.head = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stack(x if x.sum() < 1e9 else -x)
        return functional.linear(x, self.head.weight.t())


@pytest.mark.parametrize(("precision", "least_db"), [("int8", 22), ("int8-dynamic", 30)])
def test_layers_that_another_layer_reads(precision: str, least_db: float) -> None:
    use_engine()
    given = order(Encoder(), precision, (1, 6, 8))
    step = quantize(given)
    assert step.reasons[-1] == "left in fp32: head, whose weights forward reads besides calling the layer"
    with torch.no_grad():
        found = compare([given.model(*given.inputs).numpy()], [step.module(*given.inputs).numpy()])
    assert found.sqnr_db is not None
    assert found.sqnr_db > least_db
    kinds = [type(module).__module__ for module in step.module.modules() if type(module).__name__ == "Linear"]
    assert sum("quantized" in kind for kind in kinds) == 4
    assert given.model.stack.layers[0].activation_relu_or_gelu == 1


class AllRead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x if x.sum() < 1e9 else -x, self.head.weight)


def test_where_all_weights_are_read() -> None:
    with pytest.raises(ModelProblem) as caught:
        quantize(order(AllRead(), "int8", (1, 8)))
    own = "forward reads the weights of its layers itself, and a layer in int8 has none to be read: call the layer"
    assert str(caught.value) == (
        "it can't be quantized: torch.fx can't trace it: TraceError: symbolically traced variables cannot be used as "
        f"inputs to control flow, and layer by layer neither: {own}"
    )
    step = quantize(order(AllRead(), "int8-dynamic", (1, 8)))
    assert (step.names, step.reasons) == ((), (f"int8-dynamic left all weights in fp32: {own}",))


def test_a_torch_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketfit.exporter.torchscript.quantize.ENGINE", "none")
    with pytest.raises(
        ModelProblem, match=r"^this torch has no quantized engine none, which the Android libraries use$"
    ):
        quantize(order(Net(nn.ReLU()), "int8"))


def test_a_batch_that_forward_does_not_take() -> None:
    given = order(Net(nn.ReLU()), "int8")
    with pytest.raises(ModelProblem, match=r"^calibration: forward fails on batch 1: RuntimeError: .* channels"):
        quantize(replace(given, batches=(given.inputs, (torch.ones(1, 5, 16, 16),))))


def test_a_limit_that_int8_does_not_meet() -> None:
    given = order(Net(nn.ReLU()), "int8")
    said = r"^in int8 it does not compute what eager does: too far; int8 agrees with eager to \d\d\.\d dB on the golden inputs"
    with pytest.raises(ModelProblem, match=said) as caught:
        BUILDERS["lite"].optimize(given, lambda run: "too far")
    remedy = 'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32'
    assert str(caught.value).endswith(remedy)


class Spread(nn.Module):
    """Its second layer has channels whose sizes are so different that one scale for all leaves the small ones nothing."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.wide, self.last = nn.Linear(16, 32), nn.Linear(32, 32), nn.Linear(32, 4)
        with torch.no_grad():
            self.wide.weight[0] *= 3000
            self.last.weight[:, 0] = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.wide(torch.relu(self.first(x))))


def test_a_poor_result_names_the_layers_that_cost_most() -> None:
    given = order(Spread(), "int8", (1, 16))
    optimized = BUILDERS["lite"].optimize(given, lambda run: None)
    (reason,) = optimized.reasons
    assert reason.startswith("int8 agrees with eager to ")
    assert ": most is lost in " in reason
    assert "last (" in reason.split(": most is lost in ")[1].split(")")[0] + ")"
    assert "dB before it" in reason
    assert "last" in [one.layer for one in optimized.losses]


def test_an_output_that_means_nothing_has_no_score() -> None:
    model = Spread()
    nn.init.zeros_(model.last.weight)
    nn.init.constant_(model.last.bias, 1e-9)
    said = BUILDERS["lite"].optimize(order(model, "int8", (1, 16)), lambda run: None).reasons
    assert not [reason for reason in said if "agrees with eager to" in reason]


def test_a_good_result_is_not_explained() -> None:
    assert BUILDERS["lite"].optimize(order(Net(nn.ReLU()), "int8"), lambda run: None).reasons == ()


@pytest.mark.parametrize("format_name", BOTH)
def test_half_precision_is_skipped_by_name_of_the_runtime(
    format_name: str, device: RunningJvm, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = device.info.runtimes[format_name]
    rest = "has no half-precision kernels on the CPU: no convolution, matrix product or relu"
    assert skip_reason(ModelSpec("net", "x:y"), format_name, "fp16") == f"{runtime} {rest}"
    assert skip_reason(ModelSpec("net", "x:y"), format_name, "int8") is None
    monkeypatch.setenv("POCKETFIT_ANDROID", "/nowhere")
    assert skip_reason(ModelSpec("net", "x:y"), format_name, "fp16") == f"the Android runtime of {format_name} {rest}"


class Half(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.half()).float()


@pytest.mark.parametrize(
    ("layer", "format_name"),
    [(nn.Conv2d(3, 4, 3), "lite"), (nn.Linear(16, 4), "lite"), (nn.ReLU(), "lite"), (nn.Linear(16, 4), "torchscript")],
)
def test_the_runtimes_have_no_half_precision_kernels(
    device: RunningJvm, tmp_path: Path, layer: nn.Module, format_name: str
) -> None:
    """What `skip_reason` says. When this fails, a newer library can do it."""
    builder, path = BUILDERS[format_name], tmp_path / "net.file"
    image = torch.randn(IMAGE)
    with torch.no_grad():
        module = torch.jit.freeze(torch.jit.trace(Half(layer).half().eval(), image))
    module._save_for_lite_interpreter(str(path)) if format_name == "lite" else module.save(str(path))
    inputs = write_arrays([("[0]", image.numpy())], tmp_path, "input")
    run = device.smoke(SmokeInput(builder.name, path, inputs, tmp_path), tmp_path)
    assert run.status == "failed"
    assert "not implemented for 'Half'" in run.reason


def build_net(root: Path, precision: str, **spec: Any) -> Built | Failed:
    root.mkdir(parents=True, exist_ok=True)
    (root / "net.py").write_text(NET)
    model = replace(ModelSpec("net", "net.py:net", inputs=(InputSpec(IMAGE),)), **spec)
    out = root.parent / f"out-{root.name}"
    return build(Variant("net", "lite", precision), model, root, out, out / "log", Sandbox(timeout_s=120))[0]


@pytest.mark.parametrize("precision", ["int8", "int8-dynamic"])
def test_two_trees_give_the_same_bytes(tmp_path: Path, precision: str) -> None:
    one, two = build_net(tmp_path / "one", precision), build_net(tmp_path / "another" / "place", precision)
    assert isinstance(one, Built), one
    assert isinstance(two, Built), two
    # Debug files hold paths, so how much was left out says where a tree stood.
    one, two = (replace(built, export=replace(built.export, anatomy=None)) for built in (one, two))
    assert one == two


def test_calibration_in_a_child(tmp_path: Path) -> None:
    made_up = build_net(tmp_path / "root", "int8")
    assert isinstance(made_up, Built), made_up
    assert made_up.export.reasons == (
        'calibrated on random inputs: set calibration = "module:callable" in [models.net] for real ones',
    )
    (tmp_path / "root" / "data.py").write_text(
        "import torch\ndef batches():\n    for _ in range(3):\n        yield torch.randn(2, 3, 16, 16)\n"
    )
    given = build_net(tmp_path / "root", "int8", calibration="data:batches")
    assert isinstance(given, Built), given
    assert given.export.reasons == ()
    assert given.sha256 != made_up.sha256
    # Nobody asked for static int8: the callable is not called.
    (tmp_path / "root" / "data.py").write_text("raise ValueError('not now')")
    assert isinstance(build_net(tmp_path / "root", "int8-dynamic", calibration="data:batches"), Built)
    failed = build_net(tmp_path / "root", "int8", calibration="data:batches")
    assert isinstance(failed, Failed)
    assert failed.reason == "data can't be imported: ValueError: not now at data.py:1"
