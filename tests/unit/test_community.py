"""What GitHub shows to somebody who has a problem: the forms, which it drops without a word where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def read(path: Path) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    return yaml.load(path)


@pytest.mark.parametrize("path", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.stem)
def test_a_form_is_what_github_takes(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= form.keys() <= {"name", "description", "body", "labels", "title"}
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert {part["type"] for part in form["body"]} <= KINDS
    assert asked, "a form of nothing but text is refused"
    names = [part["id"] for part in asked]
    assert len(set(names)) == len(names)
    assert all(part["attributes"]["label"] for part in asked)
    for part in asked:
        assert part["type"] != "dropdown" or len(set(part["attributes"]["options"])) > 1


@pytest.mark.parametrize("name", ["verdict", "bug"])
def test_a_report_has_what_the_machine_says(name: str) -> None:
    (asked,) = [
        part for part in read(ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml")["body"] if part.get("id") == "doctor"
    ]
    assert "pocketfit doctor --json" in asked["attributes"]["label"]
    assert asked["validations"] == {"required": True}


def test_a_hole_is_not_reported_in_public() -> None:
    config = read(ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml")
    assert config["blank_issues_enabled"] is False
    assert any(link["url"].endswith("/security/policy") for link in config["contact_links"])
