"""Every command of README and the documents: Pocketfit's own parse, targets and modules are there, the rest has a reason.

Those that need neither torch nor a device are run too, in a folder such as they are written for.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from typer.main import get_command

from pocketfit.cli import app
from pocketfit.records import Growth, Limits
from pocketfit.report.compare import compare
from pocketfit.store import write_report
from tests.unit.cli.test_commands import pocketfit
from tests.unit.report.test_compare import built, snapshot, trial
from tests.unit.test_links import ROOT, pages

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
SHELLS = ("sh", "bash", "console", "shell")
# Other programs: the test that runs such a line, or why none does.
OTHERS = {
    "docker": "tests/e2e/test_container.py",
    "git": "tests/e2e/test_quickstart.py",
    "echo": "tests/integration/standin",
    "sed": "tests/e2e/test_quickstart.py",
    "cd": "tests/e2e/test_quickstart.py",
    "export": "tests/e2e/test_quickstart.py",
    ".ci/run": "it is the gate itself",
    "gradle": "no Android SDK is in the gate: tests/integration/android_app/ compiles and runs the same classes without it",
    "cmake": "it builds ExecuTorch for a phone, with Android's NDK, which the gate does not have",
    "scripts/build_pytorch_android.sh": "it builds PyTorch for a phone, with Android's NDK, which the gate does not have",
    "pip": "no index has the package yet, and the other packages are of others",
    "pipx": "no index has the package yet: tests/integration/tools/test_wheel.py has what the wheel does",
    "model-explorer": "a program of others, which opens a window",
    **dict.fromkeys(
        ("debootstrap", "mount", "cp", "chroot"), "a clean system takes root and minutes: it was made by hand"
    ),
}


def spoken(page: str) -> Iterator[str]:
    """The commands of a page: lines of its shell blocks, what follows `$ `, and code in sentences."""
    for token in MARKDOWN.parse((ROOT / page).read_text()):
        lines = token.content.replace("\\\n", " ").splitlines() if token.type == "fence" else []
        language = token.info.strip()
        if language == "console" or (not language and any(line.startswith("$ ") for line in lines)):
            yield from (line[2:] for line in lines if line.startswith("$ "))
        elif language in SHELLS:
            yield from (line for line in lines if line.strip())
        for child in token.children or ():
            if child.type == "code_inline" and re.match(r"(pocketfit|make|docker|pip|python -m) \S", child.content):
                yield child.content


def simple(line: str) -> Iterator[list[str]]:
    """Each command of a line, without its comment and the variables that it sets."""
    words: list[str] = []
    for word in [*shlex.split(line, comments=True), "&&"]:
        if word != "&&":
            words.append(word)
            continue
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            yield words
        words = []


def commands() -> list[tuple[str, str]]:
    return sorted({(page, line.strip()) for page in pages() if page != "CHANGELOG.md" for line in spoken(page)})


def targets() -> set[str]:
    makefiles = "\n".join((ROOT / name).read_text() for name in ("Makefile", "src/android/build.mk"))
    return set(re.findall(r"^([\w.-]+):", makefiles, re.MULTILINE)) | {".venv/.installed"}


def problem(words: list[str]) -> str | None:
    """Say what is wrong with a command; None where it can be given."""
    program, *rest = words
    match program:
        case "pocketfit":
            return _misparsed([word for word in rest if word != "..."])
        case "make":
            wanted = [word for at, word in enumerate(rest) if _is_target(word, rest[at - 1] if at else "")]
            return next((f"no target {word}" for word in wanted if word not in targets()), None)
        case "python" | "python3":
            rest = rest[1:] if rest[0] == "-m" else rest
            return None if find_spec(rest[0]) or (ROOT / rest[0]).exists() else f"no module {rest[0]}"
    reason = OTHERS.get(program)
    if reason is None:
        return f"{program} is in no list of this test"
    return None if " " in reason or (ROOT / reason).exists() else f"{reason} is not there"


def _is_target(word: str, before: str) -> bool:
    return not word.startswith("-") and "=" not in word and before != "-C"


def _misparsed(words: list[str]) -> str | None:
    # It prints the help and leaves.
    if set(words) & {"--help", "-h"}:
        words = [word for word in words if word not in ("--help", "-h", "COMMAND")] or ["run"]
    group: Any = get_command(app)
    try:
        context = group.make_context("pocketfit", list(words))
        _, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        command.make_parser(type(context)(command, info_name=words[0], parent=context)).parse_args(list(rest))
    except Exception as error:
        return f"{' '.join(words)}: {getattr(error, 'message', error)}"
    return None


@pytest.mark.parametrize("page", sorted({page for page, _ in commands()}))
def test_every_command_of_a_page_can_be_given(page: str) -> None:
    lines = [line for one, line in commands() if one == page]
    assert [found for line in lines for words in simple(line) if (found := problem(words))] == []


def test_the_pages_have_commands() -> None:
    found = commands()
    assert len(found) > 80
    assert {"README.md", "CONTRIBUTING.md", "docs/quickstart.md"} <= {page for page, _ in found}
    assert {program for _, line in found for program, *_ in simple(line)} >= {"pocketfit", "make", "docker", "python"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pocketfit run --bsae main", "run --bsae main: No such option: --bsae"),
        ("pocketfit rnu", "rnu: No such command 'rnu'."),
        ("pocketfit report", None),
        ("make demo gone", "no target gone"),
        ("A=1 make -C pocketfit setup N=3  # here", None),
        ("python -m benchmarks.gone", "no module benchmarks.gone"),
        ("cargo build", "cargo is in no list of this test"),
    ],
)
def test_what_a_wrong_command_is_said_to_be(line: str, said: str | None) -> None:
    (words,) = simple(line)
    assert (problem(words) or "").replace("Did you mean", "\n").partition("\n")[0].strip() == (said or "")


def test_a_line_of_two_commands_is_two() -> None:
    assert list(simple("git clone x && A=1 make -C x setup # both")) == [
        ["git", "clone", "x"],
        ["make", "-C", "x", "setup"],
    ]


CONFIG = """
[models.net]
source = "net.py:net"
inputs = [{ shape = [1, 8] }]
formats = ["lite", "executorch"]

[models.net.limits]
size_growth = "1%"
"""
MODEL = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, x):
        return self.layer(x)


def net():
    return Net()
"""
# What the documents have of these is run as it stands. `init` without --no-check builds models: its own tests do.
CHEAP = ("check", "report", "explain", "plan", "accept", "version", "init")
NOT_RUN = (["pocketfit", "init"], ["pocketfit", "report"])
COMMIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "-q")
PLACES = {"ID": "size-limit"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository after a run whose model grew too much."""
    root = tmp_path
    (root / "net.py").write_text(MODEL)
    (root / "pocketfit.toml").write_text(CONFIG)
    (root / "pocketfit-out").mkdir()
    before, after = replace(snapshot(built(1000)), side="base", commit="b" * 40), snapshot(built(1200, "cc"))
    report = compare(before, replace(after, limits={"net": Limits(size_growth=Growth(ratio=0.01))}), trial())
    for file in ("pocketfit-out/report.json", "report.json"):
        write_report(root / file, report)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    subprocess.run(["git", "add", "net.py", "pocketfit.toml"], cwd=root, check=True)
    subprocess.run([*COMMIT, "-m", "A model"], cwd=root, check=True)
    return root


def cheap() -> list[list[str]]:
    given = [words for _, line in commands() for words in simple(line) if words not in NOT_RUN]
    return sorted(
        map(list, {tuple(words) for words in given if words[0] == "pocketfit" and len(words) > 1 and words[1] in CHEAP})
    )


@pytest.mark.parametrize("words", cheap(), ids=" ".join)
def test_the_cheap_ones_work_in_a_folder_such_as_they_are_written_for(folder: Path, words: list[str]) -> None:
    if words[1] == "init":
        (folder / "pocketfit.toml").unlink()
    ended = pocketfit(folder, *[PLACES.get(word, word) for word in words[1:]])
    assert (ended.returncode, ended.stderr if ended.returncode else "") == (0, "")
    written = [word for before, word in pairwise(words) if before == "-o"]
    assert all((folder / file).stat().st_size for file in written)


def test_many_are_run() -> None:
    assert {words[1] for words in cheap()} == set(CHEAP)
