"""A tiny model and its input, as a device gets them, and the program on a device that has them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from pocketfit import __version__
from standin.fixture import REPOSITORY, StandIn, standin
from tests.integration.conftest import require

ANDROID = REPOSITORY / "build/android"
DATA = "/data/local/tmp/pocketfit"
# In a child, since torch need not stay in the tests' process; a crash there would be one of its own too.
EXPORT = """
import sys
import torch
from tests.integration.devices.models import OutOfBounds, convolution

folder = sys.argv[1]
image = torch.rand(1, 3, 16, 16)
with torch.no_grad():
    traced = torch.jit.freeze(torch.jit.trace(convolution(), image))
traced._save_for_lite_interpreter(f"{folder}/good.ptl")
image.numpy().tofile(f"{folder}/good.bin")
torch.jit.script(OutOfBounds())._save_for_lite_interpreter(f"{folder}/crash.ptl")
torch.tensor([0, 1 << 40]).numpy().tofile(f"{folder}/crash.bin")
"""
Model = Literal["good", "crash"]
INPUTS: dict[Model, str] = {"good": "float32:1,3,16,16", "crash": "int64:2"}


@dataclass(frozen=True)
class Runner:
    """A device that has the program, the libraries and the models, by path in the device."""

    device: StandIn

    def run(self, model: Model = "good", *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        command = (
            f"CLASSPATH={DATA}/runner.jar app_process64 {DATA} dev.pocketfit.Main {__version__} runtime=lite threads=1 "
            f"libraries={DATA}/x86_64 artifact={DATA}/{model}.ptl input={INPUTS[model]}:{DATA}/{model}.bin outputs={DATA}/out"
        )
        return self.device.adb("shell", command, timeout=timeout)


@pytest.fixture(scope="session", autouse=True)
def _standin_runs(standin_runs: None) -> None:
    """Every test here starts one."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require(ANDROID.joinpath("runtimes.json").exists(), "the Android side is not built: make android")
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, "-c", EXPORT, str(folder)], check=True, cwd=REPOSITORY, capture_output=True)
    return folder


def equip(device: StandIn, models: Path, libraries: Path = ANDROID / "lite/jni/x86_64") -> Runner:
    device.adb("shell", f"mkdir -p {DATA}/out {DATA}/x86_64")
    files = [models / f"{model}{suffix}" for model in INPUTS for suffix in (".ptl", ".bin")]
    assert device.adb("push", ANDROID / "runner.jar", *files, f"{DATA}/").returncode == 0
    assert device.adb("push", *sorted(libraries.glob("*.so")), f"{DATA}/x86_64/").returncode == 0
    return Runner(device)


@pytest.fixture
def runner(models: Path) -> Iterator[Runner]:
    require(shutil.which("java"), "java is needed")
    with standin() as device:
        yield equip(device, models)
