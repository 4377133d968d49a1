from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketfit.exporter.importing import finder


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A repository that code is looked for in, for as long as the test runs."""
    before = list(sys.path), list(sys.meta_path)
    folder = tmp_path / "root"
    folder.mkdir()
    finder.install(folder)
    yield folder
    sys.path[:], sys.meta_path[:] = before
