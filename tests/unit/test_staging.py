"""What must not stand where a run writes, and what is there when, with real git and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.staging import ENTRIES, WORK_PREFIX, check_place, staged

VICTIM = "what somebody else needs"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    monkeypatch.chdir(folder)
    (tmp_path / "victim").write_text(VICTIM)
    (tmp_path / "elsewhere").mkdir()
    return folder


def run_into(folder: Path, *names: str, text: str = "new") -> None:
    with staged(folder) as staging:
        for name in names or ENTRIES:
            path = staging.out.folder / name
            if "." in name:
                path.write_text(text)
            else:
                path.mkdir()
                (path / "file").write_text(text)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


WHOLE = sorted((".gitignore", *ENTRIES))
LINKS = (
    "out", "out/logs", "out/logs/head.net.lite.fp32.log", "out/artifacts", "out/artifacts/head", "out/artifacts/base",
    "out/artifacts/head/net.lite.fp32.ptl", "out/artifacts/head/net.lite.fp32.ptl.partial", "out/artifacts/head/golden",
    "out/artifacts/head/manifest.json", "out/report.json", "out/report.md", "out/head.json", "out/.head.json.12.tmp",
    "out/.gitignore", f"out/{WORK_PREFIX}x", "out/emulator.log", "out/anything/else",
)  # fmt: skip


@pytest.mark.parametrize("target", ["victim", "elsewhere", "nowhere"])
@pytest.mark.parametrize("place", LINKS)
def test_a_link_is_one_sentence_and_nothing_is_written_through_it(
    repository: Path, tmp_path: Path, place: str, target: str
) -> None:
    link = repository / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / target)
    with pytest.raises(ConfigError) as caught:
        run_into(Path("out"))
    assert str(caught.value) == f"--out out can't be used: {place} is a link; remove it, or name another folder"
    assert caught.value.exit_code == 2
    assert (tmp_path / "victim").read_text() == VICTIM
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert link.is_symlink()


@pytest.mark.parametrize("out", ["build/out", "build/deep/out"])
@pytest.mark.parametrize("made", [str, os.path.abspath])
def test_a_link_on_the_way_is_not_followed(
    repository: Path, tmp_path: Path, out: str, made: Callable[[str], str]
) -> None:
    (repository / "build").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="can't be used: build is a link"):
        run_into(Path(made(out)))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_outside_of_repositories_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "shortcut").symlink_to("real")
    run_into(tmp_path / "shortcut/out", "report.json")
    assert (tmp_path / "real/out/report.json").read_text() == "new"


@pytest.mark.parametrize("name", ["out/report.json", "out/deep/file", "out", "out/link"])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_git_tracks_is_left_alone(repository: Path, name: str, is_there: bool) -> None:
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("theirs")
    subprocess.run(["git", "add", name], check=True)
    if not is_there:
        path.unlink()
    with pytest.raises(ConfigError) as caught:
        run_into(Path("out"))
    assert str(caught.value) == (
        f"--out out can't be used: git tracks {name} there; name a folder that only runs write to"
    )
    assert not is_there or path.read_text() == "theirs"


def test_the_repository_itself_is_no_place(repository: Path) -> None:
    (repository / "net.py").touch()
    subprocess.run(["git", "add", "."], check=True)
    with pytest.raises(ConfigError, match=r"--out \. can't be used: git tracks net.py there"):
        run_into(Path())


def test_a_folder_of_another_repository_is_looked_at_too(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other/out"
    other.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(other.parent)], check=True)
    (other / "file").touch()
    subprocess.run(["git", "-C", str(other.parent), "add", "."], check=True)
    with pytest.raises(ConfigError, match=r"can't be used: git tracks out/file there"):
        run_into(other)


def test_without_git_there_is_nothing_tracked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check_place(Path("out"), "--out out")


def test_a_folder_that_cannot_be_made(repository: Path) -> None:
    (repository / "file").touch()
    with pytest.raises(ConfigError, match="--out file/out can't be written: Not a directory"):
        run_into(Path("file/out"))
    with pytest.raises(ConfigError, match="--out file can't be written: File exists"):
        run_into(Path("file"))


def test_files_are_in_place_at_the_end_and_not_before(repository: Path) -> None:
    out = repository / "deep/out"
    with staged(out) as staging:
        work = staging.out.folder
        assert (work.parent, work.stat().st_mode & 0o777) == (out, 0o700)
        (work / "report.json").write_text("{}")
        assert names_in(out) == [".gitignore", work.name]
        status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
        assert status.stdout == ""
    assert names_in(out) == [".gitignore", "report.json"]


def test_an_earlier_run_is_replaced_and_what_is_not_a_runs_stays(repository: Path) -> None:
    out = repository / "out"
    run_into(out, text="old")
    (out / "plan.json").write_text("mine")
    run_into(out, "artifacts", "report.json")
    assert names_in(out) == [".gitignore", "artifacts", "plan.json", "report.json"]
    assert (out / "artifacts/file").read_text() == "new"
    run_into(out)
    assert names_in(out) == sorted(("plan.json", *WHOLE))


def test_a_part_of_a_run_leaves_the_rest(repository: Path) -> None:
    out = repository / "out"
    run_into(out, text="old")
    with staged(out, whole=False) as staging:
        (staging.out.folder / "report.json").write_text("new")
    assert names_in(out) == WHOLE
    assert ((out / "report.json").read_text(), (out / "head.json").read_text()) == ("new", "old")


@pytest.mark.parametrize("plant", [os.mkfifo, Path.mkdir, lambda path: path.hardlink_to(path.parents[2] / "victim")])
def test_whatever_lies_in_the_place_of_a_file_is_replaced(
    repository: Path, tmp_path: Path, plant: Callable[[Path], object]
) -> None:
    out = repository / "out"
    out.mkdir()
    plant(out / "report.json")
    run_into(out)
    assert (out / "report.json").read_text() == "new"
    assert (tmp_path / "victim").read_text() == VICTIM


def fail_in(folder: Path, *names: str) -> None:
    with staged(folder) as staging:
        for name in names:
            (staging.out.folder / name).mkdir()
            (staging.out.folder / name / "file").touch()
        raise RuntimeError


def test_a_run_that_fails_leaves_what_it_made(repository: Path) -> None:
    out = repository / "out"
    run_into(out)
    with pytest.raises(RuntimeError):
        fail_in(out, "logs")
    # An old report is not this run's.
    assert names_in(out) == [".gitignore", "logs"]


def test_a_run_that_fails_at_once_leaves_all_as_it_was(repository: Path) -> None:
    with pytest.raises(RuntimeError):
        fail_in(repository / "out")
    assert not (repository / "out").exists()
    run_into(repository / "out")
    with pytest.raises(RuntimeError):
        fail_in(repository / "out")
    assert names_in(repository / "out") == WHOLE


def stopped_in(folder: Path) -> None:
    with staged(folder) as staging:
        (staging.out.folder / "report.json").write_text("cut short")
        staging.publish()
        raise SystemExit(143)


def test_a_run_that_is_stopped_is_in_place_before_it_is_tidied_up(repository: Path) -> None:
    with pytest.raises(SystemExit):
        stopped_in(repository / "out")
    assert names_in(repository / "out") == [".gitignore", "report.json"]


KILLED = """
import os, sys
from pathlib import Path
from pocketfit.staging import staged
with staged(Path("out")) as staging:
    (staging.out.folder / "report.json").write_text("half")
    print("up", flush=True)
    sys.stdin.read()
"""


def start(repository: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


def test_what_a_killed_run_left_is_gone_after_the_next(repository: Path) -> None:
    run_into(repository / "out", text="old")
    process = start(repository)
    process.kill()
    process.communicate()
    assert [name for name in names_in(repository / "out") if name.startswith(WORK_PREFIX)]
    assert (repository / "out/report.json").read_text() == "old"
    run_into(repository / "out")
    assert names_in(repository / "out") == WHOLE


def test_the_second_run_into_a_folder_waits_for_the_first(repository: Path, caplog: pytest.LogCaptureFixture) -> None:
    process = start(repository)
    seen: list[str] = []

    def second() -> None:
        with staged(Path("out")) as staging:
            seen.append((repository / "out/report.json").read_text())
            (staging.out.folder / "head.json").touch()

    waiting = threading.Thread(target=second)
    waiting.start()
    while not caplog.messages:
        waiting.join(0.01)
    assert (caplog.messages, seen) == (["another run writes to out: waiting for its end"], [])
    process.communicate("")
    waiting.join()
    assert seen == ["half"]
    assert names_in(repository / "out") == [".gitignore", "head.json"]


def test_runs_into_two_folders_do_not_wait(repository: Path, caplog: pytest.LogCaptureFixture) -> None:
    process = start(repository)
    run_into(repository / "other")
    assert caplog.messages == []
    process.communicate("")
