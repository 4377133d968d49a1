"""The shell script that watches the program on the device, and what is pushed: run by this machine's own shell."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pocketfit.devices.android import pushed as pushed_module
from pocketfit.devices.android.adb import Adb
from pocketfit.devices.android.pushed import Pushed, digest
from pocketfit.devices.android.watched import Ran, run_watched
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


def test_an_answer(fake_adb: FakeAdb, tmp_path: Path) -> None:
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
def test_how_it_ended(fake_adb: FakeAdb, tmp_path: Path, end: str, code: int) -> None:
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


def test_nothing_printed(fake_adb: FakeAdb, tmp_path: Path) -> None:
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


def test_the_runtime_is_pushed_once(fake_adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_adb(LOCAL)
    monkeypatch.setattr(pushed_module, "HOME", str(tmp_path / "device"))
    android = AndroidSide(tmp_path / "android", "x86_64", {"lite": Library("lib", "1.0")})
    libraries = android.libraries("lite", "arm64-v8a")
    libraries.mkdir(parents=True)
    (libraries / "lib.so").write_text("code")
    (android.folder / "runner.jar").write_text("dex")
    for _ in range(2):
        pushed = Pushed(Adb("R58M"))
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


def test_files_are_pushed_once_a_run(fake_adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_adb(LOCAL)
    monkeypatch.setattr(pushed_module, "HOME", str(tmp_path / "device"))
    base, head, image = tmp_path / "base" / "a b.ptl", tmp_path / "head" / "a b.ptl", tmp_path / "input0.bin"
    for file in (base, head, image):
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(file))
    pushed = Pushed(Adb("R58M"))
    pushed.prepare()
    pushed.files([head, image])
    places = pushed.files([base, head, image])
    # Both sides' artifacts have one name, and must not be taken for each other.
    assert {path: Path(place).read_text() for path, place in places.items()} == {
        path: str(path) for path in (base, head, image)
    }
    assert calls.read_text().count(" push ") == 2
    assert calls.read_text().count(digest([image])) == 1


def test_what_a_killed_run_left_goes_a_day_later(
    fake_adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_adb(LOCAL)
    device = tmp_path / "device"
    monkeypatch.setattr(pushed_module, "HOME", str(device))
    for name, age_s in (("run-old", 25 * 3600), ("run-new", 3600), ("lite-old", 25 * 3600)):
        (device / name / "files").mkdir(parents=True)
        os.utime(device / name, (time.time() - age_s,) * 2)
    pushed = Pushed(Adb("R58M"))
    pushed.prepare()
    pushed.clear()
    assert sorted(file.name for file in device.iterdir()) == ["lite-old", "run-new"]
