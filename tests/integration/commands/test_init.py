"""The first minutes of a new user: `pocketfit init`, then `pocketfit run --base none`, and no edit between them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import android_or_why
from tests.integration.conftest import QUICK, in_repository, require
from tests.integration.test_run import pocketfit, rows
from tests.repositories import PETCLASS, TEXTENC, WAKEWORD, write_repository

SAVE = """
import torch
from textenc.model import TextEncoder
torch.manual_seed(3)
state = {f"module.{name}": tensor for name, tensor in TextEncoder().state_dict().items()}
torch.save({"epoch": 3, "state_dict": state}, "encoder.pth")
"""


@pytest.fixture(scope="module", autouse=True)
def android() -> None:
    reason = JvmDevice(DeviceSpec(), android_or_why()).unavailable()
    require(reason is None, f"device jvm: {reason}")


def committed(folder: Path, files: dict[str, str]) -> Path:
    write_repository(folder, files)
    git = in_repository(folder)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "as it was")
    return folder


def first_report(folder: Path) -> dict[str, Any]:
    """The rows of a report right after init; only the time for measuring is cut short."""
    (folder / "pocketfit.toml").write_text(QUICK + (folder / "pocketfit.toml").read_text())
    done = pocketfit(folder, "run", "--base", "none", "--device", "jvm")
    assert done.returncode == 0, done.stdout + done.stderr
    return rows(folder)


def test_a_classifier_below_src(tmp_path: Path) -> None:
    repository = committed(tmp_path, PETCLASS)
    done = pocketfit(repository, "init")
    assert done.returncode == 0
    assert "✓ PetClassifier/lite/fp32 builds: 3.78 MB\n✓ PetClassifier/executorch/fp32 builds: " in done.stdout
    found = first_report(repository)
    assert found["PetClassifier/lite/fp32"]["smoke"]["status"] == "passed"
    assert pocketfit(repository, "init").stdout.startswith("kept pocketfit.toml, which is yours: ")


def test_two_inputs_in_a_package(tmp_path: Path) -> None:
    repository = committed(tmp_path, WAKEWORD)
    done = pocketfit(repository, "init", "--no-check")
    assert done.stdout.splitlines()[-1].startswith("next: `pocketfit run --base none` for a first report, then commit ")
    found = first_report(repository)["KeywordSpotter/lite/fp32"]
    assert (found["status"], found["smoke"]["status"]) == ("new", "passed")
    assert found["parity"]["sqnr_db"] > 60
    # Lengths that make sense: the answer differs from one set of inputs to the next.
    assert [output["degenerate"] for output in found["parity"]["outputs"]] == [None]


def test_saved_weights_are_loaded(tmp_path: Path) -> None:
    write_repository(tmp_path, TEXTENC)
    subprocess.run([sys.executable, "-c", SAVE], cwd=tmp_path, check=True)
    repository = committed(tmp_path, {})
    assert pocketfit(repository, "init", "--no-check").returncode == 0
    assert "encoder.pth" in (repository / "pocketfit_models.py").read_text()
    plain = subprocess.run(
        [
            sys.executable,
            "-c",
            "import torch; from pocketfit_models import text_encoder; from textenc.model import TextEncoder;"
            "loaded = text_encoder(); torch.manual_seed(3); made = TextEncoder();"
            "print(all(map(torch.equal, loaded.parameters(), made.parameters())))",
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert plain.stdout.strip() == "True"
    assert first_report(repository)["TextEncoder/lite/fp32"]["smoke"]["status"] == "passed"


def test_a_format_of_ours_that_fails_is_taken_out(tmp_path: Path) -> None:
    # torch.export refuses control flow that depends on the data; a trace takes the branch that it saw.
    text = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layer = nn.Linear(3, width)

    def forward(self, x):
        x = self.layer(x)
        return x + 1 if x.sum() < 1e9 else x
"""
    repository = committed(tmp_path, {"net.py": text})
    done = pocketfit(repository, "init")
    assert done.returncode == 0
    assert "✓ Net/lite/fp32 builds: " in done.stdout
    assert "✗ Net/executorch/fp32 fails: " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("next: `pocketfit run --base none` for a first report")
    last = (repository / "pocketfit.toml").read_text().splitlines()[-1]
    assert last.startswith('formats = ["lite"]  # not executorch, which can\'t be built: ')
    assert pocketfit(repository, "init").stdout.startswith("nothing to write: ")


def test_a_model_that_fails_keeps_its_files(tmp_path: Path) -> None:
    text = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(99, 2))\n    def forward(self, x): return self.a(x)\n"
    repository = committed(tmp_path, {"net.py": text})
    done = pocketfit(repository, "init")
    assert done.returncode == 4
    assert "mat1 and mat2 shapes cannot be multiplied" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "next: mend what Net says above (its inputs: pocketfit.toml:7), then `pocketfit run --base none`"
    )
    assert (repository / "pocketfit.toml").is_file()
