from __future__ import annotations

import json
from pathlib import Path

import pytest

from entrypoint.inputs import Inputs
from entrypoint.sharding import merge_words, plan_words, read_matrix
from pocketfit.errors import ConfigError

PLAN = {"include": [{"shard": 1, "variants": "a/lite/fp32", "estimated_s": None}]}


def test_the_inputs_of_a_plan_reach_the_command_line() -> None:
    assert plan_words(Inputs()) == ["plan", "--output", "pocketfit-out/plan.json"]
    assert plan_words(Inputs(out="o", shards=3, costs="earlier")) == [
        *("plan", "--output", "o/plan.json", "--shards", "3", "--costs", "earlier")
    ]


def test_merge_takes_every_folder_but_the_plans(tmp_path: Path) -> None:
    for name in ("pocketfit-plan", "shard-1", "shard-2"):
        (tmp_path / "results" / name).mkdir(parents=True)
    (tmp_path / "results/pocketfit-plan/plan.json").touch()
    (tmp_path / "results/link").symlink_to("/")
    assert merge_words(Inputs(results="results"), tmp_path) == [
        *("merge", "--out", "pocketfit-out", "--plan", "results/pocketfit-plan/plan.json"),
        *("results/shard-1", "results/shard-2"),
    ]


def test_merge_works_without_a_plan(tmp_path: Path) -> None:
    (tmp_path / "results/1").mkdir(parents=True)
    assert merge_words(Inputs(out="o", results="results"), tmp_path) == ["merge", "--out", "o", "results/1"]


def test_nothing_to_merge_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^mode merge needs the input results: the folder that"):
        merge_words(Inputs(), tmp_path)
    with pytest.raises(
        ConfigError, match=r"^results: there is nothing in gone: did actions/download-artifact run before"
    ):
        merge_words(Inputs(results="gone"), tmp_path)


def test_two_plans_are_an_error(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "plan.json").touch()
    with pytest.raises(ConfigError, match=r"^results: results holds 2 files plan.json: give it one run's results$"):
        merge_words(Inputs(results="results"), tmp_path)


def test_the_matrix_is_read_back_as_data(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN, indent=1))
    assert json.loads(read_matrix(tmp_path)) == PLAN
    (tmp_path / "plan.json").write_text('{"include": [{"shard": 1, "variants": "$(id)"}]}')
    with pytest.raises(ConfigError, match="is no variant"):
        read_matrix(tmp_path)
