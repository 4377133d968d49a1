"""The real program under the stand-in's app_process, with the real Android libraries that were pushed."""

from __future__ import annotations

import json
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocketfit import __version__
from standin.fixture import standin
from tests.integration.standin.conftest import ANDROID, DATA, Runner, equip


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def without_measurements(answer: dict[str, Any]) -> list[dict[str, Any]]:
    measured = {"load_ms", "first_ms", "peak_rss_bytes"}
    return [{name: value for name, value in result.items() if name not in measured} for result in answer["artifacts"]]


def on_the_desktop(models: Path, outputs: Path) -> dict[str, Any]:
    libraries, shim = ANDROID / "lite/jni/x86_64", ANDROID / "shim/x86_64"
    words = [__version__, "runtime=lite", "threads=1", f"libraries={libraries}", f"shim={shim}"]
    words += [f"artifact={models}/good.ptl", f"input=float32:1,3,16,16:{models}/good.bin", f"outputs={outputs}"]
    command = ["java", "-cp", f"{ANDROID}/desktop/*", "dev.pocketfit.Desktop", *words]
    return last_line(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60))


def test_it_answers_as_the_desktop_does(runner: Runner, models: Path, tmp_path: Path) -> None:
    done = runner.run()
    assert done.returncode == 0
    assert without_measurements(last_line(done)) == without_measurements(on_the_desktop(models, tmp_path))
    runner.device.adb("pull", f"{DATA}/out/0.bin", tmp_path / "device.bin")
    assert (tmp_path / "device.bin").read_bytes() == (tmp_path / "0.bin").read_bytes()
    assert np.isfinite(np.fromfile(tmp_path / "0.bin", np.float32)).all()


def test_the_pushed_libraries_are_those_that_run(runner: Runner) -> None:
    runner.device.adb("shell", f"rm {DATA}/x86_64/libfbjni.so")
    answer = last_line(runner.run())
    assert answer["error"]["type"] == "UnsatisfiedLinkError"
    assert f"{DATA}/x86_64/libfbjni.so" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("class_name", "jar", "said"),
    [
        ("dev.pocketfit.Main", "damaged.jar", "Bad checksum"),
        ("dev.pocketfit.Main", "empty.jar", "no classes.dex"),
        ("dev.pocketfit.Main", "none.jar", "No such file or directory"),
        ("dev.pocketfit.None", "runner.jar", 'Didn\'t find class "dev.pocketfit.None" on path: DexPathList'),
    ],
)
def test_a_jar_that_android_would_refuse(runner: Runner, tmp_path: Path, class_name: str, jar: str, said: str) -> None:
    with zipfile.ZipFile(ANDROID / "runner.jar") as good:
        dex = bytearray(good.read("classes.dex"))
    dex[-1] ^= 1
    with zipfile.ZipFile(tmp_path / "damaged.jar", "w") as damaged:
        damaged.writestr("classes.dex", bytes(dex))
    with zipfile.ZipFile(tmp_path / "empty.jar", "w") as empty:
        empty.writestr("dev/pocketfit/Main.class", b"")
    runner.device.adb("push", tmp_path / "damaged.jar", tmp_path / "empty.jar", f"{DATA}/")

    done = runner.device.adb("shell", f"CLASSPATH={DATA}/{jar} app_process / {class_name} {__version__}")

    assert done.returncode == 1
    assert said in done.stderr
    assert said in runner.device.adb("logcat", "-d").stdout


def test_libraries_of_another_machine(runner: Runner) -> None:
    foreign = ANDROID / "lite/jni/arm64-v8a/libfbjni.so"
    runner.device.adb("push", foreign, f"{DATA}/x86_64/libfbjni.so")
    message = last_line(runner.run())["error"]["message"]
    assert message == f'dlopen failed: "{DATA}/x86_64/libfbjni.so" is for EM_AARCH64 (183) instead of EM_X86_64 (62)'


def test_pages_larger_than_the_libraries_alignment(models: Path) -> None:
    with standin(page_size=16384) as device:
        message = last_line(equip(device, models).run())["error"]["message"]
    assert "program alignment (4096) cannot be smaller than system page size (16384)" in message


def test_a_crash_is_a_signal_and_a_tombstone(runner: Runner) -> None:
    done = runner.run("crash")
    assert done.returncode == 128 + 11
    assert done.stderr.endswith("Segmentation fault\n")
    assert "# A fatal error" not in done.stdout
    tombstone = runner.device.adb("logcat", "-b", "crash", "-d").stdout
    assert "F libc    : Fatal signal 11 (SIGSEGV), code" in tombstone
    assert "F DEBUG   : signal 11 (SIGSEGV), code" in tombstone
    assert "#00 pc 0000000" in tombstone
    assert f"  {DATA}/x86_64/libpytorch_jni_lite.so" in tombstone


def test_noise_around_the_answer(runner: Runner) -> None:
    runner.device.set_fault("noise", ":once")
    done = runner.run()
    assert done.stdout.startswith("WARNING: linker: ")
    assert done.stdout.endswith("}\n\n\n")
    assert "artifacts" in last_line(done)
    assert "linker" not in runner.run().stdout


def test_killed_as_for_memory(runner: Runner) -> None:
    runner.device.set_fault("kill-app", "0.1:once")
    done = runner.run()
    assert done.returncode == 137
    assert not done.stdout.strip()
    assert "lowmemorykiller: Kill 'app_process64' (" in runner.device.adb("logcat", "-d").stdout
    assert runner.run().returncode == 0


def test_it_hangs_and_can_be_killed(runner: Runner) -> None:
    runner.device.set_fault("hang-app")
    with pytest.raises(subprocess.TimeoutExpired):
        runner.run(timeout=2)
    assert runner.device.adb("shell", "pkill -9 app_process64").returncode == 0
    time.sleep(0.3)
    assert runner.device.adb("shell", "pgrep -f '^java|app_process64 /data'").stdout.count("\n") <= 1


def test_killing_it_leaves_no_jvm(runner: Runner) -> None:
    """For Android it is one process: who kills app_process has killed all of it."""
    runner.device.set_fault("kill-app", "60")
    with pytest.raises(subprocess.TimeoutExpired):
        runner.device.adb(
            "shell", f"CLASSPATH={DATA}/runner.jar app_process64 / dev.pocketfit.Main </dev/zero; sleep 9", timeout=1
        )
    runner.device.adb("shell", "pkill -9 app_process64")
    time.sleep(0.3)
    assert runner.device.adb("shell", "pgrep java").returncode == 1


def test_reboots_between_two_runs(runner: Runner) -> None:
    device = runner.device
    device.set_fault("reboot-after-run", ":once")
    assert runner.run().returncode == 0
    device.wait_for_log("adb port open", times=2)
    device.adb("disconnect", device.serial)
    device.adb("connect", device.serial)
    assert device.adb("shell", "getprop sys.boot_completed").stdout == "\n"
    assert runner.run().returncode == 0


def test_libraries_on_a_mount_without_exec(runner: Runner) -> None:
    runner.device.set_fault("noexec")
    message = last_line(runner.run())["error"]["message"]
    assert message == f'dlopen failed: couldn\'t map "{DATA}/x86_64/libc++_shared.so" segment 1: Permission denied'
