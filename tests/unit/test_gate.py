"""What the gate runs and what CI on GitHub runs is one list."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_ci_runs_what_the_gate_runs() -> None:
    gate = set(re.findall(r"^step (\S+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE))
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    ci = set(re.findall(r"^ *(?:- run: )?make ([\w-]+)", workflow, re.MULTILINE))
    assert ci == gate
