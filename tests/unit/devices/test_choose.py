from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pocketfit.devices import DEVICES
from pocketfit.devices.base import DeviceRun
from pocketfit.devices.choose import Choice, choose_device
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import DeviceInfo, DeviceSpec, SmokeInput, Timing


@dataclass
class Desk:
    """A device that is there, or says why not."""

    spec: DeviceSpec = field(default_factory=DeviceSpec)
    user: str | None = None
    reason: str | None = None
    kind: str = "jvm"

    def unavailable(self) -> str | None:
        return self.reason

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def info(self) -> DeviceInfo:
        return DeviceInfo("jvm", "x86_64", "a desk", 1, {})

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        return DeviceRun("passed")

    def time_pair(self, base: SmokeInput, head: SmokeInput) -> Timing:
        return Timing()


def test_the_command_line_comes_before_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEVICES, "jvm", Desk)
    assert choose_device(DeviceSpec("none"), "jvm", "model") == Choice(Desk(DeviceSpec("none"), "model"))


def test_auto_says_what_it_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEVICES, "jvm", Desk)
    assert choose_device(DeviceSpec("auto"), None) == Choice(
        Desk(DeviceSpec("auto")), "device auto: jvm, the Android libraries in a JVM on this machine"
    )


def test_none() -> None:
    assert choose_device(DeviceSpec("none"), None) == Choice(
        None, "not tried on a device, since none was wanted (--device none)"
    )


def test_one_that_can_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEVICES, "jvm", lambda spec, user: Desk(spec, user, "it is not plugged in"))
    with pytest.raises(EnvironmentProblem, match="device jvm can't be used: it is not plugged in"):
        choose_device(DeviceSpec(), None)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("phone", "unknown device 'phone': use one of auto, jvm, adb, emulator, none"),
        ("adb", "device adb is not in this version of Pocketfit: use --device jvm"),
    ],
)
def test_one_that_we_do_not_have(kind: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        choose_device(DeviceSpec(), kind)
