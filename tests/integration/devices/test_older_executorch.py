"""ExecuTorch 1.0 and 1.1 for Android in a real JVM, on programs that executorch 1.3.1 wrote (tests/data)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketfit.devices.jvm import RunningJvm
from pocketfit.records import SmokeInput
from pocketfit.runtimes.predicted import predict
from pocketfit.runtimes.versions import NEWEST, VERSIONS
from tests.integration.conftest import require
from tests.integration.devices.conftest import read_output, write_inputs

DATA = Path(__file__).parents[2] / "data/executorch-1.3.1"
WORDS = [0.186148, -0.456298]
# The files that not all versions take, with their inputs.
POOL, SINE = ("pool.pte", np.ones((1, 2, 5, 7), np.float32)), ("sin.pte", np.ones((1, 4), np.float32))


@pytest.fixture(params=[version for version in VERSIONS if version != NEWEST])
def version(request: pytest.FixtureRequest, device: RunningJvm) -> str:
    require(request.param in device.android.older, "built without older ExecuTorchs: make android OLDER=1")
    return str(request.param)


def given(folder: Path, program: str, values: np.ndarray) -> SmokeInput:
    folder.mkdir()
    return SmokeInput("executorch", DATA / program, write_inputs(folder, values), folder)


def test_older_runtimes_run_what_they_know_and_lack_what_is_predicted(
    version: str, device: RunningJvm, tmp_path: Path
) -> None:
    older = device.at(version)
    assert older

    run = older.smoke(given(tmp_path / "words", "words.pte", np.array([[1, 2, 3, 4]])), tmp_path)
    assert (run.status, run.reason, run.runtime) == ("passed", "", str(VERSIONS[version]))
    np.testing.assert_allclose(read_output(run.outputs[0], tmp_path)[0], WORDS, atol=2e-6)

    for program, values in (POOL, SINE):
        run = older.smoke(given(tmp_path / program, program, values), tmp_path)
        predicted = predict(DATA / program, "executorch", [version])[version]
        assert run.status == {"runs": "passed", "refused": "failed"}[predicted.status], run.reason
        if program == POOL[0]:
            assert run.reason == (
                f"{VERSIONS[version]} does not have aten::_adaptive_avg_pool2d.out: leave the operator out of the "
                "model, or build the app's runtime with its kernel"
            )


def test_a_version_that_was_not_built(device: RunningJvm) -> None:
    assert device.at("0.7") is None
