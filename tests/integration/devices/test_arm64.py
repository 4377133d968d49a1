"""A phone's own libraries: under an emulator, or as they are on a machine of its architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pocketfit.devices import java
from pocketfit.devices.base import DeviceRun
from pocketfit.devices.jvm import EMULATED, EMULATED_NOTE, JvmDevice, RunningJvm
from pocketfit.judge.parity import compare
from pocketfit.records import DeviceSpec, SmokeInput
from pocketfit.runtimes.library import find_android
from tests.integration.conftest import require
from tests.integration.devices import models
from tests.integration.devices.conftest import Export, read_output
from tests.integration.devices.test_executorch import DATA, MLP, ONES, given

ABI = "arm64-v8a"


class TwoInputs(nn.Module):
    """Also what x86_64's libraries alone get wrong: a plain 1x1 convolution on an image of one pixel."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.convolution, self.linear = nn.Conv2d(16, 8, 1), nn.Linear(8, 4)

    def forward(self, image: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
        pixels = self.convolution(image)
        return pixels, self.linear(pixels.flatten(1) + row)


def started(**limits: Any) -> RunningJvm:
    device = JvmDevice(DeviceSpec(abi=ABI), find_android(), **limits)
    problem = device.unavailable()
    require(problem is None, problem or "")
    with device.up() as running:
        return running


@pytest.fixture(scope="module")
def phone() -> RunningJvm:
    return started()


def sqnr_db(run: DeviceRun, folder: Path, expected: tuple[Tensor, ...]) -> float:
    assert (run.status, run.reason) == ("passed", "")
    sqnr = compare([one.numpy() for one in expected], [read_output(one, folder) for one in run.outputs]).sqnr_db
    assert sqnr is not None
    return sqnr


@pytest.mark.parametrize("format", ["lite", "torchscript"])
def test_two_inputs_agree_with_eager(phone: RunningJvm, export: Export, tmp_path: Path, format: str) -> None:
    model, inputs = TwoInputs().eval(), (torch.randn(1, 16, 1, 1), torch.randn(1, 8))
    run = phone.smoke(export(format, model, *inputs), tmp_path)
    with torch.no_grad():
        assert sqnr_db(run, tmp_path, model(*inputs)) > 100
    if phone.info.emulated_cpu:
        assert (run.load_ms, run.first_ms, run.peak_rss_bytes, run.held_bytes) == (None, None, None, ())


def test_int8_is_as_on_x86_64(phone: RunningJvm, device: RunningJvm, export: Export, tmp_path: Path) -> None:
    torch.backends.quantized.engine = "qnnpack"
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8)).eval()
    small = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8)
    row = torch.randn(3, 64)
    file = export("lite", small, row)
    with torch.no_grad():
        expected = (model(row),)
    reached_db = []
    for running in (device, phone):
        folder = tmp_path / running.info.abi
        folder.mkdir(exist_ok=True)
        reached_db.append(sqnr_db(running.smoke(file, folder), folder, expected))

    assert reached_db[0] > 30
    assert reached_db[1] == pytest.approx(reached_db[0], abs=0.1)


def test_an_executorch_program_agrees_with_eager(phone: RunningJvm, tmp_path: Path) -> None:
    run = phone.smoke(given(tmp_path / "in", "mlp.pte", ONES), tmp_path)
    assert (run.status, run.reason) == ("passed", "")
    np.testing.assert_allclose(read_output(run.outputs[0], tmp_path)[0], MLP, atol=2e-6)


def test_a_crash_names_its_signal_and_place(phone: RunningJvm, export: Export, tmp_path: Path) -> None:
    rows = torch.tensor([0, 1 << 40])
    run = phone.smoke(export("lite", torch.jit.script(models.OutOfBounds()), rows), tmp_path)
    assert run.status == "failed"
    assert run.reason.startswith("the runtime crashed with SIGSEGV in ")
    assert "libpytorch_jni" in run.reason


def test_one_that_never_ends(export: Export, tmp_path: Path) -> None:
    file = export("lite", torch.jit.script(models.Endless()), torch.zeros(2))
    running = started(timeout_s=0.4)
    run = running.smoke(file, tmp_path)
    assert (run.status, run.reason) == ("failed", f"no answer in {running.timeout_s:.0f} s")


def test_a_runtime_without_libraries_for_it(phone: RunningJvm, tmp_path: Path) -> None:
    copy = tmp_path / "android"
    copy.mkdir()
    for name in ("shim", "jvm", "lite", "desktop"):
        (copy / name).symlink_to(phone.android.folder / name)
    (copy / "executorch").mkdir()
    android = type(phone.android)(copy, phone.android.desktop_abi, phone.android.runtimes)
    with JvmDevice(DeviceSpec(abi=ABI), android).up() as running:
        run = running.smoke(SmokeInput("executorch", DATA / "mlp.pte", (), tmp_path), tmp_path)
    assert (run.status, run.reason) == ("skipped", f"{android.runtimes['executorch']} has no libraries for {ABI}")
    assert set(running.info.runtimes) == {"lite"}


def test_what_is_said_of_it(phone: RunningJvm, tmp_path: Path) -> None:
    if not java.is_emulated(ABI):
        assert (phone.info.abi, phone.info.emulated_cpu) == (ABI, None)
        return
    assert (phone.info.abi, phone.info.emulated_cpu) == (ABI, "cortex-a76")
    assert phone.info.cpu.startswith("cortex-a76, emulated by QEMU ")
    assert EMULATED_NOTE in phone.info.notes
    file = SmokeInput("lite", tmp_path / "model.ptl", (), tmp_path)
    assert phone.time_load(file, file, seed=0, rounds=4, budget_ms=1000) == EMULATED
