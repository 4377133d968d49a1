"""What is fetched is pinned, and no workflow runs a pull request's code beside a token that can write."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("examples/workflows/*.yml")])
TORCH = (ROOT / "requirements/torch.txt").read_text()
POM = (ROOT / "src/android/pom.xml").read_text()
ASSEMBLE = (ROOT / "src/android/assemble.xml").read_text()
PINNED = dict(
    line.split("=") for line in (ROOT / "src/android/checksums.properties").read_text().splitlines() if line[0] != "#"
)


def locked(file: str) -> dict[str, str]:
    """Each requirement of a lock, NAME==VERSION, with its hashes."""
    text = (ROOT / "requirements" / file).read_text()
    entries = re.findall(r"^([\w.-]+==\S+)((?:.*\\\n)+.*)$", text, re.MULTILINE)
    return dict(entries)


DOCKERFILES = ("Dockerfile", "Dockerfile.comment")
REMOVAL = "find / -xdev -type f -perm /6000 -exec chmod a-s {} +"
# torch.txt has the versions that two others lock.
LOCKS = sorted({path.name for path in (ROOT / "requirements").glob("*.txt")} - {"torch.txt"})


@pytest.mark.parametrize("file", LOCKS)
def test_every_lock_has_hashes(file: str) -> None:
    entries = locked(file)
    assert entries
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", hashes) for hashes in entries.values())
    text = (ROOT / "requirements" / file).read_text()
    assert len(entries) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)), "one has no hash"


def test_torch_is_locked_at_the_version_that_is_pinned() -> None:
    for wanted in re.findall(r"^\S+==\S+$", TORCH, re.MULTILINE):
        assert wanted in locked("torch-locked.txt")


@pytest.mark.parametrize(
    ("cpu_index", "lock", "last"),
    [
        ("answers", False, "install --retries 1 --timeout 30 --no-deps --index-url http://cpu -r {}/torch.txt"),
        ("answers", True, "install --retries 1 --timeout 30 --no-deps --index-url http://cpu --require-hashes -r {}/torch-cpu.txt"),
        ("is gone", False, "install --require-hashes -r {}/torch-locked.txt"),
        ("is gone", True, "install --require-hashes -r {}/torch-locked.txt"),
    ],
)  # fmt: skip
def test_torch_comes_from_one_index_and_by_hash_where_there_is_one(
    tmp_path: Path, cpu_index: str, lock: bool, last: str
) -> None:
    """Were two indexes asked, either could answer for torch."""
    script = tmp_path / "install-torch.sh"
    script.write_bytes((ROOT / "requirements/install-torch.sh").read_bytes())
    script.chmod(0o755)
    if lock:
        (tmp_path / "torch-cpu.txt").touch()
    pip = tmp_path / "a pip"
    fails = "case $* in *index-url*) exit 1;; esac" if cpu_index == "is gone" else ""
    pip.write_text(f'#!/bin/sh\necho "$*" >> "$LOG"\n{fails}\n')
    pip.chmod(0o755)
    environ = {**os.environ, "LOG": str(tmp_path / "log")}
    subprocess.run([script, "http://cpu", pip, "--quiet"], env=environ, check=True, capture_output=True)
    calls = (tmp_path / "log").read_text().splitlines()
    assert calls[-1] == f"--quiet {last.format(tmp_path)}"
    assert len(calls) == (2 if cpu_index == "is gone" else 1)
    assert not any("extra-index-url" in call for call in calls)


@pytest.mark.parametrize(("name", "patience"), [("uv", ""), ("pip", " --retries 1 --timeout 30")])
def test_an_index_that_is_gone_is_said_in_one_line(tmp_path: Path, name: str, patience: str) -> None:
    """pip says it in a score of warnings."""
    program = tmp_path / name
    complaint = "WARNING: Retrying\\nWARNING: Retrying\\nERROR: no version of torch\\n"
    program.write_text(
        f"#!/bin/sh\ncase $* in *index-url*) echo \"$@\" > '{tmp_path}/words'; printf '{complaint}' >&2; exit 1;; esac\n"
    )
    program.chmod(0o755)
    done = subprocess.run(
        [ROOT / "requirements/install-torch.sh", "http://cpu", program, "pip"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines() == [
        "the CPU build of torch can't be had from http://cpu (ERROR: no version of torch): taking the ordinary one, 2.8 GB"
    ]
    assert (tmp_path / "words").read_text().startswith(f"pip install{patience} --no-deps --index-url http://cpu ")


def test_a_pip_that_fails_for_good_fails_the_build(tmp_path: Path) -> None:
    done = subprocess.run([ROOT / "requirements/install-torch.sh", "http://cpu", "false"], check=False)
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("archive", "version"),
    [
        ("pytorch_android_lite-{}.aar", "pytorch.lite.version"),
        ("pytorch_android-{}.aar", "pytorch.full.version"),
        ("fbjni-java-only-{}.jar", "fbjni.version"),
        ("nativeloader-{}.jar", "nativeloader.version"),
        ("dalvik-dx-{}.jar", "dx.version"),
        ("fbjni-{}.aar", "executorch.fbjni.version"),
    ],
)
def test_what_maven_fetches_for_the_android_side_is_pinned(archive: str, version: str) -> None:
    found = re.search(rf"<{re.escape(version)}>(.+)</", POM)
    assert found
    assert re.fullmatch(r"[0-9a-f]{64}", PINNED[archive.format(found[1])])
    assert f'named="{archive.format(f"${{{version}}}")}"' in ASSEMBLE


def test_what_npm_fetches_is_pinned_by_the_hash_that_its_registry_gives() -> None:
    found = re.findall(r"<executorch\.(?:\d\.\d\.)?npm\.version>(.+)</", POM)
    assert len(found) == 3
    for version in found:
        assert re.fullmatch(r"[0-9a-f]{128}", PINNED[f"react-native-executorch-{version}.tgz"])
    assert 'named="${npm.package}-@{version}.tgz" algorithm="SHA-512"' in ASSEMBLE
    # Ant reads two signs as one, and the third as a parameter's.
    assert '"pack --loglevel=error --ignore-scripts ${npm.package}@@@{version}"' in ASSEMBLE


def test_both_images_have_one_base() -> None:
    bases = {re.findall(r"^ARG BASE=.*$", (ROOT / file).read_text(), re.MULTILINE)[0] for file in DOCKERFILES}
    assert len(bases) == 1


def test_the_small_image_has_packages_of_the_large_one_without_its_heavy_ones() -> None:
    small, large = locked("comment.txt").keys(), locked("requirements.txt").keys()
    assert small < large
    assert {"numpy", "pillow", "sympy"}.isdisjoint(name.partition("==")[0] for name in small)


def test_the_small_image_has_no_program_that_makes_its_caller_another_user() -> None:
    """Its last stage takes all that the one before has left."""
    before, _, last = (ROOT / "Dockerfile.comment").read_text().rpartition("\nFROM ")
    assert REMOVAL in before.rpartition("\nRUN ")[2]
    assert last.startswith("scratch\n\nCOPY --from=whole / /\n")


def test_the_image_has_no_program_that_makes_its_caller_another_user() -> None:
    last_stage = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert REMOVAL in last_stage
    assert last_stage.rindex("apt-get install") < last_stage.index(REMOVAL)


def jobs(workflow: str) -> list[str]:
    return re.split(r"^  (?=\S)", workflow.partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_no_workflow_keeps_the_checkouts_credential(path: Path) -> None:
    text = path.read_text()
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert "\npermissions: {}\n" in text


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda path: path.name)
def test_no_workflow_of_ours_runs_a_pull_requests_code_beside_a_token_that_can_write(path: Path) -> None:
    """In examples a repository's own branches may: docs/github.md says what that means."""
    text = path.read_text()
    on_pull_request = re.search(r"^  pull_request:|^on: pull_request", text, re.MULTILINE) is not None
    assert "pull_request_target" not in text
    for job in jobs(text):
        assert not (on_pull_request and re.search(r": write\b", job)), job


def test_actions_are_pinned_to_a_commit() -> None:
    for path in WORKFLOWS:
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            ours = r"\./(comment)?|pocketfit/pocketfit(/comment)?@v0\.1\.0"
            assert re.fullmatch(ours, used) or re.search(r"@[0-9a-f]{40}$", used), used


def test_dependabot_looks_after_every_kind_of_pin() -> None:
    text = (ROOT / ".github/dependabot.yml").read_text()
    assert re.findall(r"package-ecosystem: (\S+)", text) == ["github-actions", "docker", "pip", "maven"]
