from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.errors import EnvironmentProblem
from pocketfit.judge.memory import FEWEST, RELOADS, RETAINED_NOISE_BYTES, retained_bytes
from pocketfit.records import DeviceSpec, Load, SmokeInput
from pocketfit.runtimes.library import android_or_why, find_android
from tests.integration.devices import models
from tests.integration.devices.conftest import Export, FakeJava, MakeDevice, read_output, write_inputs

FORMATS = ["lite", "torchscript"]
RUNTIMES = {
    "lite": "pytorch_android_lite 1.12.2",
    "torchscript": "pytorch_android 1.13.1",
    "executorch": "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)",
}

both = pytest.mark.parametrize("format", FORMATS)


def test_it_says_what_it_is(device: RunningJvm) -> None:
    info = device.info
    assert (info.kind, info.abi, info.threads) == ("jvm", "x86_64", 1)
    assert info.runtimes == RUNTIMES
    assert info.cpu
    kernels, pages = info.notes
    assert kernels == "x86_64 kernels are not a phone's: compare times with each other, never with a phone's"
    assert "can't ship to devices with 16 kB pages" in pages


@both
def test_a_model_that_runs_and_agrees(device: RunningJvm, export: Export, tmp_path: Path, format: str) -> None:
    module = models.convolution()
    image = torch.randn(1, 3, 16, 16)

    run = device.smoke(replace(export(format, module, image), reloads=RELOADS), tmp_path)

    assert (run.status, run.reason, run.runtime) == ("passed", "", RUNTIMES[format])
    # Nothing is left, and that is seen before all are taken.
    assert FEWEST <= len(run.held_bytes) < RELOADS
    kept_bytes = retained_bytes(run.held_bytes)
    assert kept_bytes is not None
    assert abs(kept_bytes) < RETAINED_NOISE_BYTES
    assert run.load_ms
    assert run.load_ms > 0
    assert run.first_ms
    assert run.first_ms > 0
    assert run.peak_rss_bytes
    assert run.peak_rss_bytes > 50e6
    (output,) = run.outputs
    assert (output.path, output.dtype, output.shape) == ("", "float32", (1, 8))
    with torch.no_grad():
        np.testing.assert_allclose(read_output(output, tmp_path), module(image).numpy(), atol=1e-5)


@both
def test_calls_in_a_row_go_on_from_the_state_before(
    device: RunningJvm, export: Export, tmp_path: Path, format: str
) -> None:
    given = replace(export(format, torch.jit.script(models.Remembers()), torch.zeros(1, 4)), calls=3)

    run = device.smoke(given, tmp_path)

    assert (run.status, run.reason) == ("passed", "")
    answers = [read_output(output, tmp_path) for (output,) in (run.outputs, *run.later)]
    assert [answer.tolist() for answer in answers] == [[[1.0] * 4], [[2.0] * 4], [[3.0] * 4]]


@both
def test_nested_outputs_of_many_dtypes_come_back(
    device: RunningJvm, export: Export, tmp_path: Path, format: str
) -> None:
    ids = torch.arange(6).view(2, 3)
    mask = torch.tensor([[1, 0, 255], [1, 1, 0]], dtype=torch.uint8)
    image = torch.randn(1, 3, 4, 5)

    run = device.smoke(export(format, models.ManyTypes(), ids, mask, image), tmp_path)

    assert run.status == "passed", run.reason
    expected = {
        "[0]['aux']": mask.float() + 1,
        "[0]['out']": image * 2,
        "[1][0]": ids.float().sum() + mask.float().sum(),
        "[1][1]": image[0],
        "[2]": mask,
        "[3]": image.double(),
        "[4]": ids.int(),
    }
    assert [output.path for output in run.outputs] == list(expected)
    for output, tensor in zip(run.outputs, expected.values(), strict=True):
        assert output.dtype == str(tensor.numpy().dtype)
        np.testing.assert_array_equal(read_output(output, tmp_path), tensor.numpy())


@both
def test_numbers_are_tensors_without_dimensions(
    device: RunningJvm, export: Export, tmp_path: Path, format: str
) -> None:
    x = torch.randn(2)

    run = device.smoke(export(format, torch.jit.script(models.Numbers()), x), tmp_path)

    assert run.status == "passed", run.reason
    values = {output.path: (output.dtype, read_output(output, tmp_path).tolist()) for output in run.outputs}
    assert values == {
        "[0][3]": ("float32", x.tolist()),
        "[0][10]": ("float32", (x + 1).tolist()),
        "[1]": ("float64", 0.5),
        "[2]": ("int64", 2),
        "[3]": ("uint8", 1),
        "[4][0]": ("int64", 7),
        "[4][1]": ("int64", 8),
    }


@both
@pytest.mark.parametrize("dtype", [torch.float64, torch.int32, torch.int8])
def test_inputs_of_other_dtypes_are_read(
    device: RunningJvm, export: Export, tmp_path: Path, format: str, dtype: torch.dtype
) -> None:
    x = torch.tensor([[1, -2], [3, 4]], dtype=dtype)
    run = device.smoke(export(format, torch.nn.ReLU(), x), tmp_path)
    assert run.status == "passed", run.reason
    np.testing.assert_array_equal(read_output(run.outputs[0], tmp_path), x.relu().numpy())


@both
def test_an_operator_that_the_runtime_lacks(device: RunningJvm, export: Export, tmp_path: Path, format: str) -> None:
    run = device.smoke(export(format, models.Attention(), torch.randn(1, 2, 4, 8)), tmp_path)
    assert (run.status, run.reason) == (
        "failed",
        f"{RUNTIMES[format]} does not have aten::scaled_dot_product_attention",
    )


@pytest.mark.parametrize(
    ("format", "reason"),
    [
        ("lite", "can't load the file: Format error"),
        (
            "torchscript",
            "can't load the file: PytorchStreamReader failed reading zip archive: failed finding central directory",
        ),
    ],
)
def test_a_file_that_is_no_model_fails(device: RunningJvm, tmp_path: Path, format: str, reason: str) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"not a model" * 100)
    run = device.smoke(SmokeInput(format, garbage, (), tmp_path), tmp_path)
    assert (run.status, run.reason) == ("failed", f"{RUNTIMES[format]} {reason}")


def test_a_pt_file_given_to_lite(device: RunningJvm, export: Export, tmp_path: Path) -> None:
    full = export("torchscript", torch.nn.ReLU(), torch.zeros(2))
    run = device.smoke(SmokeInput("lite", full.artifact, full.inputs, tmp_path), tmp_path)
    assert (run.status, run.reason) == (
        "failed",
        "pytorch_android_lite 1.12.2 can't read the file: it has no bytecode.pkl, so it was not saved by "
        "_save_for_lite_interpreter",
    )


@both
def test_an_input_of_a_wrong_shape_is_the_models_fault(
    device: RunningJvm, export: Export, tmp_path: Path, format: str
) -> None:
    given = export(format, models.convolution(), torch.randn(1, 3, 16, 16))
    wrong = write_inputs(tmp_path, torch.randn(1, 4, 16, 16))
    run = device.smoke(SmokeInput(format, given.artifact, wrong, tmp_path), tmp_path)
    assert run.status == "failed"
    assert run.reason == (
        f"forward failed on {RUNTIMES[format]}: Given groups=1, weight of size [8, 3, 3, 3], expected input[1, 4, 16, "
        "16] to have 3 channels, but got 4 channels instead"
    )
    assert run.load_ms is not None


def test_a_dtype_that_java_lacks(device: RunningJvm, export: Export, tmp_path: Path) -> None:
    run = device.smoke(export("lite", torch.nn.ReLU(), torch.zeros(2, dtype=torch.float16)), tmp_path)
    assert (run.status, run.reason) == (
        "failed",
        "input failed on pytorch_android_lite 1.12.2: PyTorch's Java API has no tensors of dtype float16",
    )


def test_an_input_that_is_not_there_is_not_the_models_fault(device: RunningJvm, export: Export, tmp_path: Path) -> None:
    given = export("lite", torch.nn.ReLU(), torch.zeros(2))
    (tmp_path / "input0.bin").unlink()
    run = device.smoke(given, tmp_path)
    assert (run.status, run.reason) == (
        "infra-error",
        f"input failed on pytorch_android_lite 1.12.2: {tmp_path}/input0.bin",
    )


@both
def test_a_crash_names_its_signal_and_place(device: RunningJvm, export: Export, tmp_path: Path, format: str) -> None:
    rows = torch.tensor([0, 1 << 40])
    run = device.smoke(export(format, torch.jit.script(models.OutOfBounds()), rows), tmp_path)
    assert run.status == "failed"
    assert run.reason.startswith("the runtime crashed with SIGSEGV in ")
    assert "libpytorch_jni" in run.reason


@both
def test_an_artifact_that_wants_too_much_memory(
    device: RunningJvm, export: Export, tmp_path: Path, format: str
) -> None:
    run = device.smoke(export(format, torch.jit.script(models.Huge()), torch.zeros(2)), tmp_path)
    assert (run.status, run.reason) == ("failed", f"{RUNTIMES[format]} ran out of memory in forward")


@both
def test_an_artifact_that_does_not_answer_in_time(
    make_device: MakeDevice, export: Export, tmp_path: Path, format: str
) -> None:
    endless = export(format, torch.jit.script(models.Endless()), torch.zeros(2))
    run = make_device(timeout_s=3).smoke(endless, tmp_path)
    assert (run.status, run.reason) == ("failed", "no answer in 3 s")


@both
def test_two_artifacts_are_timed_in_turn(make_device: MakeDevice, export: Export, format: str) -> None:
    image = torch.randn(1, 3, 32, 32)
    base = export(format, models.convolution(), image, name="base")
    head = export(format, torch.nn.Sequential(models.convolution(), torch.nn.Flatten()), image, name="head")

    load = make_device().time_load(base, head, seed=1, rounds=4, budget_ms=10_000)

    assert isinstance(load, Load), load
    assert len(load.base_ms) == len(load.head_ms) == len(load.again_ms) == 8
    assert all(0 < time < 1000 for time in load.base_ms + load.head_ms + load.again_ms)
    assert load.base_load_ms is not None
    assert load.head_first_ms is not None
    assert (load.peak_rss_bytes or 0) > 10_000_000


def test_what_does_not_run_is_not_timed(make_device: MakeDevice, export: Export) -> None:
    good = export("lite", torch.nn.ReLU(), torch.zeros(1, 2, 4, 8), name="good")
    bad = export("lite", models.Attention(), torch.zeros(1, 2, 4, 8), name="bad")
    for seed in range(3):
        reason = make_device().time_load(good, bad, seed=seed, rounds=4, budget_ms=1000)
        assert reason == "pytorch_android_lite 1.12.2 does not have aten::scaled_dot_product_attention"


def test_a_crash_while_timing(make_device: MakeDevice, export: Export) -> None:
    crash = export("lite", torch.jit.script(models.OutOfBounds()), torch.tensor([0, 1 << 40]))
    reason = make_device().time_load(crash, crash, seed=0, rounds=4, budget_ms=1000)
    assert isinstance(reason, str)
    assert reason.startswith("the runtime crashed with SIGSEGV")


def test_java_must_be_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (
        JvmDevice(DeviceSpec(), find_android()).unavailable()
        == "java is not on PATH: apt-get install default-jre-headless"
    )


def test_the_android_side_must_be_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POCKETFIT_ANDROID", str(tmp_path))
    device = JvmDevice(DeviceSpec(), android_or_why())
    reason = device.unavailable()
    assert reason
    assert "run `make android`" in reason
    with pytest.raises(EnvironmentProblem, match="run `make android`"), device.up():
        pass


def test_the_libraries_must_be_of_this_machines_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert JvmDevice(DeviceSpec(), find_android()).unavailable() == (
        "its Android libraries are x86_64's, and this machine is aarch64: use another device"
    )


def test_two_formats_are_not_timed_together(device: RunningJvm, tmp_path: Path) -> None:
    lite, full = (SmokeInput(format, tmp_path / "model", (), tmp_path) for format in FORMATS)
    reason = device.time_load(lite, full, seed=0, rounds=1, budget_ms=1)
    assert reason == "lite and torchscript can't be timed together on device jvm"


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ("echo 'Error: no JVM here' >&2; exit 1", "infra-error", "java exited with 1: Error: no JVM here"),
        ("exit 7", "infra-error", "java exited with 7: it printed nothing"),
        (
            "kill -KILL $$",
            "failed",
            "the runtime was killed by SIGKILL, most likely out of memory",
        ),
        (
            """echo '{"artifacts": [{"outputs": [{"path": "", "dtype": "float32", "shape": [2], """
            """"memory_format": "contiguous", "file": "0.bin"}]}]}'; printf four > 0.bin""",
            "infra-error",
            "the program's outputs can't be read: cannot reshape array of size 1 into shape (2,)",
        ),
    ],
)
def test_other_ways_to_end_are_explained(
    device: RunningJvm, tmp_path: Path, fake_java: FakeJava, script: str, status: str, reason: str
) -> None:
    fake_java(script)
    run = device.smoke(SmokeInput("lite", tmp_path / "model.ptl", (), tmp_path), tmp_path)
    assert (run.status, run.reason) == (status, reason)


def test_java_compiles_where_it_is_timed_alone(device: RunningJvm, tmp_path: Path, fake_java: FakeJava) -> None:
    fake_java('case "$*" in *-Xint*) echo interpreted;; *) echo compiled;; esac; exit 9')
    given = SmokeInput("lite", tmp_path / "model.ptl", (), tmp_path)
    assert device.smoke(given, tmp_path).reason == "java exited with 9: interpreted"
    assert device.time_load(given, given, seed=0, rounds=1, budget_ms=1) == "java exited with 9: compiled"


def test_the_program_must_be_of_this_version(
    device: RunningJvm, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketfit.devices.program.__version__", "9.9.9")
    run = device.smoke(export("lite", torch.nn.ReLU(), torch.zeros(2)), tmp_path)
    assert (run.status, run.reason) == (
        "infra-error",
        "the Android side is version 0.1.0, the host's is 9.9.9: run `make android` again",
    )


def test_what_the_jvm_gets_to_see(
    device: RunningJvm, tmp_path: Path, fake_java: FakeJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-javaagent:spy.jar")
    # It can write nowhere, and its last line is in the reason.
    fake_java("echo $(env | cut -d= -f1)\nexit 9")

    run = device.smoke(SmokeInput("lite", tmp_path / "model.ptl", (), tmp_path), tmp_path)

    assert run.reason.startswith("java exited with 9: ")
    names = set(run.reason.partition(": ")[2].split())
    assert "LC_ALL" in names
    # A shell adds PWD, and some add more of their own.
    assert names - {"PWD", "SHLVL", "OLDPWD", "_"} <= {
        "PATH",
        "JAVA_HOME",
        "LD_LIBRARY_PATH",
        "TMPDIR",
        "LC_ALL",
        "HOME",
    }


def test_the_folder_can_be_moved(export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pocketfit.runtimes.library import android_folder

    moved = tmp_path / "somewhere else"
    shutil.copytree(android_folder(), moved, ignore=shutil.ignore_patterns("arm*", "x86", "full"))
    monkeypatch.setenv("POCKETFIT_ANDROID", str(moved))
    with JvmDevice(DeviceSpec(), find_android()).up() as device:
        run = device.smoke(export("lite", torch.nn.ReLU(), torch.zeros(2)), tmp_path)
    assert run.status == "passed", run.reason


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_known_fault_of_the_x86_64_libraries(device: RunningJvm, export: Export, tmp_path: Path, width: int) -> None:
    """1x1 convolutions on fewer than four pixels are wrong there, and it is not the compatibility layer's doing.

    They go to NNPACK's nnp_conv1x1_only_2x4__psimd, which calls nothing: its last step loads a window of four
    pixels that ends with the plane from each of four output channels, and only then stores the four windows. Where
    a plane is smaller than a window they overlap, and the last store overwrites what the others added. arm64 has
    other kernels. This test is here to tell when a new version is free of it.
    """
    module = torch.nn.Conv2d(16, 8, 1).eval()
    image = torch.randn(1, 16, 1, width)
    run = device.smoke(export("lite", module, image), tmp_path)
    with torch.no_grad():
        agrees = np.allclose(read_output(run.outputs[0], tmp_path), module(image).numpy(), atol=1e-4)
    assert agrees == (width >= 4)
