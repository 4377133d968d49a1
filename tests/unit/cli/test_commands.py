"""Commands as they are started, with reports that are saved: no torch is needed for these."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from pocketfit.cli.listing import COMMANDS as LISTED
from pocketfit.records import Failed, Variant
from pocketfit.store import write_snapshot, write_trial
from tests.unit.cli.test_screen import in_terminal
from tests.unit.report.test_compare import built, snapshot, trial

COMMANDS = (
    "run",
    "export",
    "smoke",
    "compare",
    "report",
    "nodes",
    "plan",
    "merge",
    "publish",
    "accept",
    "explain",
    "init",
    "check",
    "doctor",
)
NOTE = "the device's libraries can't ship to devices with 16 kB pages"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Base, head and a trial, as a run leaves them: 30 variants, of which one grew and one fails."""
    others = tuple(built(1000, "bb", Variant(f"same{index:02}", "lite", "fp32")) for index in range(28))
    broken = Failed(Variant("broken", "lite", "fp32"), "net.py can't be imported: KeyError: 'größer'")
    base = replace(snapshot(built(1000), *others), side="base", commit="b" * 40)
    tried = trial()
    write_snapshot(tmp_path / "base.json", base)
    write_snapshot(tmp_path / "head.json", snapshot(built(1200, "cc"), broken, *others))
    write_trial(tmp_path / "trial.json", replace(tried, device=replace(tried.device, notes=(NOTE,))))
    return tmp_path


def pocketfit(folder: Path, *words: str, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "pocketfit", *words],
        cwd=folder, capture_output=True, text=True, errors="replace", check=False, env=env | dict(settings or {}),
    )  # fmt: skip


COMPARE = ("compare", "base.json", "head.json", "--trial", "trial.json")


def test_json_is_all_that_stdout_has(saved: Path) -> None:
    done = pocketfit(saved, *COMPARE, "--json", "--out", "report")
    assert done.returncode == 4
    assert done.stdout == (saved / "report/report.json").read_text()
    assert len(json.loads(done.stdout)["rows"]) == 30
    assert done.stderr == ""


@pytest.mark.parametrize("words", [("-q", *COMPARE), (*COMPARE, "-q"), (*COMPARE, "--quiet")])
def test_quiet_before_and_behind_the_commands_name(saved: Path, words: tuple[str, ...]) -> None:
    done = pocketfit(saved, *words)
    assert done.stdout.splitlines() == [
        "✗ 1 of 30 variants fails: broken/lite/fp32 (in the build)",
        "broken/lite/fp32",
        "│ net.py can't be imported: KeyError: 'größer'",
        "",
    ]
    assert done.stderr == ""


def test_a_contradiction_is_one_sentence(saved: Path) -> None:
    done = pocketfit(saved, "-v", *COMPARE, "-q")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --quiet and --verbose contradict each other: leave one out\n"


def test_of_many_rows_those_that_matter_and_with_v_all(saved: Path) -> None:
    some, every = pocketfit(saved, *COMPARE).stdout, pocketfit(saved, *COMPARE, "-v").stdout
    assert "and 28 more: 28 identical (-v shows them)" in some
    assert ("same27/" in some, "same27/" in every) == (False, True)


def test_a_check_as_json(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def net(): ...\n")
    text = '[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3] }]\n'
    (tmp_path / "pocketfit.toml").write_text(text)
    assert json.loads(pocketfit(tmp_path, "check", "--json").stdout) == {"problems": []}
    assert pocketfit(tmp_path, "check", "-q").stdout == ""
    (tmp_path / "pocketfit.toml").write_text(text.replace("source", "sourc"))
    done = pocketfit(tmp_path, "check", "--json")
    assert done.returncode == 2
    problems = json.loads(done.stdout)["problems"]
    assert done.stderr.splitlines() == [f"error: {problem}" for problem in problems]
    assert any("sourc" in problem for problem in problems)


def test_legend_and_notes_are_for_the_first_report_in_a_folder(saved: Path) -> None:
    first, second, third = (
        pocketfit(saved, *COMPARE, *more).stdout for more in (("--out", "r"), ("--out", "r"), ("--out", "r", "-v"))
    )
    for text in (first, third):
        assert "Download: size after DEFLATE" in text
        assert f"note: {NOTE}" in text
    assert "DEFLATE" not in second
    assert NOTE not in second
    assert re.search(r"^\d notes are as in the run before \(-v shows all\)$", second, re.MULTILINE)
    # What is not shown on the terminal is in the files.
    assert NOTE in (saved / "r/report.md").read_text()


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
        {"NO_COLOR": "1"},
        {"TERM": "dumb"},
    ],
)
def test_no_encoding_and_no_terminal_ends_it(saved: Path, settings: dict[str, str]) -> None:
    done = pocketfit(saved, *COMPARE, settings=settings)
    assert (done.returncode, done.stderr) == (4, "")
    assert "1 of 30 variants fails: broken/lite/fp32 (in the build)" in done.stdout
    assert "\x1b" not in done.stdout
    if settings.get("PYTHONIOENCODING") == "ascii":
        assert done.stdout.isascii()
        assert done.stdout.startswith("x 1 of 30 variants fails")
        assert "| net.py can't be imported: KeyError: 'gr??er'" in done.stdout


def test_colours_only_where_they_are_wanted(saved: Path) -> None:
    forced = pocketfit(saved, *COMPARE, settings={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[1;31m✗ 1 of 30 variants fails" in forced
    # It is a pipe all the same, as wide as one.
    plain = pocketfit(saved, *COMPARE).stdout
    assert re.sub(r"\x1b\[[\d;]*m", "", forced) == plain
    without = pocketfit(saved, *COMPARE, "--no-color", settings={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[1;31m" not in without
    assert "\x1b[31m" not in without


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_of_80_or_120_columns(saved: Path, columns: int) -> None:
    code = f"import os, sys\nos.chdir({str(saved)!r})\nsys.argv = ['pocketfit', *{COMPARE!r}]\nfrom pocketfit.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    lines = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", in_terminal(code, columns)).splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[0] == "✗ 1 of 30 variants fails: broken/lite/fp32 (in the build)"
    assert any(line.startswith("net/lite/fp32 ") for line in lines)


@cache
def helped(command: str) -> str:
    words = [command] if command else []
    return pocketfit(Path("/"), *words, "--help", settings={"COLUMNS": "80"}).stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_in_peoples_words(command: str) -> None:
    text = helped(command)
    for word in ("<bool>", "<str>", "<path>", "<float", "<int", "list[", "x>=", "<=x"):
        assert word not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "─ Output ─" in text


def test_the_groups_of_run() -> None:
    titles = re.findall(r"^╭─ (.+?) ─", helped("run"), re.MULTILINE)
    assert titles == [
        "Options", "Comparison", "Selection", "Output", "Device", "Building", "One model, without a configuration",
        "Sandbox",
    ]  # fmt: skip


# Without pydantic, which typer itself reads values with.
HEAVY = ("torch", "docker", "numpy", "scipy", "requests", "jinja2", "rich.table")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pocketfit ru", ["run"]),
        ("pocketfit run --req", ["--requirements"]),
        ("pocketfit run --device j", ["jvm"]),
        ("pocketfit export --format to", ["torchscript"]),
        ("pocketfit export --precision int8", ["int8", "int8-dynamic"]),
    ],
)
def test_completion_offers_what_fits_and_loads_nothing_heavy(tmp_path: Path, typed: str, offered: list[str]) -> None:
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print([name for name in {HEAVY!r} if name in sys.modules]))\n"
        "sys.argv = ['pocketfit']\nfrom pocketfit.cli import main\nmain()"
    )
    env = {
        **os.environ,
        "_POCKETFIT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
        "_TYPER_COMPLETE_ARGS": typed,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
    )
    assert done.stdout.splitlines() == [*offered, "[]"], done.stderr


@pytest.mark.parametrize("name", LISTED)
def test_the_list_of_commands_says_what_each_says_first(name: str) -> None:
    module, said = LISTED[name]
    function = getattr(import_module(f"pocketfit.cli.{module}"), name)
    assert said == " ".join((inspect.getdoc(function) or "").split("\n\n")[0].replace("`", "").split())
    assert f"│ {name} " in helped("")


def test_compare_and_publish_load_neither_torch_nor_docker(saved: Path) -> None:
    code = (
        "import sys, atexit\n"
        "named = ('torch', 'docker', 'scipy', 'executorch')\n"
        "atexit.register(lambda: print([name for name in named if name in sys.modules]))\n"
        "sys.argv[:1] = ['pocketfit']\nfrom pocketfit.cli import main\nmain()"
    )
    for words, code_of_it in (
        (("compare", "base.json", "head.json", "--out", "out"), 4),
        (("publish", "out/report.json"), 2),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=saved, check=False
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (code_of_it, "[]"), done.stderr


def test_help_loads_no_command_and_no_rich() -> None:
    code = (
        "import sys, atexit\n"
        "named = ('rich', 'pocketfit.records', 'pocketfit.cli.build', 'pocketfit.cli.reports', 'pocketfit.cli.setup')\n"
        "atexit.register(lambda: print([name for name in named if name in sys.modules]))\n"
        "sys.argv = ['pocketfit', '--help']\nfrom pocketfit.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize("columns", ["20", "50", "60", "80", "300"])
def test_the_first_help_fits(columns: str) -> None:
    lines = pocketfit(Path("/"), "--help", settings={"COLUMNS": columns}).stdout.splitlines()
    width = min(max(int(columns), 50), 120)
    boxes = [line for line in lines if line[:1] in "╭│╰" and line]
    assert {len(line) for line in boxes} == {width}
    assert max(map(len, lines)) == width


def test_a_wrong_option_is_one_sentence_in_any_encoding(tmp_path: Path) -> None:
    done = pocketfit(tmp_path, "run", "--modell", "x", settings={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 2
    assert "No such option: --modell" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_option_is_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs/command-line.md").read_text()
    for command in ("", *COMMANDS):
        for option in re.findall(r"^│ (--[a-z-]+)", helped(command), re.MULTILINE):
            rows = [
                row
                for row in page.splitlines()
                if row.startswith("|") and option in re.findall(r"--[a-z-]+", row.split("|")[1])
            ]
            assert rows, option
            of = rows[0].split("|")[2].strip()
            assert of in ("", "all") or command in of.split(", "), (command, option)
