from __future__ import annotations

import pytest

from pocketfit.adb import Listed, explain, parse_devices
from pocketfit.devices.adb import pick
from pocketfit.devices.properties import Properties, parse_properties
from pocketfit.devices.tombstone import explain_death

PIXEL = Listed("R58M", "device", "Pixel 7")
EMULATOR = Listed("emulator-5554", "device", "sdk gphone64 x86 64")


def test_devices() -> None:
    text = """* daemon not running; starting now at tcp:5037
* daemon started successfully
List of devices attached
R58M                   device usb:1-4 product:panther model:Pixel_7 device:panther transport_id:1
emulator-5554          offline transport_id:2
ZY22                   unauthorized usb:1-5 transport_id:3
HT4                    no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html]

"""
    assert parse_devices(text) == (
        PIXEL,
        Listed("emulator-5554", "offline"),
        Listed("ZY22", "unauthorized"),
        Listed("HT4", "no permissions"),
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("error: device offline\n", "device offline: unplug it and plug it in again, or run `adb reconnect`"),
        ("error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n", "device unauthorized.: unlock it and allow USB debugging for this computer"),
        ("error: device 'x' not found\n", "device 'x' not found"),
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
def test_pick(devices: tuple[Listed, ...], serial: str | None, found: Listed | str) -> None:
    assert pick(devices, serial) == found


def test_properties() -> None:
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


TOMBSTONE = """F DEBUG   : *** *** *** ***
F DEBUG   : signal 6 (SIGABRT), code -6 (SI_TKILL), fault addr --------
F DEBUG   : *** *** *** ***
F DEBUG   : pid: 7, tid: 7, name: main  >>> app_process64 <<<
F DEBUG   : signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0
F DEBUG   :       #00 pc 000000000004f2e4  /apex/com.android.runtime/lib64/bionic/libc.so (memcpy+244) (BuildId: abc)
F DEBUG   :       #01 pc 0000000001d22e50  /data/local/tmp/pocketfit/lite-1/libpytorch_jni_lite.so (at::native::foo(at::Tensor const&)+12)
"""


@pytest.mark.parametrize(
    ("code", "logcat", "peak", "sentence"),
    [
        (0, "", None, None),
        (1, TOMBSTONE, None, None),
        (139, TOMBSTONE, None, "the runtime crashed with SIGSEGV in at::native::foo(at::Tensor const&) (libpytorch_jni_lite.so)"),
        (139, "", None, "the runtime crashed with SIGSEGV"),
        (134, "F DEBUG   : *** ***\nF DEBUG   : signal 6 (SIGABRT)\nF DEBUG   : Abort message: 'terminating due to bad_alloc'", None, "the runtime aborted: terminating due to bad_alloc"),
        (137, "", 1_200_000_000, "the runtime was killed by SIGKILL, most likely for want of memory (peak RSS 1200 MB)"),
        (137, "I lowmemorykiller: Kill 'app_process64' (7)", 2_000_000, "the runtime was killed for want of memory (peak RSS 2 MB)"),
    ],
)  # fmt: skip
def test_how_a_program_died(code: int, logcat: str, peak: int | None, sentence: str | None) -> None:
    assert explain_death(code, logcat, peak) == sentence
