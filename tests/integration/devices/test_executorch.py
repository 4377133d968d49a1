"""ExecuTorch's real Android library in a real JVM, on programs that executorch 1.3.1 wrote (tests/data)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pocketfit.devices.jvm import RunningJvm, _environment
from pocketfit.devices.program import Result, here, parse_answer, words
from pocketfit.devices.reason import condense
from pocketfit.process import finish
from pocketfit.records import Load, SmokeInput
from pocketfit.runtimes.library import find_android
from tests.integration.devices.conftest import read_output, write_inputs
from tests.integration.pairs import OURS

DATA = Path(__file__).parents[2] / "data/executorch-1.3.1"
RUNTIME = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
MLP, WORDS = [0.428032, 0.1686, 0.207843, -0.090003], [0.186148, -0.456298]
PRELU = [-0.095445, 0.110074, -0.158274, 0.156583]
ONES = np.ones((1, 16), np.float32)


def given(folder: Path, program: Path | str, *inputs: np.ndarray) -> SmokeInput:
    folder.mkdir(parents=True, exist_ok=True)
    return SmokeInput("executorch", DATA / program, write_inputs(folder, *inputs), folder)


def test_a_program_runs_and_agrees_with_eager(device: RunningJvm, tmp_path: Path) -> None:
    run = device.smoke(given(tmp_path / "in", "mlp.pte", ONES), tmp_path)

    assert (run.status, run.reason, run.runtime, run.flat) == ("passed", "", RUNTIME, True)
    assert run.load_ms
    assert run.first_ms
    assert run.peak_rss_bytes
    assert run.peak_rss_bytes > 30e6
    (output,) = run.outputs
    assert (output.path, output.dtype, output.shape) == ("[0]", "float32", (1, 4))
    np.testing.assert_allclose(read_output(output, tmp_path)[0], MLP, atol=2e-6)


def test_integers_and_fewer_rows_than_the_bound(device: RunningJvm, tmp_path: Path) -> None:
    ids = np.array([[1, 2, 3, 4]])
    run = device.smoke(given(tmp_path / "ids", "words.pte", ids), tmp_path)
    np.testing.assert_allclose(read_output(run.outputs[0], tmp_path)[0], WORDS, atol=2e-6)

    run = device.smoke(given(tmp_path / "rows", "rows.pte", np.ones((3, 16), np.float32)), tmp_path)
    np.testing.assert_allclose(read_output(run.outputs[0], tmp_path), [MLP] * 3, atol=2e-6)


def test_without_inputs_it_is_not_called(device: RunningJvm, tmp_path: Path) -> None:
    run = device.smoke(given(tmp_path / "in", "mlp.pte"), tmp_path)
    assert (run.status, run.reason) == ("failed", "it takes 1 input, and was given none: give it tensors to run on")


def test_base_and_head_are_timed_in_turn(device: RunningJvm, tmp_path: Path) -> None:
    base, head = given(tmp_path / "base", "mlp.pte", ONES), given(tmp_path / "head", "rows.pte", ONES)
    load = device.time_load(base, head, seed=1, rounds=3, budget_ms=2000)
    assert isinstance(load, Load)
    # Each round goes there and back.
    assert (len(load.base_ms), len(load.head_ms), len(load.again_ms)) == (6, 6, 6)
    assert load.peak_rss_bytes


def test_what_xnnpack_makes_of_a_prelu_is_wrong_on_android_and_a_crash_on_the_host(
    device: RunningJvm, tmp_path: Path
) -> None:
    """Once both are mended, exporter/executorch/lowering.py need not keep it off XNNPACK any more.

    The host's is, in executorch 1.5.1.
    """
    run = device.smoke(given(tmp_path / "in", "prelu.pte", -np.ones((1, 3, 1, 1), np.float32)), tmp_path)
    assert run.status == "passed"
    answered = read_output(run.outputs[0], tmp_path).flatten()
    np.testing.assert_allclose(answered[[1, 3]], [PRELU[1], PRELU[3]], atol=2e-6)
    assert np.abs(answered - PRELU).max() > 0.05

    script = (
        "import sys, torch; from executorch.runtime import Runtime\n"
        "method = Runtime.get().load_program(sys.argv[1]).load_method('forward')\n"
        "method.execute([-torch.ones(1, 3, 1, 1)])"
    )
    host = subprocess.run([sys.executable, "-c", script, DATA / "prelu.pte"], capture_output=True, check=False)
    assert host.returncode == (-11 if OURS else 0)


Damage = Callable[[bytes], bytes]
DAMAGED: dict[str, tuple[Damage, str]] = {
    "empty": (lambda whole: b"", "can't load the file: it is empty: export it again, or copy it whole"),
    "ten bytes": (lambda whole: whole[:10], "can't load the file: it has 10 bytes: export it again, or copy it whole"),
    "header": (
        lambda whole: whole[:100],
        "can't load the file: it was cut short, 100 of 5,520 bytes: export it again, or copy it whole",
    ),
    "half": (
        lambda whole: whole[: len(whole) // 2],
        "can't load the file: it was cut short, 2,760 of 5,520 bytes: export it again, or copy it whole",
    ),
    "end": (
        lambda whole: whole[:-64],
        "can't load the file: it was cut short, 5,456 of 5,520 bytes: export it again, or copy it whole",
    ),
    "noise": (
        lambda whole: bytes(index * 37 % 256 for index in range(10_000)),
        "can't load the file: it is no ExecuTorch program: export the model as format executorch",
    ),
    "zeros": (
        lambda whole: bytes(10_000),
        "can't load the file: it is no ExecuTorch program: export the model as format executorch",
    ),
    "tensorflow": (
        lambda whole: whole.replace(b"ET12", b"TFL3", 1),
        "can't load the file: it is a TensorFlow Lite model, no ExecuTorch program: export the model as format executorch",
    ),
    "older": (
        lambda whole: whole.replace(b"ET12", b"ET11", 1),
        "can't load the file: it is an ExecuTorch program of version ET11, and this runtime reads ET12: export it with "
        "executorch of the runtime's version",
    ),
    "qnn": (
        lambda whole: whole.replace(b"XnnpackBackend", b"QnnBackend\0\0\0\0"),
        "does not have QnnBackend (Qualcomm's QNN), which the program was lowered for: lower it for XNNPACK, which runs on "
        "every phone's CPU",
    ),
    "coreml": (
        lambda whole: whole.replace(b"XnnpackBackend", b"CoreMLBackend\0"),
        "does not have CoreMLBackend (Apple's Core ML), which the program was lowered for: lower it for XNNPACK, which "
        "runs on every phone's CPU",
    ),
    "vulkan": (
        lambda whole: whole.replace(b"XnnpackBackend", b"VulkanBackend\0"),
        "the program was lowered for Vulkan, and RUNTIME finds no driver of it here: lower it for XNNPACK, which runs on "
        "every phone's CPU",
    ),
}

WRONG: dict[str, tuple[str, tuple[np.ndarray, ...], str]] = {
    "width": (
        "mlp.pte", (ONES[:, :15],),
        "input 0 has shape (1, 15), and the program takes (1, 16) alone on RUNTIME: give it that, or export it with "
        "example inputs of the other shape",
    ),
    "batch": (
        "mlp.pte", (np.ones((2, 16), np.float32),),
        "input 0 has shape (2, 16), and the program takes (1, 16) alone on RUNTIME: give it that, or export it with "
        "example inputs of the other shape",
    ),
    "rank": (
        "mlp.pte", (ONES[0],),
        "input 0 has 1 dimension, and the program takes 2 on RUNTIME: give it its own shape",
    ),
    "int32": (
        "mlp.pte", (ONES.astype(np.int32),),
        "input 0 is int32, and the program takes float32 on RUNTIME: give it as float32",
    ),
    "float64": (
        "mlp.pte", (ONES.astype(np.float64),),
        "input 0 is float64, and the program takes float32 on RUNTIME: give it as float32",
    ),
    "float for int": (
        "words.pte", (np.ones((1, 4), np.float32),),
        "input 0 is float32, and the program takes int64 on RUNTIME: give it as int64",
    ),
    "two": (
        "mlp.pte", (ONES, ONES),
        "the program takes 1 input on RUNTIME, and was given more: give it as many as forward takes",
    ),
    "bound": (
        "rows.pte", (np.ones((9, 16), np.float32),),
        "input 0 has 144 elements, and the program has room for 128 on RUNTIME: export it with a larger upper bound",
    ),
    "index": (
        "words.pte", (np.array([[1, 10, 2, 3]]),),
        "forward failed on RUNTIME: index 10 of aten::embedding.out is beyond its 10 rows: give it indices from 0 up to "
        "its last row",
    ),
    "negative index": (
        "words.pte", (np.array([[-1, 1, 2, 3]]),),
        "forward failed on RUNTIME: index -1 of aten::embedding.out is below 0: give it indices from 0 up to its last row",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def said(device: RunningJvm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What the runtime says of all of them, in one process: an error has to leave it whole."""
    folder = tmp_path_factory.mktemp("said")
    whole = (DATA / "mlp.pte").read_bytes()
    artifacts: dict[str, SmokeInput] = {}
    for name, (damage, _) in DAMAGED.items():
        path = folder / f"{name}.pte"
        path.write_bytes(damage(whole))
        artifacts[name] = given(folder / name, path, ONES)
    for name, (program, inputs, _) in WRONG.items():
        artifacts[name] = given(folder / name, program, *inputs)
    android = find_android()
    libraries = str(android.libraries("executorch", android.desktop_abi))
    told = words(
        list(artifacts.values()),
        here,
        runtime="executorch",
        threads=1,
        libraries=libraries,
        shim=str(android.shim),
    )
    command = ["java", "-cp", android.desktop_classpath("executorch"), "dev.pocketfit.Desktop", *told]
    done = finish(command, timeout=120, cwd=folder, env=_environment(folder, {"LD_LIBRARY_PATH": libraries}))
    answer = parse_answer(done.stdout, artifacts=len(artifacts))
    assert answer, done.stderr
    return dict(zip(artifacts, answer.artifacts, strict=True))


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_or_foreign_file_is_one_sentence(said: dict[str, Result], case: str) -> None:
    error = said[case].error
    assert error
    assert error.stage == "load"
    sentence = DAMAGED[case][1]
    expected = sentence.replace("RUNTIME", RUNTIME) if "RUNTIME" in sentence else f"{RUNTIME} {sentence}"
    assert condense(error, RUNTIME) == expected


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_input_is_one_sentence(said: dict[str, Result], case: str) -> None:
    error = said[case].error
    assert error
    assert error.stage == "forward"
    assert condense(error, RUNTIME) == WRONG[case][2].replace("RUNTIME", RUNTIME)
