from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.shard_balance import RECORDED, costs_of
from pocketfit.errors import ConfigError
from pocketfit.records import (
    Built,
    DeviceInfo,
    Export,
    Failed,
    Parity,
    Smoke,
    Snapshot,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.shards.plan import (
    estimate_s,
    matrix,
    plan_shards,
    read_costs_s,
    read_plan,
    recorded_costs_s,
)
from pocketfit.store import write_snapshot, write_trial

A, B, C, D, E = (Variant(name, "lite", "fp32") for name in "abcde")
SLOW = Variant("a", "executorch", "int8")


def built(variant: Variant, build_s: float | None) -> Built:
    return Built(variant, f"{variant.stem}.ptl", 1, 1, "aa", Export(1, {}, (), (), (), Parity()), build_s=build_s)


def snapshot(side: str, *outcomes: Built | Failed) -> Snapshot:
    return Snapshot(side, None, "0.1.0", "2.12.1", f"artifacts/{side}", outcomes)  # type: ignore[arg-type]


def trial(variant: Variant, trial_s: float) -> Trial:
    return Trial(DeviceInfo("jvm", "", "", 1, {}), (TrialRow(variant, None, Smoke("passed"), trial_s=trial_s),))


def test_the_longest_go_first_to_where_there_is_least() -> None:
    costs = {A: 7.0, B: 6.0, C: 5.0, D: 4.0, E: 4.0}
    shards = plan_shards([A, B, C, D, E], costs, 2)
    assert [(one.shard, one.variants, one.estimated_s) for one in shards] == [(1, (A, D, E), 15.0), (2, (B, C), 11.0)]


def test_without_costs_all_count_alike() -> None:
    assert plan_shards([A, B, C], {}, 2) == plan_shards([A, B, C], {}, 2)
    assert [(one.variants, one.estimated_s) for one in plan_shards([A, B, C], {}, 2)] == [((A, C), None), ((B,), None)]


def test_no_shard_is_empty() -> None:
    assert [one.variants for one in plan_shards([A, B], {A: 0.0, B: 0.0}, 9)] == [(A,), (B,)]
    assert plan_shards([], {}, 3) == ()


@pytest.mark.parametrize(
    ("variant", "expected_s"),
    [
        (A, 2.0),
        (Variant("new", "lite", "fp32"), 3.0),
        (Variant("new", "lite", "int8"), 3.0),
        (Variant("new", "executorch", "fp16"), 60.0),
        (Variant("new", "torchscript", "fp32"), 4.0),
    ],
)
def test_what_has_no_cost_counts_as_what_is_like_it(variant: Variant, expected_s: float) -> None:
    assert estimate_s(variant, {A: 2.0, B: 4.0, SLOW: 60.0}) == expected_s


def test_costs_are_both_builds_and_the_device() -> None:
    head = snapshot("head", built(A, 2.0), Failed(B, "no", build_s=1.0), built(C, None))
    assert recorded_costs_s(None, head, None) == {A: 4.0, B: 2.0}
    assert recorded_costs_s(snapshot("base", built(A, 5.0)), head, trial(A, 0.5)) == {A: 7.5, B: 2.0}


def test_costs_of_earlier_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = tmp_path / "run"
    write_snapshot(run / "head.json", snapshot("head", built(A, 2.0)))
    write_snapshot(run / "base.json", snapshot("base", built(A, 3.0)))
    write_trial(run / "trial.json", trial(A, 1.0))
    assert read_costs_s([run, tmp_path / "gone"]) == {A: 6.0}
    assert f"no costs from {tmp_path}/gone: {tmp_path}/gone/head.json can't be read: No such file" in caplog.text


def test_a_matrix_and_back(tmp_path: Path) -> None:
    shards = plan_shards([A, B, C], {A: 3.0, B: 1.0, C: 1.0}, 2)
    given = matrix(shards)
    assert given == {
        "include": [
            {"shard": 1, "variants": "a/lite/fp32", "estimated_s": 3.0},
            {"shard": 2, "variants": "b/lite/fp32,c/lite/fp32", "estimated_s": 2.0},
        ]
    }
    (tmp_path / "plan.json").write_text(json.dumps(given))
    assert read_plan(tmp_path / "plan.json") == shards


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "can't be read: No such file or directory"),
        ("[]", "is no plan of `pocketfit plan`: it: Input should be an object"),
        ('{"include": []}', "include: List should have at least 1 item"),
        (
            '{"include": [{"shard": 1, "variants": "a/lite/fp32", "x": 1}]}',
            "include.0.x: Extra inputs are not permitted",
        ),
        (
            '{"include": [{"shard": 1, "variants": "../a/lite"}]}',
            "'../a/lite' is no variant: write it like resnet18/lite/fp32",
        ),
    ],
)
def test_plans_that_are_none(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "plan.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_plan(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_twenty_runners_end_within_a_fifth_on_recorded_costs() -> None:
    """Of the models of docs/support.md, whose longest variant alone takes 1.13 times the mean of twenty runners."""
    costs_s = costs_of(RECORDED)

    finishes_s = [shard.estimated_s or 0.0 for shard in plan_shards(list(costs_s), costs_s, 20)]

    assert len(finishes_s) == 20
    assert sum(finishes_s) == pytest.approx(sum(costs_s.values()), abs=1.0)
    assert max(finishes_s) <= 1.2 * sum(finishes_s) / 20
    assert max(finishes_s) == max(costs_s.values())
