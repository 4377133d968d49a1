from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def as_in_a_process_of_its_own() -> Iterator[None]:
    """Each test looks for its own repository's code alone, as the child that builds a variant does."""
    before = list(sys.path), list(sys.meta_path)
    yield
    sys.path[:], sys.meta_path[:] = before
