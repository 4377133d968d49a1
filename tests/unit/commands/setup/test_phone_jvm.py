"""Where a phone's libraries are emulated: a JVM for them, by the program that the wheel has, or the reason for none."""

from __future__ import annotations

import shutil

import pytest

from pocketfit.commands.setup import announced, is_there, plan, set_up
from tests.unit.commands.setup.conftest import Installation

WITHOUT = "without a JVM for arm64-v8a, so that its libraries are for attached phones alone"
PROGRAM = """
import pathlib, sys
home, out = sys.argv[2], pathlib.Path(sys.argv[4])
out.mkdir(parents=True)
(out / "packages.txt").write_text(home)
"""


@pytest.fixture
def emulating(installation: Installation) -> Installation:
    """On a machine where all is there that puts a JVM together."""
    (installation.prebuilt / "shim/arm64-v8a").mkdir(parents=True)
    (installation.prebuilt / "shim/arm64-v8a/libc.so").write_bytes(b"layer")
    (installation.prebuilt / "fetch_jvm.py").write_text(PROGRAM)
    for name in ("apt-get", "dpkg-deb", "jlink"):
        shutil.copy(installation.programs / "java", installation.programs / name)
    return installation


def silent(line: str) -> None:
    pass


def test_it_is_put_together_where_a_phones_abi_is_asked_for(emulating: Installation) -> None:
    assert not plan().jvm
    assert not any(place.startswith("shim/") for place in plan().ours)
    made = plan(abis=["arm64-v8a"])
    assert (made.jvm, made.without) == (True, ())
    assert "  a JVM for arm64-v8a, out of Debian's packages: up to 95 MB, by apt-get" in list(announced(made))
    assert made.files_bytes > 46_000_000
    assert " and up to 95 MB for the JVM, 46.30 MB on disk in " in list(announced(made))[-2]
    said: list[str] = []
    set_up(made, said.append)
    assert said[-1] == "fetching a JVM for arm64-v8a, up to 95 MB"
    assert (emulating.folder / "jvm/arm64-v8a/packages.txt").read_text() == str(emulating.programs.parent)
    assert (emulating.folder / "shim/arm64-v8a/libc.so").read_bytes() == b"layer"
    assert not (emulating.folder / "fetch_jvm.py").exists()
    assert is_there(plan())
    shutil.rmtree(emulating.folder / "jvm")
    assert not is_there(plan())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "jlink",
            "jlink is not on PATH (apt-get install default-jdk-headless, then `pocketfit setup --abi arm64-v8a` again)",
        ),
        ("apt-get", "it comes out of Debian's packages, and apt-get is not on PATH"),
    ],
)
def test_what_it_takes_is_not_here(emulating: Installation, name: str, reason: str) -> None:
    (emulating.programs / name).unlink()
    made = plan(abis=["arm64-v8a"])
    assert (made.jvm, made.without) == (False, (f"{WITHOUT}: {reason}",))
    assert made.without[0] in list(announced(made))
    set_up(made, silent)
    assert is_there(made)


def test_where_it_fails_the_rest_is_there(emulating: Installation) -> None:
    (emulating.prebuilt / "fetch_jvm.py").write_text(
        "import sys; sys.exit('W: a warning\\n`apt-get update` said: E: no network')"
    )
    said: list[str] = []
    set_up(plan(abis=["arm64-v8a"]), said.append)
    assert said[-1] == f"{WITHOUT}: `apt-get update` said: E: no network"
    assert (emulating.folder / "lite/jni/arm64-v8a/libpytorch_jni.so").is_file()
    # The next one tries again.
    assert not is_there(plan())
