"""The sizes that are kept as data are those of the libraries that were built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pocketfit.builds.weigh import sha256_of, weigh
from pocketfit.runtimes.elf import load_alignment_bytes
from pocketfit.runtimes.library import AndroidSide, find_android
from tests.integration.conftest import require
from tools.measure_runtimes import DATA


@pytest.fixture(scope="module")
def android() -> AndroidSide:
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    return find_android()


def test_the_libraries_that_were_built_are_those_that_were_measured(android: AndroidSide) -> None:
    kept: dict[str, Any] = json.loads(DATA.read_text())["libraries"]
    for name, library in android.runtimes.items():
        by_abi = kept[f"{library.artifact} {library.version}"]
        folder = android.folder / name / "jni"
        assert sorted(by_abi) == sorted(path.name for path in folder.iterdir())
        for abi, libraries in by_abi.items():
            assert sorted(libraries) == sorted(path.name for path in (folder / abi).iterdir())
            for file, known in libraries.items():
                path = folder / abi / file
                assert (path.stat().st_size, sha256_of(path)) == (known["size_bytes"], known["sha256"])
                assert load_alignment_bytes(path) == known["alignment_bytes"]
            # The smallest alone: deflating all takes a minute.
            again = weigh(folder / abi / "libfbjni.so")
            assert again.download_bytes == libraries["libfbjni.so"]["download_bytes"]
