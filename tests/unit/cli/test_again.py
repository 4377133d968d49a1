"""`pocketfit report`: a saved report in any form, whoever made it."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from pocketfit.cli import app
from pocketfit.errors import PocketfitError
from pocketfit.out import Out
from pocketfit.records import Report
from pocketfit.report.forms import FORMS
from pocketfit.report.forms.again import render
from pocketfit.store import plain, report_json, write_report, write_snapshot
from tests.unit.cli.test_mistakes import refusal
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL
from tests.unit.report.test_markdown import HOSTILE, attacked
from tests.unit.test_store import SNAPSHOT

CONFIG = '# models\n[models.mobilenet_v2]\nsource = "net.py:net"\n'


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Out(tmp_path).write_reports(EVERYTHING)
    return tmp_path / "report.json"


def shown(*words: str) -> str:
    result = CliRunner().invoke(app, ["report", *words])
    assert result.exception is None, result.exception
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize(("form", "file"), [("md", "report.md"), ("html", "report.html"), ("json", "report.json")])
def test_a_form_is_what_the_run_wrote(saved: Path, form: str, file: str) -> None:
    assert shown("report.json", "--format", form) == saved.with_name(file).read_text()


def test_the_terminal_is_the_form_without_a_word(saved: Path) -> None:
    text = shown("report.json")
    assert text.startswith("✗ 3 of 8 variants fail, 1 new, 1 removed: mobilenet_v2/lite/fp32 (file +40.1 %,")
    assert "\x1b" not in text


@pytest.mark.parametrize("form", FORMS)
def test_into_a_file(saved: Path, form: str) -> None:
    assert shown("report.json", "--format", form, "-o", "new/folder/file") == ""
    assert Path("new/folder/file").read_text() == render(EVERYTHING, form)


def test_sarif_points_at_the_configuration_in_this_folder(saved: Path) -> None:
    def line(*words: str) -> Any:
        results = json.loads(shown("report.json", "--format", "sarif", *words))["runs"][0]["results"]
        place = results[0]["locations"][0].get("physicalLocation")
        return place and (place["artifactLocation"]["uri"], place["region"]["startLine"])

    assert line() is None
    Path("pocketfit.toml").write_text(CONFIG)
    assert line() == ("pocketfit.toml", 2)
    Path("ci").mkdir()
    Path("ci/b.toml").write_text(f"\n{CONFIG}")
    assert line("--config", "ci/b.toml") == ("ci/b.toml", 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "pdf"], "--format pdf: there are terminal, md, html, json, junit or sarif"),
        (["--config", "a.toml"], "--config goes with --format sarif: terminal points at no line of it"),
        (["--format", "sarif", "--config", "a.toml"], "a.toml: no such file"),
        (["--format", "sarif", "--config", "empty.toml"], "empty.toml: no table of a model in it, or it is outside of this folder"),
        (["--format", "md", "-o", "."], "--output . is a folder: name a file"),
    ],
)  # fmt: skip
def test_what_is_refused(saved: Path, words: list[str], said: str) -> None:
    Path("empty.toml").write_text("")
    assert refusal("report", "report.json", *words) == said


def test_other_files_and_versions(saved: Path) -> None:
    write_snapshot(Path("head.json"), SNAPSHOT)
    assert refusal("report", "head.json") == "head.json is a snapshot: report and publish take report.json"
    assert refusal("report", "none.json") == "none.json can't be read: No such file or directory"
    raw = json.loads(saved.read_text())
    saved.write_text(json.dumps(raw | {"schema": 2, "pocketfit": "3.0\n::error::x"}))
    assert refusal("report", "report.json") == (
        "report.json: schema should be 1, not 2 (pocketfit 3.0 ::error::x wrote it, and this is 0.1.0: "
        "read it with that version, or a newer one)"
    )
    saved.write_text(json.dumps(raw | {"pocketfit": "0.2.0", "trend": []}))
    assert refusal("report", "report.json").startswith("report.json: trend is not a known key (pocketfit 0.2.0 wrote")
    saved.write_text(json.dumps(raw | {"trend": []}))
    assert refusal("report", "report.json") == "report.json: trend is not a known key"
    # An older one lacks what came later, which says nothing then.
    del raw["runtimes"], raw["environment"]["sandbox"]
    saved.write_text(json.dumps(raw | {"pocketfit": "0.0.9"}))
    assert "3 of 8 variants fail" in shown("report.json")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HOSTILE[::4])
def test_hostile_reports_are_harmless_in_every_form(tmp_path: Path, form: str, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(plain(attacked(text))))
    printed = shown(str(path), "--format", form)
    assert not {"\x1b", "\x00", "\u202e", "\u200b"} & set(printed)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in printed.splitlines())


@pytest.mark.parametrize("form", FORMS)
def test_a_thousand_variants_in_every_form(tmp_path: Path, form: str) -> None:
    rows = tuple(replace(GREW if index % 9 == 0 else IDENTICAL, model=f"net{index}") for index in range(1000))
    write_report(tmp_path / "report.json", replace(EVERYTHING, rows=rows))
    assert shown(str(tmp_path / "report.json"), "--format", form, "-o", str(tmp_path / "out")) == ""
    text = (tmp_path / "out").read_text()
    count = sum(f"net{index}/" in text or f'"net{index}"' in text for index in range(1000))
    # A comment has a limit, and says what is left out; findings are of what fails.
    assert count == {"md": count, "sarif": 112}.get(form, 1000)
    assert form != "md" or (112 < count < 1000 and f"{1000 - count} of 1000 variants are left out here" in text)


# Whole in the forms that came with this command; those for people break or shorten what is longer than a line.
@pytest.mark.parametrize("form", ["json", "junit", "sarif"])
@pytest.mark.parametrize("name", ["n" * 200, "נטו_של_רשת", "a<b>&c"])
def test_long_and_right_to_left_names(tmp_path: Path, form: str, name: str) -> None:
    write_report(tmp_path / "report.json", replace(EVERYTHING, rows=(replace(GREW, model=name),)))
    assert (
        f"{name}/lite/fp32" in html.unescape(shown(str(tmp_path / "report.json"), "--format", form)) or form == "json"
    )
    assert name in html.unescape(shown(str(tmp_path / "report.json"), "--format", form))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["junit", "sarif"])
def test_nothing_is_lost_where_the_encoding_lacks_it(tmp_path: Path, encoding: str, form: str) -> None:
    report = replace(EVERYTHING, rows=(replace(GREW, model="größer-模型"),))
    write_report(tmp_path / "report.json", report)
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", "report", "report.json", "--format", form],
        cwd=tmp_path, capture_output=True, check=True, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    if form == "junit":
        assert name_of_the_only_case(done.stdout) == "größer-模型/lite/fp32"
    else:
        assert json.loads(done.stdout.decode(encoding))["runs"][0]["results"][0]["message"]["text"].startswith(
            "größer-"
        )


def name_of_the_only_case(junit: bytes) -> str:
    (case,) = ElementTree.fromstring(junit).findall(".//testcase")
    return case.attrib["name"]


def test_forms_say_the_same_verdict(tmp_path: Path) -> None:
    def failing(report: Report) -> tuple[int, int]:
        results = json.loads(render(report, "sarif"))["runs"][0]["results"]
        suite = ElementTree.fromstring(render(report, "junit"))
        return len([one for one in results if one["level"] == "error"]), int(suite.attrib["failures"])

    assert (failing(EVERYTHING), failing(CALM)) == ((3, 3), (0, 0))
    assert json.loads(report_json(EVERYTHING))["verdict"] == "fail"


def test_where_junit_of_a_run_can_not_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pocketfit.cli.asked.require_torch", lambda: None)
    result = CliRunner().invoke(app, ["run", "--junit", "."])
    assert isinstance(result.exception, PocketfitError)
    assert str(result.exception) == "--junit . is a folder: name a file"
