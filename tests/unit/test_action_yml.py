"""action.yml keeps the contract, and its defaults are the program's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entrypoint.inputs import COMMENT_TASKS, read_inputs
from pocketfit.github.foreign_report import artifact_name

ROOT = Path(__file__).parents[2]
ACTION = (ROOT / "action.yml").read_text()
COMMENT = (ROOT / "comment/action.yml").read_text()
INPUTS = [
    *("config", "model", "input-shape", "formats", "precisions", "base", "device", "mode"),
    *("comment", "comment-key", "check-run", "requirements", "cache", "history", "out", "emulator-image"),
    *("variants", "shards", "costs", "results", "github-token"),
]
OUTPUTS = [
    *("verdict", "report-json", "report-md", "report-html", "artifacts"),
    *("comment-url", "comment-posted", "check-run-url", "matrix"),
]


def entries(section: str, action: str = ACTION) -> dict[str, str]:
    """The entries of one top-level mapping of an action.yml, each with its lines; none of our dependencies reads YAML."""
    body = re.split(rf"^{section}:\n", action, flags=re.MULTILINE)[1]
    body = re.split(r"^\S", body, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.split(r"^  ([\w-]+):\n", body, flags=re.MULTILINE)
    return {name: f"{lines.rstrip()}\n" for name, lines in zip(found[1::2], found[2::2], strict=True)}


def default(lines: str) -> str:
    match = re.search(r"^    default: (.*)$", lines, re.MULTILINE)
    return match[1] if match else ""


def test_inputs_and_outputs_are_the_contract() -> None:
    assert list(entries("inputs")) == INPUTS
    assert list(entries("outputs")) == OUTPUTS


@pytest.mark.parametrize("section", ["inputs", "outputs"])
def test_each_input_and_output_is_described(section: str) -> None:
    for name, lines in entries(section).items():
        assert re.search(r"^    description: (>-\n      )?\S.{20,}", lines, re.MULTILINE), name


def test_defaults_are_the_programs() -> None:
    given = {f"INPUT_{name.upper()}": default(lines) for name, lines in entries("inputs").items()}
    assert given.pop("INPUT_GITHUB-TOKEN") == "${{ github.token }}"
    assert read_inputs(given) == read_inputs({})


@pytest.mark.parametrize("section", ["inputs", "outputs"])
def test_what_both_actions_have_is_the_same(section: str) -> None:
    """But for the mode, of which the small one has two."""
    both = entries(section, COMMENT)
    both.pop("mode", None)
    assert both.items() <= entries(section).items()


def test_the_small_action_has_its_own_image_and_mode() -> None:
    assert "runs:\n  using: docker\n  image: ../Dockerfile.comment #" in COMMENT
    assert default(entries("inputs", COMMENT)["mode"]) == COMMENT_TASKS[0]


def test_it_runs_the_dockerfile() -> None:
    assert "runs:\n  using: docker\n  image: Dockerfile\n" in ACTION


@pytest.mark.parametrize("name", INPUTS + OUTPUTS)
def test_the_readme_explains_each_input_and_output(name: str) -> None:
    assert f"`{name}`" in (ROOT / "README.md").read_text()


def test_the_two_workflows_for_forks_find_each_other() -> None:
    check, comment = ((ROOT / f"examples/workflows/fork-{name}.yml").read_text() for name in ("1-check", "2-comment"))
    name = re.search(r"^name: (.+)$", check, re.MULTILINE)
    assert name is not None
    assert f"    workflows: [{name[1]}]\n" in comment
    assert f"          name: {artifact_name('default')}\n" in check
    assert "checkout" not in comment.partition("jobs:")[2]
    assert "write" not in check
