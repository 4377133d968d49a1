"""The cache as a user meets it: the second run of the same builds nothing, tries nothing, and gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import android_or_why
from tests.integration.conftest import Git, require
from tests.integration.test_run import pocketfit


@pytest.fixture(autouse=True)
def android() -> None:
    reason = JvmDevice(DeviceSpec(), android_or_why()).unavailable()
    require(reason is None, f"device jvm: {reason}")


def bytes_of(out: Path) -> dict[str, str]:
    """Every artifact and golden tensor by its hash."""
    files = [path for path in (out / "artifacts").rglob("*") if path.is_file()]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_second_run_of_the_same_builds_and_tries_nothing(repository: Path, git: Git, tmp_path: Path) -> None:
    git("switch", "-q", "-c", "topic")
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    out, cache = repository / "pocketfit-out", tmp_path / "cache"

    def run() -> tuple[dict[str, str], dict[str, object], str]:
        words = ["run", "--base", "main", "--device", "jvm", "--cache", str(cache), "--explain-cache"]
        done = pocketfit(repository, *words, POCKETFIT_NO_CACHE="0")
        assert done.returncode == 0, done.stderr
        return bytes_of(out), json.loads((out / "report.json").read_text()), done.stderr

    first, cold, said = run()
    assert "head net/lite/fp32: not found" in said
    # Its network draws its weights, which nothing in the code says: torch's seed is always the same.
    again, warm, said = run()

    assert again == first
    for side in ("base", "head"):
        assert f"{side} net/lite/fp32: found" in said
    assert "head net/lite/fp32: passed on jvm before, on the same inputs (cache)" in said
    # What model code, pip and the JVM say goes there: there was none of them.
    assert not (out / "logs").exists()
    (before,), (row,) = cold["rows"], warm["rows"]  # type: ignore[misc]
    for kept in ("load_ms", "first_ms"):
        assert before["smoke"].pop(kept) is not None
        assert row["smoke"].pop(kept) is None
    assert row == before

    # A file that is damaged is built again, and said.
    damaged, *_ = cache.glob("v1/builds/*/*/*.ptl")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    repaired, _, said = run()
    assert repaired == first
    assert "is damaged and is made again: net.lite.fp32.ptl has another size" in said
