"""`pocketfit run` on an emulator (the stand-in image, started by the very code that starts a real one) and over adb."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from standin.fixture import StandIn
from tests.integration.conftest import WHO, Git, StandInImage
from tests.integration.test_run import pocketfit, rows

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def changed(repository: Path, git: Git) -> Path:
    text = (repository / "pocketfit.toml").read_text()
    git("switch", "-q", "-c", "topic")
    (repository / "pocketfit.toml").write_text(text + "arguments = { width = 16 }\n")
    git("commit", "-q", "-am", "wider")
    return repository


def ours(api: Any) -> list[str]:
    return [container["Names"][0] for container in api.containers(all=True, filters={"label": "pocketfit.run"})]


def test_on_an_emulator(changed: Path, api: Any, standin_image: StandInImage) -> None:
    image = standin_image("boot-after=4")

    done = pocketfit(changed, "run", "--base", "main", "--device", "emulator", "--emulator-image", image)

    assert done.returncode == 0, done.stderr
    row = rows(changed)["net/lite/fp32"]
    assert (row["status"], row["smoke"]["status"], row["smoke"]["device"]) == ("compared", "passed", "emulator")
    assert row["smoke"]["max_abs_diff"] <= 1e-4
    assert row["latency"]["rounds"] > 0
    report = json.loads((changed / "pocketfit-out" / "report.json").read_text())
    assert report["environment"]["device"] == "emulator"
    assert sum("can't ship to devices with 16 kB pages" in note for note in report["notes"]) == 1
    assert "emulator: started " in done.stderr
    assert "emulator: ready after " in done.stderr
    assert "pushing pytorch_android_lite 1.12.2" in done.stderr
    assert ours(api) == []


def test_an_emulator_that_never_boots(changed: Path, api: Any, standin_image: StandInImage) -> None:
    image = standin_image("die-in-boot")
    done = pocketfit(changed, "run", "--base", "main", "--device", "emulator", "--emulator-image", image)
    assert done.returncode == 3, done.stderr
    # What was built is kept and reported.
    row = rows(changed)["net/lite/fp32"]
    assert (row["status"], row["smoke"]["status"]) == ("compared", "infra-error")
    assert (changed / "pocketfit-out" / "artifacts" / "head" / "net.lite.fp32.ptl").exists()
    assert (changed / "pocketfit-out" / "emulator.log").exists()
    assert ours(api) == []


@pytest.mark.parametrize("moment", ["emulator: started ", "pushing pytorch_android_lite"])
def test_a_run_that_is_stopped_leaves_no_container(
    changed: Path, api: Any, standin_image: StandInImage, moment: str
) -> None:
    image = standin_image("boot-after=4")
    command = [
        sys.executable,
        "-m",
        "pocketfit",
        "run",
        "--base",
        "main",
        "--device",
        "emulator",
        "--emulator-image",
        image,
    ]
    process = subprocess.Popen(command, cwd=changed, env={**os.environ, **WHO}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(timeout=60) == 143, rest
    assert "Traceback" not in rest
    assert ours(api) == []


def test_on_an_attached_device(changed: Path, start_standin: Callable[..., StandIn]) -> None:
    standin = start_standin()
    done = pocketfit(
        changed, "run", "--base", "main", "--device", "adb", "--serial", standin.serial, **standin.environment
    )
    assert done.returncode == 0, done.stderr
    row = rows(changed)["net/lite/fp32"]
    assert (row["smoke"]["status"], row["smoke"]["device"], row["smoke"]["abi"]) == ("passed", "adb", "x86_64")
    environment = json.loads((changed / "pocketfit-out" / "report.json").read_text())["environment"]
    assert (environment["model"], environment["api_level"]) == ("Pocketfit stand-in", 33)
    assert environment["page_size_bytes"] == os.sysconf("SC_PAGE_SIZE")
    assert environment["cores"] > 0
    assert environment["free_memory_bytes"] > 0
    assert f"Android {environment['android']} (API level 33)" in done.stdout


def test_auto_takes_the_only_device(changed: Path, start_standin: Callable[..., StandIn]) -> None:
    standin = start_standin()
    done = pocketfit(changed, "run", "--base", "none", **standin.environment)
    assert done.returncode == 0, done.stderr
    assert rows(changed)["net/lite/fp32"]["smoke"]["device"] == "adb"
    assert "device auto: adb, since exactly one device answers" in done.stdout
