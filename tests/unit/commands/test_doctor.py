"""What doctor looks at beside programs and devices: the configuration, room, and the runtime of .pte."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pocketfit.commands import doctor
from pocketfit.commands.doctor import Finding, looks
from pocketfit.devices import core, java
from pocketfit.devices.base import DeviceOptions
from pocketfit.records import Library, RuntimeName
from pocketfit.runtimes.library import AndroidSide
from pocketfit.runtimes.versions import VERSIONS
from pocketfit.sandbox.layers import Layers

LITE = Library("pytorch_android_lite", "1.12.2")
MODEL = '[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3] }]\nformats = ["lite", "torchscript"]\n'


def options(runtimes: Mapping[RuntimeName, Library] | None) -> DeviceOptions:
    return DeviceOptions("not built" if runtimes is None else AndroidSide(Path("android"), "x86_64", runtimes))


def found(at: str, folder: Path, runtimes: Mapping[RuntimeName, Library] | None = None) -> dict[str, Finding]:
    (look,) = [look for look in looks(options(runtimes), folder) if look.at == at]
    return {finding.what: finding for finding in look.find()}


def test_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "pocketfit.toml").write_text(MODEL)
    (tmp_path / "net.py").write_text("def net(): ...\n")
    finding = found("the configuration", tmp_path)["configuration"]
    assert finding == Finding("configuration", "pocketfit.toml: 1 model, 2 variants, no problem")


def test_a_configuration_that_a_run_would_refuse(tmp_path: Path) -> None:
    (tmp_path / "pocketfit.toml").write_text(MODEL.replace("source", "sourc"))
    finding = found("the configuration", tmp_path)["configuration"]
    assert finding.needed
    assert "sourc" in finding.problem
    assert finding.problem.endswith(": see `pocketfit check`")


def test_no_configuration_is_no_fault_of_the_machines(tmp_path: Path) -> None:
    finding = found("the configuration", tmp_path)["configuration"]
    assert not finding.needed
    assert "no pocketfit.toml" in finding.problem
    assert "pocketfit init" in finding.problem


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=30_000_000_000))
    monkeypatch.setattr(doctor, "available_memory_bytes", lambda: 6_400_000_000)
    room = found("the configuration", tmp_path)
    assert room["disk"].found == "30.00 GB free here, 30.00 GB in /tmp"
    assert room["memory"].found == "6.40 GB for a model's process (--limit memory=SIZE)"
    assert (room["disk"].problem, room["memory"].problem) == ("", "")


def test_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=300_000_000))
    monkeypatch.setattr(doctor, "available_memory_bytes", lambda: 900_000_000)
    room = found("the configuration", tmp_path)
    assert room["disk"].problem == f"300.00 MB free in {tmp_path}, which is little for models: make room"
    assert room["memory"].problem == ("900.00 MB for a model's process, which takes about 1 GB beside the model itself")
    assert not room["disk"].needed
    assert not room["memory"].needed


def test_the_runtime_of_pte(tmp_path: Path) -> None:
    at = "the Android runtimes"
    lacks = found(at, tmp_path, {"lite": LITE})["Android .pte"]
    assert lacks.problem == (
        "the Android runtime for .pte is not here, so these files run on this host only: install npm, or let Maven "
        "reach a registry that has org.pytorch:executorch-android, and run `make -B android`"
    )
    assert not lacks.needed
    software_mansion = Library(
        "react-native-executorch", "0.9.3", "ExecuTorch 1.3, built for Android by Software Mansion"
    )
    has = found(at, tmp_path, {"lite": LITE, "executorch": software_mansion})
    named = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
    said = (
        f"{named}; older ones are predicted (OLDER=1 builds them); ExecuTorch promises that newer runtimes run older "
        "files, never the reverse"
    )
    assert has == {"Android .pte": Finding("Android .pte", said)}
    # Without any, device jvm says so.
    assert found(at, tmp_path, None) == {}


def test_the_runtime_of_pte_of_an_installation_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "can_set_up", lambda: True)
    assert found("the Android runtimes", tmp_path, {"lite": LITE})["Android .pte"].problem == (
        "the Android runtime for .pte is not here, so these files run on this host only: install npm and run "
        "`pocketfit setup` again"
    )
    one = Library("executorch-android", "1.3.1")
    has = found("the Android runtimes", tmp_path, {"executorch": one})["Android .pte"]
    assert has.found.startswith("executorch-android 1.3.1; older ones are predicted; ExecuTorch promises")


def test_older_runtimes_of_pte_and_one_that_is_older_than_the_exporter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketfit.formats.version", lambda name: "1.3.1")
    at, one = "the Android runtimes", Library("executorch-android", "1.3.1")
    older = {version: VERSIONS[version] for version in ("1.0", "1.1")}
    side = AndroidSide(Path("android"), "x86_64", {"executorch": one}, older)
    (look,) = [look for look in looks(DeviceOptions(side), tmp_path) if look.at == at]
    (finding,) = look.find()
    assert finding.found.startswith("executorch-android 1.3.1; beside it ExecuTorch 1.0 and 1.1; ExecuTorch promises")

    (finding,) = doctor._android_of_pte(DeviceOptions(replace(side, runtimes={"executorch": VERSIONS["1.0"]})))
    assert not finding.needed
    assert finding.problem == (
        "executorch 1.3.1 exports, and the runtime 1.0 is older: ExecuTorch promises that newer runtimes run older files, never "
        f"the reverse: build {VERSIONS['1.0']} anew in a later version"
    )


@pytest.mark.parametrize(
    ("problem", "emulated", "plugins", "expected"),
    [
        (
            "arm64-v8a: qemu-aarch64 is not on PATH: apt-get install qemu-user", True, False,
            [
                Finding("arm64-v8a", "", "arm64-v8a: qemu-aarch64 is not on PATH: apt-get install qemu-user", needed=False),
                Finding("counted work", "", "it takes arm64-v8a", needed=False),
            ],
        ),
        (
            None, True, False,
            [
                Finding("arm64-v8a", "cortex-a76, emulated by QEMU 10.0.2", needed=False),
                Finding(
                    "counted work", "",
                    "QEMU 10.0.2 takes no plugins, as static builds do not (Debian 13's): use Debian 12's qemu-user, 7.2",
                    needed=False,
                ),
            ],
        ),
        (
            None, True, True,
            [
                Finding("arm64-v8a", "cortex-a76, emulated by QEMU 10.0.2", needed=False),
                Finding("counted work", "by a plugin of QEMU", needed=False),
            ],
        ),
        (
            None, False, True,
            [
                Finding("arm64-v8a", "this machine's own", needed=False),
                Finding("counted work", "by the counter of its own core (perf_event)", needed=False),
            ],
        ),
    ],
)  # fmt: skip
def test_a_phones_abi(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: str | None,
    emulated: bool,
    plugins: bool,
    expected: list[Finding],
) -> None:
    monkeypatch.setattr(java, "unavailable", lambda android, abi, cpu: problem)
    monkeypatch.setattr(java, "is_emulated", lambda abi: emulated)
    monkeypatch.setattr(java, "emulator_version", lambda: (10, 0, 2))
    monkeypatch.setattr(java, "takes_plugins", lambda: plugins)
    monkeypatch.setattr(core, "why_uncounted", lambda: None)
    plugin = tmp_path / "qemu" / "work.so"
    plugin.parent.mkdir()
    plugin.touch()
    android = AndroidSide(tmp_path, "x86_64", {"lite": LITE})
    assert list(doctor._phone(DeviceOptions(android))) == expected
    if not emulated:
        monkeypatch.setattr(core, "why_uncounted", lambda: "its own core can't count")
        assert list(doctor._phone(DeviceOptions(android)))[-1] == replace(
            expected[-1], found="", problem="its own core can't count"
        )
        return
    plugin.unlink()
    unbuilt = "the Android side was built without the plugin that counts: run `make -B android`"
    assert list(doctor._phone(DeviceOptions(android)))[-1].problem == (expected[-1].problem or unbuilt)
    # Without any Android side, device jvm says so.
    assert list(doctor._phone(options(None))) == []


def test_every_device_and_format_is_looked_at() -> None:
    assert [look.at for look in looks(options(None), Path())] == [
        "Python and git", "the configuration", "torch and the formats", "Java", "device jvm", "device adb",
        "device emulator", "the Android runtimes", "a phone's ABI",
    ]  # fmt: skip


def test_a_bubblewrap_that_fails_is_said_and_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "layers", lambda: Layers(False, 7, True))
    monkeypatch.setattr("pocketfit.sandbox.bubblewrap_probe.problem", lambda: "bubblewrap does not work: set it")
    said = "Landlock ABI 7, seccomp, no network; bubblewrap does not work: set it"
    assert doctor._sandbox() == Finding("sandbox", said, "", needed=False)
