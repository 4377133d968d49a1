"""The folder comes whole or not at all, and what an earlier setup left is no hindrance."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pocketfit.commands.setup import is_there, plan, set_up
from pocketfit.errors import EnvironmentProblem
from pocketfit.runtimes.library import find_android
from tests.unit.commands.setup.conftest import LITE, NPM_LIBRARY, Installation

WHOLE = {
    "desktop/pocketfit.jar": b"ours",
    "executorch/desktop/engine.jar": b"engine",
    "executorch/jni/x86_64/libexecutorch.so": b"executorch",
    "executorch/jni/x86_64/libfbjni.so": b"fbjni",
    "lite/jni/x86_64/libc++_shared.so": b"c++",
    "lite/jni/x86_64/libpytorch_jni.so": b"lite library",
}


def files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "runtimes.json"}


def silent(line: str) -> None:
    pass


def test_all_of_it_is_put_in_place(installation: Installation) -> None:
    said: list[str] = []
    made = plan()
    assert not is_there(made)
    set_up(made, said.append)
    assert is_there(made)
    assert files(installation.folder) == WHOLE
    assert said[0] == f"fetching {LITE}, {made.archives[0].size_bytes} B"
    assert len(said) == 3
    assert find_android().folder == installation.folder
    assert os.listdir(installation.folder.parent) == [installation.folder.name]
    # Others read it: models' processes are other users where we are root.
    assert installation.folder.stat().st_mode & 0o777 == 0o755


def test_further_abis_are_added_and_stay(installation: Installation) -> None:
    set_up(plan(), silent)
    phone = plan(abis=["arm64-v8a"])
    assert not is_there(phone)
    set_up(phone, silent)
    further = {
        "executorch/jni/arm64-v8a/libexecutorch.so": b"a phone's",
        "lite/jni/arm64-v8a/libpytorch_jni.so": b"a phone's lite library",
    }
    assert files(installation.folder) == WHOLE | further
    assert is_there(plan())
    (installation.folder / "desktop/pocketfit.jar").write_bytes(b"old!")
    set_up(plan(), silent)
    assert files(installation.folder) == WHOLE | further


def test_a_file_of_an_archive_that_several_runtimes_have(installation: Installation) -> None:
    lite = installation.libraries.archives[0]
    again = replace(lite.files[1], path="full/jni/x86_64/libc++_shared.so")
    archives = (replace(lite, files=(*lite.files, again)), *installation.libraries.archives[1:])
    installation.write(replace(installation.libraries, archives=archives))
    made = plan()
    set_up(made, silent)
    assert is_there(made)
    assert files(installation.folder) == WHOLE | {"full/jni/x86_64/libc++_shared.so": b"c++"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "lite/jni/x86_64/libpytorch_jni.so").unlink(),
        lambda folder: (folder / "lite/jni/x86_64/libpytorch_jni.so").write_bytes(b"cut"),
        lambda folder: (folder / "desktop/pocketfit.jar").write_bytes(b"old!"),
        lambda folder: (folder / "runtimes.json").write_bytes(b"\xff"),
    ],
)
def test_what_was_damaged_is_made_again(installation: Installation, damage: object) -> None:
    made = plan()
    set_up(made, silent)
    damage(installation.folder)  # type: ignore[operator]
    assert not is_there(made)
    set_up(made, silent)
    assert is_there(made)
    assert os.listdir(installation.folder.parent) == [installation.folder.name]


def test_npm_that_comes_later_completes_it(installation: Installation) -> None:
    npm = installation.programs / "npm"
    npm.rename(npm.with_name("npm-later"))
    set_up(plan(), silent)
    assert list(find_android().runtimes) == ["lite"]
    assert is_there(plan())
    npm.with_name("npm-later").rename(npm)
    assert not is_there(plan())
    set_up(plan(), silent)
    assert files(installation.folder) == WHOLE


def test_archives_from_a_folder(installation: Installation) -> None:
    for program in ("mvn", "npm"):
        (installation.programs / program).unlink()
    set_up(plan(installation.registry), silent)
    assert files(installation.folder) == WHOLE


def nothing_is_left(installation: Installation) -> bool:
    return not installation.folder.exists() and os.listdir(installation.folder.parent) == []


def test_another_archive_leaves_nothing(installation: Installation) -> None:
    (installation.registry / "react-native-executorch-0.9.3.tgz").write_bytes(b"another")
    with pytest.raises(EnvironmentProblem, match=r"^react-native-executorch-0\.9\.3\.tgz is not the file"):
        set_up(plan(), silent)
    assert nothing_is_left(installation)


def test_what_fails_leaves_what_was_there(installation: Installation) -> None:
    set_up(plan(), silent)
    (installation.folder / "desktop/pocketfit.jar").write_bytes(b"old!")
    (installation.registry / "pytorch_android_lite-1.12.2.aar").unlink()
    with pytest.raises(EnvironmentProblem, match=r"^mvn can't fetch"):
        set_up(plan(), silent)
    assert files(installation.folder) == WHOLE | {"desktop/pocketfit.jar": b"old!"}
    assert os.listdir(installation.folder.parent) == [installation.folder.name]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"name": "package/gone.so"},
            "react-native-executorch-0.9.3.tgz has no package/gone.so: install Pocketfit again",
        ),
        ({"sha256": "0" * 64}, f"{NPM_LIBRARY} is not the file that this Pocketfit is made for: its SHA-256 is "),
    ],
)
def test_a_wheel_that_names_other_files(installation: Installation, change: dict[str, str], sentence: str) -> None:
    *others, npm = installation.libraries.archives
    wrong = replace(npm, files=(replace(npm.files[0], **change),))  # type: ignore[arg-type]
    installation.write(replace(installation.libraries, archives=(*others, wrong)))
    with pytest.raises(EnvironmentProblem) as caught:
        set_up(plan(), silent)
    assert str(caught.value).startswith(sentence)
    assert nothing_is_left(installation)


def test_an_interrupt_leaves_nothing(installation: Installation) -> None:
    def interrupted(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up(plan(), interrupted)
    assert nothing_is_left(installation)


def test_what_a_killed_one_left_goes(installation: Installation) -> None:
    (installation.folder.parent / "partial-abcdefgh/lite").mkdir(parents=True)
    set_up(plan(), silent)
    assert os.listdir(installation.folder.parent) == [installation.folder.name]


def test_two_at_once(installation: Installation) -> None:
    installation.folder.parent.mkdir(parents=True)
    descriptor = os.open(installation.folder.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(EnvironmentProblem) as caught:
        set_up(plan(), silent)
    os.close(descriptor)
    assert str(caught.value) == f"another `pocketfit setup` works in {installation.folder.parent}: wait for it"


def test_a_disk_that_is_too_full(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=7))
    made = plan()
    with pytest.raises(EnvironmentProblem) as caught:
        set_up(made, silent)
    assert str(caught.value) == (
        f"7 B are free in {installation.folder.parent}, and it takes {made.needed_bytes} B: make room, or set "
        "XDG_CACHE_HOME"
    )


def test_a_disk_that_fills_up(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(EnvironmentProblem, match=r"can't be written: No space left on device; nothing was set up$"):
        set_up(plan(), silent)
    assert nothing_is_left(installation)


def test_a_cache_that_is_a_file(installation: Installation) -> None:
    caches = installation.folder.parents[2]
    caches.write_text("")
    with pytest.raises(EnvironmentProblem) as caught:
        set_up(plan(), silent)
    assert str(caught.value) == f"{caches}/pocketfit/android can't be written: Not a directory; nothing was set up"


def test_a_client_that_ends_without_a_word(installation: Installation) -> None:
    (installation.programs / "mvn").write_text("#!/bin/sh\nexit 7\n")
    with pytest.raises(EnvironmentProblem) as caught:
        set_up(plan(), silent)
    assert str(caught.value) == f"mvn can't fetch {LITE}: it printed nothing"
    assert nothing_is_left(installation)
