from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tools.release.checks import Tree, refusals

CLEAN = Tree("1.2.0", (), frozenset({"v1.1.0", "v1"}), "# Changelog\n\n## 1.2.0 (1 December 2026)\n\n- New.\n")


def test_a_clean_tree_can_be_released() -> None:
    assert refusals("1.2.0", CLEAN, released=False) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": "1.1.0"}, "src/pocketfit/__init__.py has version 1.1.0, not 1.2.0: release that, or change it"),
        ({"changed": ("a.py",)}, "a.py differs from HEAD: commit it, since a release is of a commit"),
        ({"changed": ("a.py", "b", "c")}, "a.py and 2 more differs from HEAD: commit it, since a release is of a commit"),
        ({"tags": frozenset({"v1.2.0"})}, "the tag v1.2.0 exists, with another commit or other images: take the next version"),
        ({"changelog": "## 1.2.0rc1\n\n## 11.2.0\n"}, "CHANGELOG.md has no heading for 1.2.0: its notes are the release's"),
        ({"changelog": "## 1.2.0 (not released)\n"}, "CHANGELOG.md says '1.2.0 (not released)': write the day in place of that"),
    ],
)  # fmt: skip
def test_what_a_release_is_refused_for(changes: dict[str, Any], sentence: str) -> None:
    assert refusals("1.2.0", replace(CLEAN, **changes), released=False) == [sentence]


def test_the_tag_of_this_very_release_is_no_reason() -> None:
    assert refusals("1.2.0", replace(CLEAN, tags=frozenset({"v1.2.0"})), released=True) == []


@pytest.mark.parametrize("wanted", ["v1.2.0", "1.2", "1.2.0-rc1", "", "1.2.0; rm"])
def test_what_is_no_version(wanted: str) -> None:
    assert refusals(wanted, CLEAN, released=False) == [
        f"{wanted!r} is no version: write 1.2.3, or 1.2.3rc1 for one to try"
    ]


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(refusals("1.3.0", replace(CLEAN, changed=("a",)), released=False)) == 3
