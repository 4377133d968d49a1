"""Each way to misbehave, as the real adb client sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from standin.fixture import StandIn, standin

BOOTED = ("shell", "getprop sys.boot_completed")
PACKAGES = ("shell", "cmd package list packages")


def until(condition: Callable[[], bool], seconds: float = 15) -> float:
    """How long it took to become true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "never"
        time.sleep(0.1)
    return time.monotonic() - began


def connect_again(device: StandIn) -> None:
    """After a reboot. Without the disconnect adb takes 10 s to notice that the device is back."""
    device.wait_for_log("adb port open", times=2)
    device.adb("disconnect", device.serial)
    device.adb("connect", device.serial)
    until(lambda: device.state() == "device")


@pytest.fixture
def big(tmp_path: Path) -> Path:
    file = tmp_path / "big"
    file.write_bytes(bytes(4_000_000))
    return file


def test_never_boots() -> None:
    with standin(faults="never-boot") as device:
        assert device.adb(*BOOTED).stdout == "\n"
        assert device.adb("shell", "getprop init.svc.bootanim").stdout == "running\n"
        done = device.adb(*PACKAGES)
        assert (done.returncode, done.stderr) == (20, "cmd: Can't find service: package\n")


def test_boots_slowly() -> None:
    with standin(faults="port-after=1 boot-after=2.5 packages-after=4") as device:
        assert "failed to connect" in device.adb("connect", device.serial).stdout
        device.wait_for_log("adb port open")
        device.adb("connect", device.serial)
        assert device.adb(*BOOTED).stdout == "\n"
        until(lambda: device.adb(*BOOTED).stdout == "1\n")
        assert device.adb("shell", "pm list packages").stderr.startswith("Error: Could not access the Package Manager")
        until(lambda: device.adb(*PACKAGES).returncode == 0)


def test_dies_while_it_boots() -> None:
    with standin(faults="never-boot die-in-boot=1") as device:
        assert device.process.wait(10) == 1
        assert "died while booting" in device.log()


def test_offline_at_run_time() -> None:
    with standin() as device:
        device.set_fault("offline")
        until(lambda: device.state() == "offline")
        done = device.adb("shell", "true")
        assert done.returncode == 1
        assert "offline" in done.stderr
        device.clear_fault("offline")


def test_offline_from_the_start() -> None:
    with standin(faults="offline", connect=False) as device:
        device.wait_for_log("adb port open")
        assert "failed to connect" in device.adb("connect", device.serial, timeout=30).stdout


def test_unauthorized() -> None:
    with standin(faults="unauthorized") as device:
        assert device.state() == "unauthorized"
        done = device.adb("shell", "true")
        assert done.returncode == 1
        assert "device unauthorized" in done.stderr


def test_drops_the_connection_in_a_push_once(big: Path) -> None:
    with standin(faults="drop-push=1000000:once") as device:
        done = device.adb("push", big, "/data/local/tmp/big")
        assert done.returncode == 1
        device.adb("connect", device.serial)
        until(lambda: device.state() == "device")
        assert device.adb("shell", "ls /data/local/tmp").stdout == ""
        assert device.adb("push", big, "/data/local/tmp/big").returncode == 0


def test_drops_the_connection_in_every_push(big: Path) -> None:
    with standin(faults="drop-push=1000000") as device:
        for _ in range(2):
            assert device.adb("push", big, "/data/local/tmp/big").returncode == 1
            device.adb("connect", device.serial)
            until(lambda: device.state() == "device")


def test_disk_is_full(big: Path) -> None:
    with standin(faults="disk-full=6000000:once") as device:
        assert device.adb("push", big, "/data/local/tmp/first").returncode == 0
        done = device.adb("push", big, "/data/local/tmp/second")
        assert done.returncode == 1
        assert "remote write failed: No space left on device" in done.stdout + done.stderr
        assert device.adb("shell", "ls /data/local/tmp").stdout == "first\n"
        assert device.adb("push", big, "/data/local/tmp/second").returncode == 0


def test_reboots_and_keeps_its_files(tmp_path: Path) -> None:
    with standin() as device:
        device.adb("shell", "echo kept > /data/local/tmp/file")
        began = time.monotonic()
        device.adb("reboot")
        connect_again(device)
        assert device.adb(*BOOTED).stdout == "\n"
        until(lambda: device.adb(*BOOTED).stdout == "1\n")
        assert time.monotonic() - began >= 2
        assert device.adb("shell", "cat /data/local/tmp/file").stdout == "kept\n"


def test_a_reboot_ends_what_runs() -> None:
    with standin() as device:
        device.adb("shell", "sleep 1003 >/dev/null 2>&1 </dev/null & echo")
        device.adb("shell", "reboot")
        connect_again(device)
        assert device.adb("shell", "pgrep -f '^sleep 1003'").returncode == 1


def test_nothing_is_left(tmp_path: Path) -> None:
    with standin() as device:
        assert isinstance(device, StandIn)
        device.adb("shell", "sleep 1004 >/dev/null 2>&1 </dev/null & echo")
    assert not device.folder.exists()
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(b"1004" in line and b"sleep" in line for line in lines)
