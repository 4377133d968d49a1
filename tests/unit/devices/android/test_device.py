"""The shell script that watches the program on the device, and what is pushed and removed: by this machine's shell."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.android.device import opened
from pocketfit.devices.android.pushed import Pushed, digest
from pocketfit.devices.android.watched import Ran, run_watched
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import Library
from pocketfit.runtimes.library import AndroidSide
from tests.unit.devices.android.fake_adb import FakeAdb, fake_adb

__all__ = ["fake_adb"]

# `-s SERIAL shell COMMAND` and `-s SERIAL push FILE... FOLDER`, on this machine.
LOCAL = """shift 2; verb=$1; shift
if [ $verb = shell ]; then exec sh -c "$1"; fi
for target; do :; done
exec cp -L "$@\""""
ANSWER = """echo 'WARNING: vendor noise'; echo '{"artifacts": [{"load_ms": 1.5}]}'"""


def watched(command: str, folder: Path, limit_s: float = 20) -> Ran:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{command}\n")
    program.chmod(0o755)
    return run_watched(
        Adb("R58M"), str(program), artifacts=1, outputs=f"{folder}/outputs", limit_s=limit_s, watch_s=0.05
    )


def test_the_answer_is_read_and_old_outputs_are_gone(fake_adb: FakeAdb, tmp_path: Path) -> None:
    fake_adb(LOCAL)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "old.bin").touch()
    ran = watched(f"{ANSWER}; echo noise; sleep 0.3; touch {tmp_path}/outputs/0.bin", tmp_path)
    assert ran.answer is not None
    assert ran.answer.artifacts[0].load_ms == 1.5
    assert (ran.code, ran.late) == (0, False)
    assert ran.peak_rss_bytes
    assert ran.pid
    # A crash must not leave an earlier artifact's outputs to be taken for this one's.
    assert [file.name for file in (tmp_path / "outputs").iterdir()] == ["0.bin"]


@pytest.mark.parametrize(("end", "code"), [("exit 3", 3), ("kill -SEGV $$", 139), ("kill -KILL $$", 137)])
def test_a_program_that_ends_without_an_answer(fake_adb: FakeAdb, tmp_path: Path, end: str, code: int) -> None:
    fake_adb(LOCAL)
    ran = watched(f"sleep 0.2; echo no such class >&2; {end}", tmp_path)
    assert (ran.code, ran.answer, ran.late) == (code, None, False)
    assert ran.last_line in ("no such class", "Killed", "Segmentation fault")


def test_a_program_that_hangs_is_killed_by_the_device(fake_adb: FakeAdb, tmp_path: Path) -> None:
    fake_adb(LOCAL)
    ran = watched(f"echo $$ > {tmp_path}/pid; exec sleep 60", tmp_path, limit_s=1)
    assert (ran.late, ran.answer) == (True, None)
    assert ran.pid == int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(ran.pid, 0)


def test_a_program_that_printed_nothing(fake_adb: FakeAdb, tmp_path: Path) -> None:
    fake_adb(LOCAL)
    assert watched("exit 1", tmp_path).last_line == "it printed nothing"


def test_a_model_can_not_say_that_it_was_late(fake_adb: FakeAdb, tmp_path: Path) -> None:
    fake_adb(LOCAL)
    ran = watched(f"echo pocketfit-end:pid=1,peak=1,late=1; {ANSWER}; sleep 0.2", tmp_path)
    assert not ran.late
    assert ran.pid != 1


def test_the_program_ends_with_the_connection(fake_adb: FakeAdb, tmp_path: Path) -> None:
    """As adbd does it: a SIGHUP to the shell alone."""
    fake_adb(f'shift 3; sh -c "$1" & echo $! > {tmp_path}/shell; wait $!')
    program = tmp_path / "program"
    with ThreadPoolExecutor() as pool:
        running = pool.submit(watched, f"echo $$ > {program}.pid; exec sleep 60", tmp_path)
        pid = int(_content(tmp_path / "program.pid"))
        os.kill(int(_content(tmp_path / "shell")), signal.SIGHUP)
        ran = running.result()
    assert (ran.code, ran.answer) == (129, None)
    assert _ended(pid)


def _content(file: Path) -> str:
    for _ in range(200):
        if file.exists() and (text := file.read_text().strip()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{file} did not appear")


def _ended(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_the_runtime_is_pushed_once(fake_adb: FakeAdb, tmp_path: Path) -> None:
    calls = fake_adb(LOCAL)
    android = AndroidSide(tmp_path / "android", "x86_64", {"lite": Library("lib", "1.0")})
    libraries = android.libraries("lite", "arm64-v8a")
    libraries.mkdir(parents=True)
    (libraries / "lib.so").write_text("code")
    (android.folder / "runner.jar").write_text("dex")
    for _ in range(2):
        pushed = Pushed(Adb("R58M"), str(tmp_path / "device"))
        pushed.prepare()
        folder = Path(pushed.runtime(android, "lite", "arm64-v8a"))
        pushed.clear()
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        "runner.jar": "0o444",
        "lib.so": "0o444",
    }
    assert calls.read_text().count(" push ") == 1
    assert list((tmp_path / "device").iterdir()) == [folder]

    (libraries / "lib.so").write_text("other code")
    pushed.prepare()
    assert pushed.runtime(android, "lite", "arm64-v8a") != str(folder)
    assert calls.read_text().count(" push ") == 2


def test_files_are_pushed_once_a_run(fake_adb: FakeAdb, tmp_path: Path) -> None:
    calls = fake_adb(LOCAL)
    base, head, image = tmp_path / "base" / "a b.ptl", tmp_path / "head" / "a b.ptl", tmp_path / "input0.bin"
    for file in (base, head, image):
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(file))
    pushed = Pushed(Adb("R58M"), str(tmp_path / "device"))
    pushed.prepare()
    pushed.files([head, image])
    on_device = pushed.files([base, head, image])
    # Both sides' artifacts have one name, and must not be taken for each other.
    assert {path: Path(there).read_text() for path, there in on_device.items()} == {
        path: str(path) for path in (base, head, image)
    }
    assert calls.read_text().count(" push ") == 2
    assert calls.read_text().count(digest([image])) == 1


def test_what_a_killed_run_left_goes_a_day_later(fake_adb: FakeAdb, tmp_path: Path) -> None:
    fake_adb(LOCAL)
    device = tmp_path / "device"
    for name, age_s in (("run-old", 25 * 3600), ("run-new", 3600), ("lite-old", 25 * 3600)):
        (device / name / "files").mkdir(parents=True)
        os.utime(device / name, (time.time() - age_s,) * 2)
    pushed = Pushed(Adb("R58M"), str(device))
    pushed.prepare()
    pushed.clear()
    assert sorted(file.name for file in device.iterdir()) == ["lite-old", "run-new"]


class Stop(BaseException):
    """As SystemExit and KeyboardInterrupt are: no Exception."""


# What a device says of itself to `read_properties`; everything else succeeds and prints nothing.
UP = """case "$*" in
*abilist*) printf 'abis=x86_64\\nandroid=14\\napi_level=%s\\nmodel=Desk\\n' "$API_LEVEL";;
esac
for command; do :; done
echo "$command" | sed -n "s/^trap 'echo \\(.*\\):.*/\\1:0/p\""""


@pytest.mark.parametrize("ending", [None, Stop(), RuntimeError("ours")])
def test_what_was_pushed_goes_in_every_ending(
    fake_adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: BaseException | None
) -> None:
    monkeypatch.setenv("API_LEVEL", "34")
    calls = fake_adb(UP)
    caught = contextlib.nullcontext() if ending is None else pytest.raises(type(ending))
    with caught, opened(Adb("R58M"), android_side(tmp_path)) as device:
        assert (device.info.kind, device.info.abi, device.info.hardware.api_level) == ("adb", "x86_64", 34)
        assert "rm -rf /data/local/tmp/pocketfit/run-" not in calls.read_text()
        if ending:
            raise ending
    assert "rm -rf /data/local/tmp/pocketfit/run-" in calls.read_text()


def test_what_was_pushed_goes_where_a_device_can_not_be_used(
    fake_adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_LEVEL", "22")
    calls = fake_adb(UP)
    with pytest.raises(EnvironmentProblem, match="R58M has API level 22"), opened(Adb("R58M"), android_side(tmp_path)):
        pass
    assert "rm -rf /data/local/tmp/pocketfit/run-" in calls.read_text()


def android_side(folder: Path) -> AndroidSide:
    android = AndroidSide(folder / "android", "x86_64", {"lite": Library("lib", "1.0")})
    android.libraries("lite", "x86_64").mkdir(parents=True)
    return android
