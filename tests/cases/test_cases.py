"""Each case as a test; not among pytest's default paths, since they take many minutes: `make cases`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.__main__ import judge
from tests.cases.rows import folders


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", folders(), ids=lambda case: case.name)
def test_case_is_as_it_should_be(case: Path) -> None:
    problems, _, _ = judge(case)
    assert problems == []
