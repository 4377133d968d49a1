from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pocketfit import __version__
from pocketfit.cli import app
from pocketfit.commands import version
from pocketfit.commands.version import Versions, lines
from pocketfit.errors import EnvironmentProblem
from pocketfit.runtimes.versions import NEWEST

ROOT = Path(__file__).parents[3]
WHOLE = Versions(
    "0.1.0", "3.11.7", {"torch": "2.12.1", "executorch": None}, {"lite": "pytorch_android_lite 1.12.2"}, ("1.0", "1.1")
)


def test_a_line_for_each() -> None:
    assert lines(WHOLE) == [
        "pocketfit 0.1.0",
        "python 3.11.7",
        "torch 2.12.1",
        "executorch is not installed",
        "lite: pytorch_android_lite 1.12.2",
        "older ExecuTorch: 1.0, 1.1",
    ]


def test_without_the_android_side_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_built() -> None:
        raise EnvironmentProblem("not built")

    monkeypatch.setattr(version, "find_android", not_built)
    found = version.versions()
    assert (found.android, found.older_executorch) == ({}, ())
    assert lines(found)[-1] == (
        "the Android side is not here: run `make android` in Pocketfit's repository, or set POCKETFIT_ANDROID to its "
        "build/android"
    )


def test_as_json() -> None:
    done = CliRunner().invoke(app, ["version", "--json"])
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["pocketfit"], said["python"]) == (__version__, platform.python_version())
    assert [*said["exporters"]] == ["torch", "torchvision", "executorch", "torchao"]


def test_the_page_names_what_is_pinned() -> None:
    """The first row of its table is this version's."""
    page = (ROOT / "docs/versions.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {__version__} |")]
    pins = "\n".join((ROOT / "requirements" / name).read_text() for name in ("torch.txt", "executorch.txt"))
    for name in version.EXPORTERS:
        (release,) = set(re.findall(rf"^{name}==(\S+)", pins, re.MULTILINE))
        assert f"{name} {release}" in row
    pom = (ROOT / "src/android/pom.xml").read_text()
    for runtime, artifact in (("lite", "pytorch_android_lite"), ("full", "pytorch_android")):
        (release,) = re.findall(rf"<pytorch\.{runtime}\.version>([^<]+)<", pom)
        assert f"{artifact} {release};" in row
    assert f"ExecuTorch {NEWEST} |" in row
