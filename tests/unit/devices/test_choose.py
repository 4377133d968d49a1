from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pocketfit.devices import DEVICES
from pocketfit.devices.base import DeviceOptions, Running
from pocketfit.devices.choose import Choice, automatic_kinds, choose_device
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import DeviceSpec

OPTIONS = DeviceOptions("the Android runtime is not built")
NO_PHONE = "no device is attached (`adb devices` lists none): plug one in, or use --device jvm"


@dataclass
class Desk:
    """A device that is there, or says why not."""

    kind: str
    reason: str | None = None
    spec: DeviceSpec = field(default_factory=DeviceSpec)
    options: DeviceOptions = field(default_factory=lambda: OPTIONS)

    def unavailable(self) -> str | None:
        return self.reason

    def summary(self) -> str:
        return "a desk"

    def up(self) -> AbstractContextManager[Running]:
        raise AssertionError("choosing a device brings none up")


Install = Callable[..., None]


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put devices into the registry: each kind with the reason why it can't be used, or None."""

    def install(**reasons: str | None) -> None:
        for kind, reason in reasons.items():
            monkeypatch.setitem(DEVICES, kind, lambda spec, options, k=kind, r=reason: Desk(k, r, spec, options))

    return install


def test_the_command_line_comes_before_the_configuration(desks: Install) -> None:
    desks(jvm=None)
    spec = DeviceSpec("none", threads=2)
    assert choose_device(spec, "jvm", OPTIONS) == Choice((Desk("jvm", None, spec, OPTIONS),))


def test_no_device_where_none_is_asked_for() -> None:
    assert choose_device(DeviceSpec("none"), None, OPTIONS) == Choice(
        note="not tried on a device, since none was wanted (--device none)"
    )


def test_one_that_can_not_be_used(desks: Install) -> None:
    desks(jvm="it is not plugged in")
    with pytest.raises(EnvironmentProblem, match="device jvm can't be used: it is not plugged in"):
        choose_device(DeviceSpec("jvm"), None, OPTIONS)


def test_one_that_we_do_not_have() -> None:
    with pytest.raises(ConfigError, match="unknown device 'phone': use one of auto, jvm, adb, emulator, none"):
        choose_device(DeviceSpec(), "phone", OPTIONS)


@pytest.mark.parametrize(
    ("reasons", "kinds", "note"),
    [
        (
            {"adb": None, "emulator": None, "jvm": None},
            ["adb", "emulator", "jvm"],
            "device auto: adb, since exactly one device answers",
        ),
        (
            {"adb": "two answer", "emulator": None, "jvm": None},
            ["emulator", "jvm"],
            "device auto: emulator, since this is a GitHub job with Docker and /dev/kvm",
        ),
        ({"adb": NO_PHONE, "jvm": None}, ["jvm"], "tried on jvm, since no phone is attached"),
        (
            {"adb": NO_PHONE, "emulator": "no kvm", "jvm": None},
            ["jvm"],
            "tried on jvm, since no phone is attached; emulator can't be used: no kvm",
        ),
        (
            {"adb": "x1 is unauthorized: allow it", "jvm": None},
            ["jvm"],
            "tried on jvm, since adb can't be used: x1 is unauthorized: allow it",
        ),
        ({"jvm": None}, ["jvm"], "tried on jvm, since no adb server runs here"),
    ],
)
def test_auto_says_what_it_chose_and_why(
    desks: Install, monkeypatch: pytest.MonkeyPatch, reasons: dict[str, str | None], kinds: list[str], note: str
) -> None:
    desks(**reasons)
    monkeypatch.setattr("pocketfit.devices.choose.automatic_kinds", lambda environ: tuple(reasons))
    choice = choose_device(DeviceSpec(), None, OPTIONS)
    assert ([device.kind for device in choice.devices], choice.note) == (kinds, note)


def test_auto_where_there_is_nothing(desks: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    desks(jvm="java is not on PATH")
    monkeypatch.setattr("pocketfit.devices.choose.automatic_kinds", lambda environ: ("jvm",))
    with pytest.raises(EnvironmentProblem, match=r"device auto: nothing can be used here \(jvm: java is not on PATH\)"):
        choose_device(DeviceSpec(), None, OPTIONS)


def test_what_is_the_matter_with_all_is_said_once(desks: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {
        "adb": "the Android runtime is not built",
        "emulator": "no kvm",
        "jvm": "the Android runtime is not built",
    }
    desks(**reasons)
    monkeypatch.setattr("pocketfit.devices.choose.automatic_kinds", lambda environ: tuple(reasons))
    with pytest.raises(EnvironmentProblem) as caught:
        choose_device(DeviceSpec(), None, OPTIONS)
    assert str(caught.value) == (
        "device auto: nothing can be used here (adb and jvm: the Android runtime is not built; emulator: no kvm)"
    )


def test_a_serial_is_of_an_attached_device(desks: Install) -> None:
    desks(adb=None, jvm=None)
    options = DeviceOptions("not built", serial="emulator-5554")
    assert choose_device(DeviceSpec(), None, options) == Choice((Desk("adb", None, DeviceSpec(), options),))
    with pytest.raises(ConfigError) as caught:
        choose_device(DeviceSpec(), "jvm", options)
    assert str(caught.value) == "--serial names an attached device, and the device is jvm: use --device adb"


def test_an_image_is_of_an_emulator(desks: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    desks(emulator=None, jvm=None)
    options = DeviceOptions("not built", emulator_image="image:1")
    assert choose_device(DeviceSpec(), None, options) == Choice((Desk("emulator", None, DeviceSpec(), options),))
    with pytest.raises(ConfigError) as caught:
        choose_device(DeviceSpec("jvm"), None, options)
    assert str(caught.value) == "--emulator-image names an emulator, and the device is jvm: use --device emulator"
    # As in a container or job, for whoever asks for the emulator.
    monkeypatch.setenv("POCKETFIT_EMULATOR_IMAGE", "image:1")
    assert choose_device(DeviceSpec("jvm"), None, options) == Choice((Desk("jvm", None, DeviceSpec("jvm"), options),))


def test_auto_asks_adb_only_where_its_server_runs_already(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that we start would be beside model code, and obeys it: see hole 10."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert automatic_kinds({}) == ("jvm",)
    assert automatic_kinds({"GITHUB_ACTIONS": "true"}) == ("emulator", "jvm")
    adb = tmp_path / "adb"
    adb.write_text("#!/bin/sh\ntouch started\n")
    adb.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert automatic_kinds({"ANDROID_ADB_SERVER_PORT": port}) == ("adb", "jvm")
        environ = {"GITHUB_ACTIONS": "true", "ADB_SERVER_SOCKET": f"tcp:127.0.0.1:{port}"}
        assert automatic_kinds(environ) == ("adb", "emulator", "jvm")
    assert automatic_kinds({"ANDROID_ADB_SERVER_PORT": port}) == ("jvm",)
    assert not (tmp_path / "started").exists()


def test_an_abi_is_of_a_jvm_so_nothing_else_is_looked_for(desks: Install) -> None:
    desks(jvm=None, adb=None, emulator=None)
    spec = DeviceSpec(abi="arm64-v8a")
    assert choose_device(spec, None, OPTIONS) == Choice((Desk("jvm", None, spec, OPTIONS),))
    # The command line may still want another device, or none.
    assert [device.kind for device in choose_device(spec, "adb", OPTIONS).devices] == ["adb"]
    assert choose_device(spec, "none", OPTIONS).devices == ()


def test_further_abis_are_jvms_beside_whatever_device_is_chosen(desks: Install) -> None:
    desks(jvm="qemu-aarch64 is not on PATH", adb=None)
    spec = DeviceSpec("adb", also=("arm64-v8a",))
    ((abi, further),) = choose_device(spec, None, OPTIONS).also

    assert (abi, further.kind, further.unavailable()) == ("arm64-v8a", "jvm", "qemu-aarch64 is not on PATH")
    assert isinstance(further, Desk)
    assert (further.spec.kind, further.spec.abi) == ("jvm", "arm64-v8a")
    assert choose_device(spec, "none", OPTIONS).also == ()
