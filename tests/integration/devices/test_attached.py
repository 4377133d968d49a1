"""An Android device through the real adb client: the stand-in of standin/, which runs the real libraries."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import torch

from pocketfit.devices.android.adb import Adb, DeviceGone, Listed, list_devices
from pocketfit.devices.android.comeback import Patience
from pocketfit.devices.android.device import RunningAndroid, opened
from pocketfit.devices.android.pushed import HOME
from pocketfit.devices.attached import AdbDevice
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.records import DeviceSpec, Load
from pocketfit.runtimes.library import find_android
from standin.fixture import StandIn
from tests.integration.conftest import require
from tests.integration.devices import models
from tests.integration.devices.conftest import Export, read_output

Start = Callable[..., StandIn]
Up = tuple[StandIn, RunningAndroid]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def adb_program() -> None:
    require(shutil.which("adb"), "adb is not on PATH: apt-get install adb")


@pytest.fixture
def up(start_standin: Start) -> Iterator[Up]:
    standin = start_standin()
    with attached(standin, artifact_s=20) as device:
        yield standin, device


def attached(standin: StandIn, **patience: float) -> AbstractContextManager[RunningAndroid]:
    return opened(Adb(standin.serial), find_android(), patience=Patience(**patience))


def files(standin: StandIn) -> list[str]:
    return standin.adb("shell", f"ls {HOME}").stdout.split()


def test_it_says_what_it_is(start_standin: Start) -> None:
    start_standin()
    device = AdbDevice(DeviceSpec(), find_android())
    assert device.unavailable() is None
    with device.up() as running:
        info = running.info
    assert (info.kind, info.abi, info.hardware.api_level, info.hardware.page_size_bytes) == ("adb", "x86_64", 33, 4096)
    assert info.hardware.model
    assert info.hardware.cores
    assert info.hardware.free_memory_bytes
    # ExecuTorch's classes are too new for the program on devices.
    assert info.runtimes == {"lite": "pytorch_android_lite 1.12.2", "torchscript": "pytorch_android 1.13.1"}
    kernels, pages = info.notes
    assert kernels.startswith("x86_64 kernels are not a phone's")
    assert pages.startswith(
        "pytorch_android_lite 1.12.2 and pytorch_android 1.13.1 can't ship to devices with 16 kB pages"
    )


@pytest.mark.parametrize(("format", "cached"), [("lite", "lite-"), ("torchscript", "full-")])
def test_a_model_runs_and_only_the_runtime_stays(
    start_standin: Start, export: Export, tmp_path: Path, format: str, cached: str
) -> None:
    standin = start_standin()
    module, image = models.convolution(), torch.randn(1, 3, 16, 16)

    with attached(standin) as device:
        run = device.smoke(export(format, module, image), tmp_path)

    assert (run.status, run.reason) == ("passed", "")
    (output,) = run.outputs
    with torch.no_grad():
        np.testing.assert_allclose(read_output(output, tmp_path), module(image).numpy(), atol=1e-5)
    assert run.load_ms
    assert run.peak_rss_bytes
    # The runtime stays for the next run, everything else goes.
    (left,) = files(standin)
    assert left.startswith(cached)


def test_a_device_that_is_lost_while_it_is_asked_what_it_is(
    start_standin: Start, caplog: pytest.LogCaptureFixture
) -> None:
    standin = start_standin()
    subprocess.run(["adb", "disconnect", standin.serial], check=True, capture_output=True)
    with attached(standin, back_s=30) as device:
        assert device.info.abi == "x86_64"
    assert f"{standin.serial}: " in caplog.text
    assert "not found: is it still connected? See `adb devices`; once more" in caplog.text


def test_the_runtime_is_pushed_once(start_standin: Start, export: Export, tmp_path: Path) -> None:
    standin = start_standin()
    given = export("lite", models.convolution(), torch.randn(1, 3, 16, 16))
    seconds = []
    for _ in range(2):
        with attached(standin) as device:
            began = time.monotonic()
            assert device.smoke(given, tmp_path).status == "passed"
            seconds.append(time.monotonic() - began)
    assert len(files(standin)) == 1
    # 50 MB of libraries are not pushed again, nor is the artifact in the same session.
    assert standin.log().count("libpytorch_jni_lite.so") <= 1 or seconds[1] < seconds[0]


def test_two_artifacts_are_timed_in_turn(up: Up, export: Export) -> None:
    _, device = up
    image = torch.randn(1, 3, 16, 16)
    base = export("lite", models.convolution(), image, name="base")
    head = export("lite", torch.nn.Sequential(models.convolution(), torch.nn.Linear(8, 2)), image, name="head")
    load = device.time_load(base, head, seed=1, rounds=3, budget_ms=10_000)
    assert isinstance(load, Load), load
    assert len(load.base_ms) == len(load.head_ms) == len(load.again_ms) == 6


def test_a_missing_operator_is_the_models_fault(up: Up, export: Export, tmp_path: Path) -> None:
    _, device = up
    run = device.smoke(export("lite", models.Attention(), torch.randn(1, 2, 4, 8)), tmp_path)
    assert run.status == "failed"
    assert run.reason == "pytorch_android_lite 1.12.2 does not have aten::scaled_dot_product_attention"


def test_a_crash_carries_the_signal_and_the_frame(up: Up, export: Export, tmp_path: Path) -> None:
    _, device = up
    module = torch.jit.script(models.OutOfBounds())
    run = device.smoke(export("lite", module, torch.tensor([0, 1, 1 << 40])), tmp_path)
    assert run.status == "failed"
    assert run.reason.startswith("the runtime crashed with SIGSEGV in ")
    assert "libpytorch_jni_lite.so" in run.reason


def test_a_program_that_hangs_is_ended(start_standin: Start, export: Export, tmp_path: Path) -> None:
    standin = start_standin()
    with attached(standin, artifact_s=3) as device:
        run = device.smoke(export("lite", torch.jit.script(models.Endless()), torch.ones(1)), tmp_path)
    assert (run.status, run.reason) == ("failed", "no answer in 3 s")
    assert standin.adb("shell", "pgrep -f '[d]ev.pocketfit'").stdout == ""


def test_running_out_of_memory_says_the_peak(up: Up, export: Export, tmp_path: Path) -> None:
    standin, device = up
    standin.set_fault("kill-app", "2")
    run = device.smoke(export("lite", torch.jit.script(models.Endless()), torch.ones(1)), tmp_path)
    assert run.status == "failed"
    assert run.reason.startswith("the runtime ran out of memory and was killed (peak RSS ")


def test_vendor_noise_around_the_answer(up: Up, export: Export, tmp_path: Path) -> None:
    standin, device = up
    standin.set_fault("noise")
    assert device.smoke(export("lite", models.convolution(), torch.randn(1, 3, 16, 16)), tmp_path).status == "passed"


@pytest.mark.parametrize(
    ("fault", "value", "sentence"),
    [
        ("disk-full", "1000000", "is full: free some space under /data"),
        ("drop-push", "1000000", ""),
        ("noexec", "", "Permission denied"),
    ],
)
def test_what_the_device_does_is_not_the_models_fault(
    up: Up, export: Export, tmp_path: Path, fault: str, value: str, sentence: str
) -> None:
    standin, device = up
    standin.set_fault(fault, value)
    run = device.smoke(export("lite", models.convolution(), torch.randn(1, 3, 16, 16)), tmp_path)
    assert run.status == "infra-error"
    assert sentence in run.reason
    assert "\n" not in run.reason


@pytest.mark.parametrize("fault", ["drop-push=1000000:once", "disk-full=1000000:once", "reboot-after-run:once"])
def test_a_fault_that_passes_is_tried_once_more(up: Up, export: Export, tmp_path: Path, fault: str) -> None:
    standin, device = up
    standin.set_fault(fault)
    given = export("lite", models.convolution(), torch.randn(1, 3, 16, 16))
    for _ in range(2):
        run = device.smoke(given, tmp_path)
        assert (run.status, run.reason) == ("passed", "")


def test_a_device_that_is_gone_is_not_the_models_fault(start_standin: Start, export: Export, tmp_path: Path) -> None:
    standin = start_standin()
    with attached(standin, back_s=2) as device:
        os.killpg(standin.process.pid, signal.SIGKILL)
        standin.process.wait(timeout=10)
        run = device.smoke(export("lite", models.convolution(), torch.randn(1, 3, 16, 16)), tmp_path)
    assert run.status == "infra-error"
    assert "\n" not in run.reason


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"properties": {"ro.build.version.sdk": "22"}}, "has API level 22, and Pocketfit needs 24 (Android 7) or later"),
        ({"properties": {"ro.product.cpu.abilist": "mips,mips64"}}, "is mips/mips64, and there are libraries for arm64-v8a, armeabi-v7a, x86, x86_64 only"),
        ({"properties": {"ro.product.cpu.abilist": ""}}, "does not say what its ABI is: is it an Android device?"),
        ({"page_size": 16384}, "has pages of 16 kB, and the libraries of pytorch_android_lite 1.12.2 and pytorch_android 1.13.1 are aligned to 4 kB"),
    ],
)  # fmt: skip
def test_a_device_that_can_not_run_our_libraries(
    start_standin: Start, settings: dict[str, object], sentence: str
) -> None:
    standin = start_standin(**settings)
    with pytest.raises(EnvironmentProblem) as caught, attached(standin):
        pass
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ("unauthorized", "is unauthorized: unlock it and allow USB debugging for this computer"),
        ("offline", "is offline: unplug it and plug it in again, or run `adb reconnect`"),
    ],
)
def test_a_device_that_does_not_talk(start_standin: Start, faults: str, sentence: str) -> None:
    standin = start_standin(faults=faults)
    assert AdbDevice(DeviceSpec(), find_android()).unavailable() == f"{standin.serial} {sentence}"


def test_one_device_is_chosen_by_its_serial(start_standin: Start) -> None:
    standin = start_standin()
    assert [listed.serial for listed in list_devices()] == [standin.serial]
    assert AdbDevice(DeviceSpec(), find_android(), serial=standin.serial).unavailable() is None
    reason = AdbDevice(DeviceSpec(), find_android(), serial="emulator-5554").unavailable()
    assert reason is not None
    assert reason.startswith(f"there is no device 'emulator-5554' (`adb devices` lists {standin.serial}")


def test_what_a_command_says_is_not_what_adb_says(up: Up) -> None:
    standin, device = up
    done = device.adb.shell_to_its_end("echo out; echo err >&2; exit 3", 20)
    assert (done.code, done.stdout.strip(), done.stderr.strip()) == (3, "out", "err")
    with pytest.raises(CommandError, match=f"`exit 4` on {standin.serial} exited with 4") as caught:
        device.adb.shell("exit 4")
    assert not isinstance(caught.value, DeviceGone)
    with pytest.raises(DeviceGone, match="not found"):
        Adb("emulator-1").shell("true")


def test_listed_reads_well() -> None:
    assert str(Listed("R58M", "device", "Pixel 7")) == "R58M (Pixel 7)"
    assert str(Listed("R58M", "offline")) == "R58M (offline)"


def test_what_the_runtime_answers_for_once_is_tried_again(up: Up, export: Export, tmp_path: Path) -> None:
    standin, device = up
    standin.set_fault("noexec:once")
    run = device.smoke(export("lite", models.convolution(), torch.randn(1, 3, 16, 16)), tmp_path)
    assert (run.status, run.reason) == ("passed", "")


def test_a_device_that_is_gone_is_not_waited_for_twice(start_standin: Start, export: Export, tmp_path: Path) -> None:
    standin = start_standin()
    given = export("lite", models.convolution(), torch.randn(1, 3, 16, 16))
    seconds = []
    with attached(standin, back_s=8, lost_s=0) as device:
        os.killpg(standin.process.pid, signal.SIGKILL)
        standin.process.wait(timeout=10)
        for _ in range(2):
            began = time.monotonic()
            assert device.smoke(given, tmp_path).status == "infra-error"
            seconds.append(time.monotonic() - began)
    assert seconds[1] < seconds[0] - 4


def test_other_runs_on_the_same_device_go_on(start_standin: Start, export: Export, tmp_path: Path) -> None:
    standin = start_standin()
    given = export("lite", torch.jit.script(models.Endless()), torch.ones(1))
    with attached(standin, artifact_s=6) as device, ThreadPoolExecutor() as pool:
        running = pool.submit(device.smoke, given, tmp_path)
        while not standin.adb("shell", "pgrep -f '[a]rtifact='").stdout:
            time.sleep(0.1)
        with attached(standin):
            pass
        # Not killed by the other, which would have been called out of memory.
        assert running.result().reason == "no answer in 6 s"
