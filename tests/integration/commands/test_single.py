"""`pocketfit smoke` of files that other people made, on the real Android runtimes in a JVM."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import android_or_why
from tests.integration.conftest import require

WRAP = "only tensors can be given: save a module around it whose forward takes tensors and makes the rest of them"


@pytest.fixture(scope="session", autouse=True)
def android() -> None:
    reason = JvmDevice(DeviceSpec(), android_or_why()).unavailable()
    require(reason is None, f"device jvm: {reason}")


def smoke(folder: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pocketfit", "smoke", *words, "--device", "jvm"]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment, timeout=300
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done.returncode, done.stdout


def save(folder: Path, **models: torch.nn.Module) -> list[str]:
    """Each as .ptl and .pt, scripted; returns the names of the files."""
    for name, model in models.items():
        scripted = torch.jit.script(model.eval())
        scripted._save_for_lite_interpreter(str(folder / f"{name}.ptl"))
        scripted.save(folder / f"{name}.pt")
    return [f"{name}{suffix}" for name in models for suffix in (".ptl", ".pt")]


class TakesDict(torch.nn.Module):
    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return batch["image"] + 1


class TakesFloat(torch.nn.Module):
    def forward(self, x: torch.Tensor, threshold: float) -> torch.Tensor:
        return x * (x > threshold)


class TakesTwo(torch.nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return x * mask


class EmbedsAlone(torch.nn.Module):
    @torch.jit.export
    def embed(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


def test_files_that_can_not_be_called_with_what_is_given(tmp_path: Path) -> None:
    """The lite interpreter checks neither number nor types: called all the same, the first ends it by a signal."""
    files = save(tmp_path, dict=TakesDict(), float=TakesFloat(), two=TakesTwo(), embed=EmbedsAlone())

    code, said = smoke(tmp_path, *files, "--shape", "1,8")

    assert code == 4
    reasons = [
        f"it takes a Dict[str, Tensor] as input 0 (batch), and was given a tensor: {WRAP}",
        f"it takes 2 inputs (x: Tensor, threshold: float), and was given 1: {WRAP}",
        "it takes 2 inputs (x: Tensor, mask: Tensor), and was given 1",
        "it has no method forward, which is the one that is called: it has embed",
    ]
    formats = {".ptl": "lite", ".pt": "torchscript"}
    assert said.splitlines() == [
        f"✗ {file} ({formats[Path(file).suffix]}) failed: {reasons[number // 2]}" for number, file in enumerate(files)
    ]


class Spells(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.letters: list[str] = ["-", "a", "b", "é"]

    def forward(self, x: torch.Tensor) -> tuple[str, dict[str, str], list[str]]:
        said = ""
        best: list[int] = x.argmax(-1).tolist()
        for letter in best:
            said += self.letters[letter]
        return said, {"first": self.letters[best[0]]}, [said, ""]


def test_a_str_is_compared_like_any_other_output(tmp_path: Path) -> None:
    files = save(tmp_path, spells=Spells())
    code, said = smoke(tmp_path, *files, "--shape", "6,4")
    assert code == 0, said
    assert said.count("passed") == 2
    assert said.count("largest difference 0, SQNR exact against torch on this host") == 2
