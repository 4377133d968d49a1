"""The modes plan and merge: one job shares the work out, one makes a report of what the others found."""

from __future__ import annotations

import json
from pathlib import Path

from entrypoint.inputs import Inputs
from pocketfit.errors import ConfigError
from pocketfit.shards.plan import matrix, read_plan

PLAN_FILE = "plan.json"


def plan_words(inputs: Inputs) -> list[str]:
    words = ["plan", "--output", f"{inputs.out}/{PLAN_FILE}"]
    if inputs.shards:
        words += ["--shards", str(inputs.shards)]
    if inputs.costs:
        words += ["--costs", inputs.costs]
    return words


def merge_words(inputs: Inputs, workspace: Path) -> list[str]:
    """The folders below `results`, one for each shard, and the plan in one of its own; raises ConfigError."""
    if inputs.results is None:
        raise ConfigError("mode merge needs the input results: the folder that actions/download-artifact filled")
    folder = workspace / inputs.results
    folders = sorted(path for path in folder.glob("*") if path.is_dir() and not path.is_symlink())
    plans = [path for path in (folder, *folders) if (path / PLAN_FILE).is_file()]
    if len(plans) > 1:
        raise ConfigError(f"results: {inputs.results} holds {len(plans)} files {PLAN_FILE}: give it one run's results")
    shards = [path for path in folders if path not in plans]
    if not shards and not plans:
        raise ConfigError(f"results: there is nothing in {inputs.results}: did actions/download-artifact run before?")
    plan = ["--plan", str((plans[0] / PLAN_FILE).relative_to(workspace))] if plans else []
    return ["merge", "--out", inputs.out, *plan, *(str(path.relative_to(workspace)) for path in shards)]


def read_matrix(out: Path) -> str:
    """Make JSON for `strategy.matrix` of the plan, read as data: the run wrote it next to other people's code."""
    return json.dumps(matrix(read_plan(out / PLAN_FILE)))
