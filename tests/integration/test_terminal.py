"""What a run shows: on a real terminal, in a log, and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.integration.conftest import CONFIG, QUICK, Git
from tests.integration.test_run import pocketfit
from tests.unit.cli.test_screen import in_terminal

RUN = """
import os, sys
os.chdir({folder!r})
sys.argv = ["pocketfit", "run", "--base", "HEAD^", "--device", "none"]
from pocketfit.cli import main
main()
"""


@pytest.fixture
def changed(repository: Path, git: Git) -> Path:
    """Two variants, and a head that is wider than its base."""
    (repository / "pocketfit.toml").write_text(QUICK + CONFIG + 'formats = ["lite", "torchscript"]\n')
    git("commit", "-q", "-am", "two formats")
    text = (repository / "pocketfit.toml").read_text()
    (repository / "pocketfit.toml").write_text(
        text.replace("net.py:net", 'net.py:net"\narguments = { width = 64 }\n#', 1)
    )
    git("commit", "-q", "-am", "wider")
    return repository


@pytest.mark.parametrize("columns", [80, 120])
def test_a_run_on_a_terminal(changed: Path, columns: int) -> None:
    said = in_terminal(RUN.format(folder=str(changed)), columns)
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", said)
    # Drawn again and again while it builds, and erased.
    assert re.search(r"building: [0-3] of 4 done", text)
    assert re.search(r"(base|head) +net/(lite|torchscript)/fp32 +(starting|importing torch)", text)
    assert "\x1b[2K" in said
    lines = re.split(r"[\r\n]+", text)
    assert max(map(len, lines)) <= columns
    done = [match for line in lines if (match := re.search(r"(\S+ net/\S+): [\d.]+ kB \([\d.]+ s, (\d) of 4\)$", line))]
    assert sorted(match[1] for match in done) == [
        "base net/lite/fp32", "base net/torchscript/fp32", "head net/lite/fp32", "head net/torchscript/fp32",
    ]  # fmt: skip
    assert [match[2] for match in done] == ["1", "2", "3", "4"]
    assert "reports: pocketfit-out/report.html, report.md, report.json" in text


def test_a_run_in_a_log_has_a_name_on_every_line(changed: Path) -> None:
    done = pocketfit(changed, "run", "--base", "HEAD^", "--device", "none", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((changed / "pocketfit-out/report.json").read_text())
    lines = [line for line in done.stderr.splitlines() if line]
    assert lines[0].startswith("base is ")
    assert all(re.match(r"(base|head) net/(lite|torchscript)/fp32: ", line) for line in lines[1:-1]), lines
    assert lines[-1] == "reports: pocketfit-out/report.html, report.md, report.json"


def test_exports_as_json(changed: Path) -> None:
    done = pocketfit(changed, "export", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (changed / "pocketfit-out/artifacts/head/manifest.json").read_text()
    assert "✓ pocketfit-out/artifacts/head/net.lite.fp32.ptl: " in done.stderr
    one = pocketfit(changed, "export", "net.py:net", "--shape", "1,3,16,16", "-o", "net.ptl", "--json")
    (entry,) = json.loads(one.stdout)["artifacts"]
    assert (entry["file"], entry["size_bytes"]) == ("net.ptl", (changed / "net.ptl").stat().st_size)


def test_an_earlier_runs_files_are_gone(changed: Path) -> None:
    """What `run` with a base leaves and one without does not, and the files of others."""
    assert pocketfit(changed, "run", "--base", "HEAD^", "--device", "none").returncode == 0
    out = changed / "pocketfit-out"
    (out / "mine.txt").write_text("theirs")
    (out / "logs").mkdir(exist_ok=True)
    (out / "logs/base.old.log").write_text("old")
    assert (out / "base.json").exists()
    assert list((out / "artifacts/base").iterdir())
    done = pocketfit(
        changed, "run", "--base", "none", "--device", "none", "--source", "net.py:net", "--shape", "1,3,16,16"
    )
    assert done.returncode == 0, done.stderr
    # Whether a process printed something, and so has a log, is not ours to say.
    files = sorted(
        str(path.relative_to(out))
        for path in out.rglob("*")
        if path.is_file() and "golden" not in path.parts and path.name != "head.net.lite.fp32.log"
    )
    assert files == [
        ".gitignore", "artifacts/head/manifest.json", "artifacts/head/net.lite.fp32.ptl",
        "artifacts/head/selected_operators.lite.yaml", "head.json", "mine.txt", "report.html", "report.json", "report.md",
    ]  # fmt: skip
