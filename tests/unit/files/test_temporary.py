"""What a run keeps while it lives, and what the next one finds of it. The dead are real processes, killed."""

from __future__ import annotations

import fcntl
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pocketfit.errors import EnvironmentProblem
from pocketfit.files import temporary
from pocketfit.files.temporary import is_abandoned, lent_folder, run_folder, sweep, temporary_folder
from pocketfit.sandbox.identity import give

# Makes its folder, starts what it is told in it, says where that is, and waits.
RUN = """
import subprocess, sys, time
from pocketfit.files.temporary import temporary_folder
with temporary_folder("job-") as folder:
    left = subprocess.Popen(["sleep", "600"], start_new_session=True, **eval(sys.argv[1])(folder))
    print(folder, left.pid, flush=True)
    time.sleep(600)
"""


@contextmanager
def a_run(place: Path, child: str = "lambda folder: {}") -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, child],
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    folder, pid = process.stdout.readline().split()
    try:
        yield process, Path(folder), int(pid)
    finally:
        for each in (process.pid, int(pid)):
            if running(each):
                os.kill(each, signal.SIGKILL)
        process.wait()


def running(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def ends(pid: int) -> bool:
    """A process that was killed is there until it is next given the processor."""
    deadline = time.monotonic() + 10
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)


def test_a_folder_goes_with_all_that_is_in_it() -> None:
    with temporary_folder("pocketfit-test-") as folder:
        (folder / "deep").mkdir()
        (folder / "deep/file").touch()
        assert folder.parent == run_folder()
        assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (0o700, 0o711)
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_is_lent_is_the_childs_and_what_is_around_it_is_not() -> None:
    with lent_folder("pocketfit-test-") as lent:
        work = lent.work.path
        # As its supervisor does.
        give(str(work), pwd.getpwnam("nobody").pw_uid)
        assert (work.stat().st_uid, work.stat().st_mode & 0o777) == (pwd.getpwnam("nobody").pw_uid, 0o700)
        assert (work.parent, lent.ours.stat().st_uid) == (lent.ours, 0)
        (lent.ours / "job.json").write_text("{}")
        attempts = f"touch {work}/mine; mv {work} {lent.ours}/other; ln -s /etc {lent.ours}/link; echo x > {lent.ours}/job.json; rm -f {lent.ours}/job.json"
        subprocess.run(["setpriv", "--reuid=nobody", "--clear-groups", "--regid=nogroup", "sh", "-c", attempts], check=False, capture_output=True)  # fmt: skip
        assert sorted(path.name for path in lent.ours.iterdir()) == ["job.json", "work"]
        assert (lent.ours / "job.json").read_text() == "{}"
        assert (work / "mine").exists()
    assert not lent.ours.exists()


@pytest.mark.parametrize("child", ["lambda folder: {'env': {'TMPDIR': str(folder)}}", "lambda folder: {'cwd': folder}"])
def test_the_next_run_ends_and_removes_what_a_killed_one_left(tmp_path: Path, child: str) -> None:
    with a_run(tmp_path, child) as (process, folder, left):
        process.kill()
        process.wait()
        assert (folder.is_dir(), running(left)) == (True, True)
        assert is_abandoned(folder / "tree")
        sweep(tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert ends(left)
        assert is_abandoned(folder / "tree")


def test_a_run_that_lives_keeps_what_it_has(tmp_path: Path) -> None:
    with a_run(tmp_path, "lambda folder: {'cwd': folder}") as (_, folder, left):
        assert not is_abandoned(folder / "tree")
        sweep(tmp_path)
        assert (folder.is_dir(), running(left)) == (True, True)


def test_nothing_of_others_is_touched(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("pocketfit-mine", "other", "x-pocketfit-run-1")]
    for folder in kept:
        folder.mkdir()
    (tmp_path / "pocketfit-run-link").symlink_to(kept[0])
    (tmp_path / "pocketfit-run-file").touch()
    strangers = tmp_path / "pocketfit-run-stranger"
    strangers.mkdir()
    if os.geteuid() == 0:
        os.chown(strangers, pwd.getpwnam("nobody").pw_uid, -1)
    before = sorted(path.name for path in tmp_path.iterdir())
    sweep(tmp_path)
    gone = [] if os.geteuid() == 0 else ["pocketfit-run-stranger"]
    assert sorted([*gone, *(path.name for path in tmp_path.iterdir())]) == before
    assert not is_abandoned(kept[0])


def test_two_runs_at_once_make_their_folders_side_by_side(tmp_path: Path) -> None:
    """Each sweeps while the other locks what it just made."""
    code = "from pocketfit.files.temporary import run_folder; import sys; print(run_folder()); sys.stdin.read()"
    runs = [
        subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]  # fmt: skip
    folders = [run.stdout.readline().strip() for run in runs if run.stdout]
    assert all(Path(folder).is_dir() for folder in folders)
    assert len(set(folders)) == 6
    for run in runs:
        run.communicate("")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_dies_with_its_owner_alone(tmp_path: Path) -> None:
    """Its children do not keep it."""
    with a_run(tmp_path) as (process, folder, left):
        process.kill()
        process.wait()
        assert running(left)
        descriptor = os.open(folder.parent, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)


def test_nowhere_to_put_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "_own", [])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(EnvironmentProblem) as caught, temporary_folder("x"):
        pass
    assert str(caught.value) == (
        "no folder for temporary files can be made (No such file or directory): set TMPDIR to one that has room"
    )
