"""A history on a branch of a real repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pocketfit.data_branch.reading import read_history
from pocketfit.errors import ConfigError
from pocketfit.history.entry import file_name
from pocketfit.history.reading import ENTRIES, MARK
from pocketfit.records import History
from tests.unit.history.samples import entry, of_sizes, write

KNOWN = of_sizes([1_000, 1_100, 1_200])


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A history on the branch pocketfit-history, and another branch that is checked out."""
    folder = write(tmp_path / "repository", KNOWN)
    git(folder, "init", "--quiet", "--initial-branch", "pocketfit-history")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "history")
    git(folder, "switch", "--quiet", "--orphan", "main")
    (folder / "net.py").write_text("")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    return folder


def refused(place: str, folder: Path) -> str:
    with pytest.raises(ConfigError) as error:
        read_history(place, folder)
    return str(error.value)


def test_a_branch_of_this_repository_and_of_its_remote(repository: Path, tmp_path: Path) -> None:
    assert read_history("pocketfit-history", repository) == KNOWN
    assert read_history("pocketfit-history", repository, 1) == History(KNOWN.entries[-1:])
    assert [path.name for path in repository.iterdir() if path.name != ".git"] == ["net.py"]
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    assert read_history("pocketfit-history", clone) == KNOWN
    assert read_history(git(clone, "rev-parse", "origin/pocketfit-history"), clone) == KNOWN


def test_a_folder_comes_before_a_branch(repository: Path) -> None:
    one = of_sizes([7])
    write(repository / "pocketfit-history", one)
    assert read_history("pocketfit-history", repository) == one


def test_what_is_no_history(repository: Path) -> None:
    assert refused("main", repository) == "main is no history of Pocketfit's: it has no history.json that says so"
    for name in ("nowhere", "--output=/tmp/x"):
        sentence = f"{name} is neither a folder nor a branch here: `git fetch origin` brings branches"
        assert refused(name, repository) == sentence
    git(repository, "switch", "--quiet", "pocketfit-history")
    (repository / MARK).write_text('{"pocketfit_history": 2}')
    git(repository, "commit", "--quiet", "-am", "newer")
    sentence = "pocketfit-history has schema 2, and this Pocketfit reads 1: use the one that wrote it"
    assert refused("pocketfit-history", repository) == sentence


def test_hostile_files_on_a_branch(repository: Path, tmp_path: Path) -> None:
    """A link that leads out, one that is too large, and bytes that are no text."""
    git(repository, "switch", "--quiet", "pocketfit-history")
    names = [file_name(entry(number)) for number in (7, 8, 9)]
    (repository / ENTRIES / names[0]).symlink_to("/etc/passwd")
    (repository / ENTRIES / names[1]).write_bytes(b" " * 1_100_000)
    (repository / ENTRIES / names[2]).write_bytes(b"\xff\xfe")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "hostile")
    found = read_history("pocketfit-history", repository)
    assert found.entries == KNOWN.entries
    assert found.problems[0].startswith(f"3 of 6 entries of the history are left out: {names[2]}: it is not JSON (")


def pocketfit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pocketfit", "history", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_command(repository: Path) -> None:
    done = pocketfit(repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["net/lite/fp32  1.20 kB  +20.0 %  ▁▅█"]
    done = pocketfit(repository, "--last", "1", "--json")
    content = json.loads(done.stdout)
    assert [one["variants"][0]["size_bytes"] for one in content["entries"]] == [1_200]
    done = pocketfit(repository, "--model", "nte")
    sentence = "error: --model nte: pocketfit-history has none of that name\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)


PUBLISHED = Path(__file__).parents[2] / "data/published"


def compared(folder: Path, place: str) -> tuple[dict[str, Any], str]:
    """The report that `compare` makes of saved snapshots and a history, and what it says on stderr."""
    words = ["compare", str(PUBLISHED / "base.json"), str(PUBLISHED / "head.json"), "--history", place, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout), done.stderr


def test_a_report_with_a_history(repository: Path) -> None:
    report, said = compared(repository, "pocketfit-history")
    assert said == ""
    assert [one["commit"] for one in report["history"]] == [one.commit for one in KNOWN.entries]
    assert {name for row in report["rows"] for name in row["trend"]} == {"size_bytes", "latency_ms", "instructions"}


@pytest.mark.parametrize("place", ["main", "nowhere", "damaged"])
def test_a_report_goes_on_without_a_history(repository: Path, place: str) -> None:
    damaged = write(repository / "damaged", of_sizes([1]))
    for file in (damaged / ENTRIES).iterdir():
        file.write_text("{")
    report, said = compared(repository, place)
    assert report["history"] == []
    (line,) = said.splitlines()
    assert line in report["notes"]
    assert line.startswith(("no history: ", "the only entry of the history is left out: "))


def test_adding_a_report(repository: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from pocketfit.store import write_report
    from tests.unit.report.samples import EVERYTHING, GREW, HEAD

    report = tmp_path / "report.json"
    write_report(report, replace(EVERYTHING, rows=(GREW,), head=HEAD))
    done = pocketfit(repository, "kept", "--add", str(report))
    assert (done.returncode, done.stderr) == (
        2, f"error: {report} is of bbbca2dda, which is no commit here: run this in its repository\n",
    )  # fmt: skip
    sha = git(repository, "rev-parse", "HEAD")
    write_report(report, replace(EVERYTHING, rows=(GREW,), head=sha))
    done = pocketfit(repository, "kept", "--add", str(report))
    assert done.returncode == 0
    assert done.stderr.startswith(f"added {sha[:9]} (20")
    assert done.stdout.splitlines()[1].startswith("mobilenet_v2/lite/fp32  19.61 MB")
