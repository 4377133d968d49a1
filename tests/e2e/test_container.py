"""The image by hand: whose the files are that it writes, and what its build is sent."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from pocketfit.process import run
from tests.e2e.repository import ROOT
from tests.e2e.roads import CHANGE, COMMIT, IN_CONTAINER, give, others, plants, shell

# Where no workflow ran before it, this builds the image.
pytestmark = pytest.mark.timeout(1500)

# Who tests is not who owns the folder, and git asks.
TRUSTED = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def test_files_in_somebodys_repository_are_theirs(image: None, tmp_path: Path) -> None:
    """In one format, since the other's would be no other files; docs/quickstart.md's road is in test_quickstart.py."""
    folder = plants(tmp_path / "plants")
    give(folder)
    here = shell(folder, **TRUSTED)
    here.transcript([f"{IN_CONTAINER} init --no-check"])
    assert others(folder) == []

    config = folder / "pocketfit.toml"
    one = config.read_text().replace('formats = ["lite", "executorch"]', 'formats = ["lite"]')
    assert one != config.read_text()
    config.write_text(f"[device]\nlatency_budget_s = 5\n\n{one}")
    here.transcript([*COMMIT, CHANGE])
    give(folder)
    here.transcript([f"{IN_CONTAINER} run --base main", f"{IN_CONTAINER} export --out for/the/app"])
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {
        "pocketfit-out/report.html",
        "pocketfit-out/artifacts/base/PlantNet.lite.fp32.ptl",
        "for/the/app/artifacts/head/PlantNet.lite.fp32.ptl",
    } <= made
    assert others(folder) == []


def test_a_build_is_sent_what_it_needs_alone() -> None:
    """Environments and builds are gigabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / ".dockerignore", folder)
        for file in (".venv/lib/torch.so", "build/android/lib.so", ".git/config", "src/android/target/x.class",
                     "src/pocketfit/__pycache__/x.pyc", "tests/x.py", "src/pocketfit/x.py", "src/android/pom.xml",
                     "entrypoint/x.py", "requirements/x.txt", "pyproject.toml"):  # fmt: skip
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).touch()
        (folder / "Dockerfile").write_text('FROM scratch\nCOPY . /\nCMD ["nothing"]\n')
        sent = run("docker", "build", "--quiet", folder, timeout=120).strip()
        try:
            container = run("docker", "create", sent, timeout=60).strip()
            listed = run("sh", "-c", f"docker export {container} | tar -t", timeout=60)
            run("docker", "rm", container, timeout=60)
        finally:
            run("docker", "image", "rm", sent, timeout=60)
    files = {
        line
        for line in listed.split()
        if line.endswith((".so", "config", ".class", ".pyc", ".py", ".xml", ".txt", ".toml"))
    }
    assert files == {
        "src/pocketfit/x.py",
        "src/android/pom.xml",
        "entrypoint/x.py",
        "requirements/x.txt",
        "pyproject.toml",
    }
