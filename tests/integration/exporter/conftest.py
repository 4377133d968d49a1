from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pocketfit.exporter.importing.finder import InstalledFirst


@pytest.fixture(autouse=True)
def as_in_a_process_of_its_own() -> Iterator[None]:
    """Each test looks for its own repository's code alone, as the child that builds a variant does."""
    # That of a fixture that lives longer than a test is another repository's.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, InstalledFirst)]
    before = list(sys.path), list(sys.meta_path)
    yield
    sys.path[:], sys.meta_path[:] = before
