"""The adb server: found without adb, by adb's own variables, and stopped where nobody had started it before."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketfit.devices.android.server import server_for_now, server_runs
from pocketfit.devices.attached import AdbDevice
from pocketfit.records import DeviceSpec
from tests.unit.devices.android.fake_adb import FakeAdb, fake_adb

__all__ = ["fake_adb"]


@pytest.fixture
def port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def test_it_is_found_where_adb_would_look(port: str, tmp_path: Path) -> None:
    assert server_runs({"ADB_SERVER_SOCKET": f"tcp:127.0.0.1:{port}"})
    assert server_runs({"ADB_SERVER_SOCKET": f"tcp:{port}", "ANDROID_ADB_SERVER_PORT": "1"})
    assert server_runs({"ANDROID_ADB_SERVER_PORT": port})
    assert server_runs({"ANDROID_ADB_SERVER_PORT": port, "ANDROID_ADB_SERVER_ADDRESS": "localhost"})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "adb"))
        server.listen()
        assert server_runs({"ADB_SERVER_SOCKET": f"localfilesystem:{tmp_path / 'adb'}"})


@pytest.mark.parametrize(
    "environ",
    [
        {"ANDROID_ADB_SERVER_PORT": "1"},
        {"ANDROID_ADB_SERVER_PORT": "many"},
        {"ANDROID_ADB_SERVER_PORT": "99999999"},
        {"ADB_SERVER_SOCKET": "tcp:127.0.0.1:1"},
        {"ADB_SERVER_SOCKET": "tcp:no-such-host.invalid:1"},
        {"ADB_SERVER_SOCKET": "localfilesystem:/gone"},
        {"ADB_SERVER_SOCKET": "localabstract:pocketfit-gone"},
        {"ADB_SERVER_SOCKET": "tcp:"},
    ],
)
def test_where_there_is_none(environ: dict[str, str]) -> None:
    assert not server_runs(environ)


def test_one_that_was_there_stays(port: str, fake_adb: FakeAdb, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_adb("exit 0")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", port)
    with server_for_now():
        pass
    assert not calls.exists()


def test_one_that_came_with_us_goes_with_us(fake_adb: FakeAdb, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_adb("exit 0")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    with pytest.raises(KeyboardInterrupt):
        _interrupted()
    assert calls.read_text() == "kill-server\n"


def test_looking_for_a_device_before_the_builds_leaves_no_server(
    fake_adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fake_adb("echo 'List of devices attached'")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    assert AdbDevice(DeviceSpec(), "not built").summary().startswith("no device is attached")
    assert calls.read_text() == "devices -l\nkill-server\n"


def _interrupted() -> None:
    with server_for_now():
        raise KeyboardInterrupt
