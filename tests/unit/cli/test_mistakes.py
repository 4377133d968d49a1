"""What is wrong on the command line is one sentence, before anything is built; what was asked for is never ignored."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pocketfit.cli import app
from pocketfit.errors import PocketfitError
from pocketfit.store import write_report, write_snapshot, write_trial
from tests.unit.report.samples import EVERYTHING
from tests.unit.test_store import SNAPSHOT, TRIAL

CONFIG = '[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3] }]\nformats = ["lite", "torchscript"]\n'
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    def run(*words: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
        return subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    return run


@pytest.fixture
def repository(tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit on main, and nothing that is not committed."""
    git("init", "-q", "-b", "main")
    (tmp_path / "pocketfit.toml").write_text(CONFIG)
    (tmp_path / "net.py").write_text("def net(): ...\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, PocketfitError), result.output
    assert result.exception.exit_code == 2
    assert len(result.exception.lines()) == 1
    return str(result.exception)


ALONE = "{} goes with a configuration or --source, and not with one SOURCE"
MISTAKES = {
    "format without a source": (["export", "--format", "torchscript"], "--format belongs to --source, which is not given: a configuration has its own"),
    "out with a SOURCE": (["export", "net.py:net", "--out", "there"], "--out is a folder for several files, and one SOURCE goes to one file: name it with --output"),
    "the default out with a SOURCE": (["export", "net.py:net", "--out", "pocketfit-out"], "--out is a folder for several files, and one SOURCE goes to one file: name it with --output"),
    "config with a SOURCE": (["export", "net.py:net", "--config", "pocketfit.toml"], ALONE.format("--config")),
    "model with a SOURCE": (["export", "net.py:net", "--model", "net"], ALONE.format("--model")),
    "requirements with a SOURCE": (["export", "net.py:net", "--requirements", "requirements.txt"], ALONE.format("--requirements")),
    "output without a SOURCE": (["export", "-o", "net.ptl"], "--output names the file of one SOURCE, which is not given: use --out for a folder"),
    "output of another kind": (["export", "net.py:net", "-o", "x.onnx"], "-o x.onnx: a file of format lite is a .ptl: write -o x.ptl"),
    "output of another format": (["export", "net.py:net", "-o", "a/x.ptl", "--format", "torchscript"], "-o a/x.ptl: a file of format torchscript is a .pt: write -o a/x.pt"),
    "output without a suffix": (["export", "net.py:net", "-o", "model"], "-o model: a file of format lite is a .ptl: write -o model.ptl"),
    "output to a folder": (["export", "net.py:net", "-o", "."], "-o . is a folder: write -o net.ptl"),
    "a SOURCE that is not there": (["export", "nets.py:net"], "nets.py: no such file in the repository: did you mean net.py?"),
    "a callable that is not there": (["export", "net.py:nat"], "net.py has no 'nat': did you mean 'net'?"),
    "a --source that is not there": (["export", "--source", "nets.py:net"], "nets.py: no such file in the repository: did you mean net.py?"),
    "the suffix of a format": (["export", "net.py:net", "--format", "ptl"], "--format: unknown format 'ptl': did you mean 'lite'?"),
    "a format of others": (["run", "--source", "net.py:net", "--format", "tflite"], "--format: unknown format 'tflite': use one of lite, torchscript, executorch"),
    "a precision": (["run", "--source", "net.py:net", "--precision", "int9"], "--precision: unknown precision 'int9': use one of fp32, fp16, int8, int8-dynamic"),
    "a precision of a variant": (["run", "--variant", "net/lite/int9"], "--variant: 'net/lite/int9' is no variant: unknown precision 'int9': use one of fp32, fp16, int8, int8-dynamic"),
    "a word with fewer parts": (["run", "--variant", "net/lite"], "--variant: 'net/lite' is no variant: write it like resnet18/lite/fp32"),
    "exactly none": (["run", "--base", "none", "--exact"], "--exact compares with --base itself, and --base none names nothing to compare with"),
    "a plan of exactly none": (["plan", "--base", "none", "--exact"], "--exact compares with --base itself, and --base none names nothing to compare with"),
    "a serial of no phone": (["run", "--base", "none", "--device", "jvm", "--serial", "x1"], "--serial names an attached device, and the device is jvm: use --device adb"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence(repository: Path, case: str) -> None:
    words, said = MISTAKES[case]
    assert refusal(*words) == said
    assert sorted(path.name for path in repository.iterdir()) == [".git", "net.py", "pocketfit.toml"]


def test_main_against_main_is_refused_at_once(repository: Path, git: Git) -> None:
    words = ["run", "--device", "none", "--base"]
    assert refusal(*words, "main") == "HEAD is main's own commit: nothing to compare; use --base none"
    git("commit", "-q", "--allow-empty", "-m", "two")
    assert refusal(*words, "main") == "HEAD is main's own commit: nothing to compare; use --base HEAD~1"
    assert refusal("run") == "HEAD is main's own commit: nothing to compare; use --base HEAD~1"
    git("checkout", "-q", "-b", "behind", "HEAD~1")
    assert refusal(*words, "main") == "HEAD is a part of main already: nothing to compare; use --base none"


def test_what_is_not_committed_is_compared_with_main(repository: Path, git: Git) -> None:
    (repository / "net.py").write_text("def net(): return 1\n")
    done = CliRunner().invoke(app, ["plan", "--base", "main"])
    assert done.exit_code == 0, done.exception
    git("commit", "-q", "-am", "two")
    for words in (["--base", "HEAD"], ["--base", git("rev-parse", "HEAD")], ["--base", "main", "--exact"]):
        # Whoever says so may want to see that nothing differs.
        done = CliRunner().invoke(app, ["plan", *words])
        assert done.exit_code == 0, done.exception


def test_a_repository_without_a_commit(repository: Path, git: Git) -> None:
    git("update-ref", "-d", "HEAD")
    assert refusal("plan", "--base", "main") == f"{repository} has no commit yet: commit, or use --base none"
    done = CliRunner().invoke(app, ["plan", "--base", "none"])
    assert done.exit_code == 0, done.exception
    assert "net/lite/fp32" in done.stdout


def test_no_configuration_names_the_command_that_writes_one(repository: Path) -> None:
    (repository / "pocketfit.toml").unlink()
    assert refusal("run") == (
        f"no pocketfit.toml (nor [tool.pocketfit] in pyproject.toml) in {repository}: `pocketfit init` writes one"
    )


def test_files_named_for_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for side in ("base", "head"):
        write_snapshot(Path(f"{side}.json"), replace(SNAPSHOT, side=side))
    write_report(Path("report.json"), EVERYTHING)
    write_trial(Path("trial.json"), TRIAL)
    Path("other.json").write_text('{"side": "head"}')

    takes = "compare takes base.json and head.json"
    assert refusal("compare", "report.json", "head.json") == f"report.json is a report: {takes}"
    assert refusal("compare", "base.json", "trial.json") == f"trial.json is a trial: {takes}"
    assert refusal("compare", "head.json", "base.json") == (
        "head.json is head's and base.json is base's: write pocketfit compare base.json head.json"
    )
    assert refusal("compare", "base.json", "base.json") == f"base.json is base's: {takes}"
    assert refusal("compare", "base.json", "head.json", "--trial", "report.json") == (
        "report.json is a report: --trial takes trial.json"
    )
    assert refusal("compare", "other.json", "head.json").startswith("other.json: commit is missing")
    # Two heads are two exports, at two commits.
    assert CliRunner().invoke(app, ["compare", "head.json", "head.json"]).exit_code in (0, 4)


def test_publish_of_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_snapshot(Path("head.json"), SNAPSHOT)
    assert refusal("publish", "head.json") == "head.json is a snapshot: report and publish take report.json"


@pytest.mark.parametrize("name", ["net.pth", "cat.png", "data.zip"])
def test_smoke_of_what_is_no_model_asks_for_no_device(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02" if name == "net.pth" else b"\x89PNG")
    said = refusal("smoke", str(tmp_path / name), "--shape", "1,3")
    assert said.startswith(f"{tmp_path / name} is a ")


def check(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *words])
    if isinstance(result.exception, PocketfitError):
        return result.exception.exit_code, "\n".join(result.exception.lines())
    return result.exit_code, result.stdout


def test_check_of_a_configuration_without_a_problem(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check() == (0, "pocketfit.toml: 1 model, 2 variants, no problem\n")
    (repository / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(repository / "deep/er")
    assert check() == (0, "pocketfit.toml: 1 model, 2 variants, no problem\n")
    (repository / "deep/pocketfit.toml").write_text(CONFIG + CONFIG.replace("net]", "net2]"))
    assert check() == (0, "deep/pocketfit.toml: 2 models, 4 variants, no problem\n")
    assert check("--config", "../../pocketfit.toml") == (0, "pocketfit.toml: 1 model, 2 variants, no problem\n")


def test_check_says_all_that_is_wrong(repository: Path) -> None:
    other = repository / "other.toml"
    other.write_text(CONFIG.replace('["lite", "torchscript"]', '"lite"').replace("net.py:net", "nets.py:net"))
    assert check("--config", "other.toml") == (
        2,
        "other.toml:2: models.net.source: nets.py: no such file in the repository: did you mean net.py?\n"
        'other.toml:4: models.net.formats: it must be a list: write formats = ["lite"]',
    )
    assert check("--config", "gone.toml") == (2, "gone.toml: no such file")


def test_check_outside_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pocketfit.toml").write_text(CONFIG)
    (tmp_path / "net.py").write_text("def net(): ...\n")
    assert check() == (0, "pocketfit.toml: 1 model, 2 variants, no problem\n")
