"""A seed makes one model, for good; models are plain Python that torch runs."""

from __future__ import annotations

import tomllib

import pytest

from tests.differential.grammar.sample import make_sample

SEEDS = range(200)


def test_a_seed_makes_the_same_model_each_time() -> None:
    assert [make_sample(seed) for seed in SEEDS] == [make_sample(seed) for seed in SEEDS]


def test_every_model_is_a_module_of_python_with_a_configuration() -> None:
    for seed in SEEDS:
        sample = make_sample(seed)
        compile(sample.source, sample.name, "exec")
        assert tomllib.loads(sample.config)["models"]["net"]["source"] == "model.py:build"


def test_most_kinds_of_trap_are_in_the_first_models() -> None:
    planted = {feature.name for seed in SEEDS for feature in make_sample(seed).features}
    assert len(planted) >= 28


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int8-dynamic"])
def test_every_precision_is_tried(precision: str) -> None:
    assert any(precision in {one for _, one in make_sample(seed).variants} for seed in SEEDS)
