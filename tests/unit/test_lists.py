"""Every list of formats, precisions and devices that people or programs read is the one that the code has.

A new format is a file of building and a line in pocketfit.formats; what else must name it fails here until it does.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from pocketfit.config.tables import known_keys
from pocketfit.devices import DEVICES
from pocketfit.devices.choose import CHOICES
from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.records import RuntimeName
from pocketfit.report.forms import FORMS

ROOT = Path(__file__).parents[2]
KINDS = {"formats": tuple(FORMATS), "precisions": PRECISIONS, "device": CHOICES}


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z][a-z0-9-]*", text))


def row(page: str, key: str) -> str:
    """The line of a page's table that begins with `key`; where there are several, the one that names most."""
    lines = [line for line in (ROOT / page).read_text().splitlines() if line.startswith(f"| `{key}` |")]
    assert lines, f"{page} has no row for {key}"
    return max(lines, key=lambda line: line.count("`"))


@cache
def option(command: str, name: str) -> str:
    """What `--help` says of an option, on one line."""
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", command, "--help"],
        capture_output=True, text=True, check=True, env={"COLUMNS": "200", "PATH": ""},
    )  # fmt: skip
    lines = [line.strip(" │") for line in done.stdout.splitlines()]
    start = next(index for index, line in enumerate(lines) if line.startswith(f"--{name} "))
    rest = (line for line in lines[start + 1 :])
    more = []
    for line in rest:
        if not line or line.startswith(("-", "╰")):
            break
        more.append(line)
    return " ".join([lines[start], *more])


@pytest.mark.parametrize("kind", ["formats", "precisions", "device"])
def test_the_actions_inputs(kind: str) -> None:
    text = (ROOT / "action.yml").read_text()
    description = re.search(rf"^  {kind}:\n    description: (.*)$", text, re.MULTILINE)
    assert description
    assert set(KINDS[kind]) <= words(description[1])


@pytest.mark.parametrize("kind", ["formats", "precisions", "device"])
def test_the_readmes_table_of_inputs(kind: str) -> None:
    assert set(KINDS[kind]) <= words(row("README.md", kind))


def test_the_readmes_table_of_devices() -> None:
    for kind in CHOICES:
        assert row("README.md", kind)


@pytest.mark.parametrize(("key", "kind"), [("formats", "formats"), ("precisions", "precisions"), ("kind", "device")])
def test_the_page_of_the_configuration(key: str, kind: str) -> None:
    assert set(KINDS[kind]) <= words(row("docs/configuration.md", key))


def test_the_page_of_the_configuration_names_what_a_format_is_for() -> None:
    formats = row("docs/configuration.md", "formats")
    for facts in FORMATS.values():
        assert f"`{facts.name}` ({facts.suffix}, for `" in formats


@pytest.mark.parametrize(
    ("command", "name", "kind"),
    [
        ("run", "device", "device"),
        ("smoke", "device", "device"),
        ("export", "format", "formats"),
        ("export", "precision", "precisions"),
    ],
)
def test_help(command: str, name: str, kind: str) -> None:
    assert set(KINDS[kind]) <= words(option(command, name))


def test_the_java_programs_runtimes() -> None:
    """`runtime=` takes the names of the Android libraries, each of which has an engine."""
    folder = ROOT / "src/android/src/main/java/dev/pocketfit"
    listed = re.search(r"RUNTIMES = Arrays.asList\((.*)\);", (folder / "Arguments.java").read_text())
    assert listed
    runtimes = tuple(dict.fromkeys(facts.runtime for facts in FORMATS.values()))
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == runtimes == get_args(RuntimeName)


def test_the_build_of_the_android_side() -> None:
    text = "".join((ROOT / "src/android" / name).read_text() for name in ("pom.xml", "assemble.xml"))
    for name in get_args(RuntimeName):
        assert f'"{name}": {{"artifact": "' in text


def test_each_format_has_one_builder() -> None:
    """By the files: the builders themselves are imported beside model code alone."""
    folder = ROOT / "src/pocketfit/exporter/formats"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(FORMATS)


def test_each_device_has_one_file_or_room() -> None:
    text = (ROOT / "src/pocketfit/devices/__init__.py").read_text()
    modules = re.findall(r"from pocketfit\.devices\.(\S+) import \w+Device$", text, re.MULTILINE)
    assert len(modules) == len(DEVICES)
    for module in modules:
        assert (ROOT / "src/pocketfit/devices" / f"{module.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize("table", [["models", "net"], ["models", "net", "limits"], ["device"]])
def test_the_page_of_the_configuration_has_every_key(table: list[str]) -> None:
    for key in known_keys(table):
        if key != "limits":
            assert row("docs/configuration.md", key)


def test_forms_of_a_report() -> None:
    assert set(FORMS) <= words(option("report", "format"))
    assert set(FORMS) <= words(row("docs/command-line.md", "--format FORM"))
    page = (ROOT / "docs/other-programs.md").read_text()
    assert [form for form in FORMS if f"\n| `{form}` | " not in page] == []
