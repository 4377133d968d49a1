from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.devices.android.adb import Adb, DeviceGone, Listed, explain, list_devices, parse_devices
from pocketfit.devices.android.properties import Properties, parse_properties
from pocketfit.devices.attached import pick
from pocketfit.errors import CommandError
from tests.unit.devices.android.fake_adb import FakeAdb, fake_adb

__all__ = ["fake_adb"]

PIXEL = Listed("R58M", "device", "Pixel 7")
EMULATOR = Listed("emulator-5554", "device", "sdk gphone64 x86 64")


def test_devices_are_listed_with_state_and_model() -> None:
    text = """* daemon not running; starting now at tcp:5037
* daemon started successfully
List of devices attached
R58M                   device usb:1-4 product:panther model:Pixel_7 device:panther transport_id:1
emulator-5554          offline transport_id:2
ZY22                   unauthorized usb:1-5 transport_id:3
emulator-5556          authorizing transport_id:4
HT4                    no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html]

"""
    assert parse_devices(text) == (
        PIXEL,
        Listed("emulator-5554", "offline"),
        Listed("ZY22", "unauthorized"),
        Listed("emulator-5556", "authorizing"),
        Listed("HT4", "no permissions"),
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("error: device offline\n", "device offline: unplug it and plug it in again, or run `adb reconnect`"),
        ("error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n", "device unauthorized: unlock it and allow USB debugging for this computer"),
        ("error: device 'x' not found\n", "device 'x' not found: is it still connected? See `adb devices`"),
        ("* cannot start server on remote host\nadb: failed to check server version: cannot connect to daemon at tcp:h:5037: Connection refused\n", "failed to check server version: cannot connect to daemon at tcp:h:5037: Connection refused: is there an adb server where ADB_SERVER_SOCKET or ANDROID_ADB_SERVER_PORT says?"),
        ("adb F 11-24 4797 adb_utils.cpp:316] Cannot mkdir '/x/.android': No such file or directory\n\n* failed to start daemon\nadb: failed to check server version: cannot connect to daemon\n", "adb can't make /x/.android for its key: set HOME to a folder that can be written"),
        ("adb: error: failed to copy 'a' to 'b': remote write failed: No space left on device\n", "the disk of R58M is full: free some space under /data"),
        ("failed to connect to '127.0.0.1:5': Connection refused\n", "failed to connect to '127.0.0.1:5': Connection refused"),
        ("", "the connection broke"),
    ],
)  # fmt: skip
def test_what_adb_complains_of(said: str, sentence: str) -> None:
    assert explain(said, "R58M") == sentence


@pytest.mark.parametrize(
    ("devices", "serial", "found"),
    [
        ((PIXEL,), None, PIXEL),
        ((PIXEL, EMULATOR), "R58M", PIXEL),
        ((), None, "no device is attached (`adb devices` lists none): plug one in, or use --device jvm"),
        ((PIXEL,), "X", "there is no device 'X' (`adb devices` lists R58M (Pixel 7)): plug one in, or use --device jvm"),
        ((PIXEL, EMULATOR), None, "2 devices are attached: choose one with --serial (R58M (Pixel 7), emulator-5554 (sdk gphone64 x86 64))"),
        ((Listed("R58M", "unauthorized"),), None, "R58M is unauthorized: unlock it and allow USB debugging for this computer"),
        ((Listed("R58M", "recovery"),), None, "R58M is recovery: wait until it is up"),
    ],
)  # fmt: skip
def test_the_only_or_the_named_device_is_picked(
    devices: tuple[Listed, ...], serial: str | None, found: Listed | str
) -> None:
    assert pick(devices, serial) == found


def test_a_device_says_what_it_is() -> None:
    printed = """abis=arm64-v8a,armeabi-v7a,armeabi
android=13
api_level=33
model=Pixel 7
page_size=4096
cores=8
memory=MemAvailable:    3500000 kB
"""
    assert parse_properties(printed, ("armeabi-v7a", "x86_64")) == Properties(
        ("arm64-v8a", "armeabi-v7a", "armeabi"), "armeabi-v7a", "13", 33, "Pixel 7", 4096, 8, 3_584_000_000
    )
    assert parse_properties("", ("x86_64",)) == Properties((), "", "", 0, "", None, None, None)


def test_what_the_command_says(fake_adb: FakeAdb) -> None:
    fake_adb('shift 3; exec sh -c "$1"')
    done = Adb("R58M").shell_to_its_end("echo 'a b'; printf open; echo no >&2; exit 3", 20)
    assert (done.code, done.stdout, done.stderr) == (3, "a b\nopen", "no\n")
    assert Adb("R58M").shell("echo yes") == "yes\n"
    with pytest.raises(CommandError, match="`false` on R58M exited with 1") as caught:
        Adb("R58M").shell("false")
    assert not isinstance(caught.value, DeviceGone)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'adb: device offline' >&2; exit 1", "device offline: unplug it and plug it in again, or run `adb reconnect`"),
        # The connection breaks in the middle of what the command prints: no exit code of the device's.
        ("echo half of it; exit 1", "half of it"),
        # A version that ends well all the same.
        ("exit 0", "the connection broke"),
    ],
)  # fmt: skip
def test_a_connection_that_breaks(fake_adb: FakeAdb, script: str, sentence: str) -> None:
    fake_adb(script)
    with pytest.raises(DeviceGone, match=f"adb shell exited with .: {sentence}"):
        Adb("R58M").shell("true")


def test_a_device_that_says_nothing(fake_adb: FakeAdb) -> None:
    fake_adb("sleep 30")
    with pytest.raises(DeviceGone, match="R58M gave no answer in 0 s"):
        Adb("R58M").shell("true", timeout=0.3)


def test_the_words_that_adb_gets(fake_adb: FakeAdb, tmp_path: Path) -> None:
    calls = fake_adb("echo connected to it")
    adb = Adb("10.0.0.2:5555")
    adb.connect()
    adb.push([tmp_path / "a b.ptl", tmp_path / "c"], "/data/x")
    adb.pull("/data/x/.", tmp_path)
    adb.disconnect()
    assert calls.read_text().splitlines() == [
        "connect 10.0.0.2:5555",
        f"-s 10.0.0.2:5555 push {tmp_path}/a b.ptl {tmp_path}/c /data/x/",
        f"-s 10.0.0.2:5555 pull /data/x/. {tmp_path}",
        "disconnect 10.0.0.2:5555",
    ]


def test_a_connect_that_fails_ends_well(fake_adb: FakeAdb) -> None:
    fake_adb("echo \"failed to connect to '10.0.0.2:5555': Connection refused\"")
    with pytest.raises(DeviceGone, match="Connection refused"):
        Adb("10.0.0.2:5555").connect()


def test_a_server_that_can_not_be_had(fake_adb: FakeAdb) -> None:
    fake_adb("echo 'adb: failed to check server version: cannot connect to daemon' >&2; exit 1")
    with pytest.raises(CommandError, match="is there an adb server where ADB_SERVER_SOCKET"):
        list_devices()
