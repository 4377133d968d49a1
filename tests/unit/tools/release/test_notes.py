from __future__ import annotations

import pytest

from pocketfit.errors import ConfigError
from tools.release.notes import notes_of
from tools.release.places import ROOT

CHANGELOG = "# Changelog\n\n## 1.1.0 (today)\n\n- New.\n- Newer.\n\n## 1.0.0\n\n- First.\n\n## 0.9.0\n"


@pytest.mark.parametrize(("version", "notes"), [("1.1.0", "- New.\n- Newer.\n"), ("1.0.0", "- First.\n")])
def test_the_notes_are_those_of_the_version(version: str, notes: str) -> None:
    assert notes_of(CHANGELOG, version) == notes


@pytest.mark.parametrize("version", ["0.9.0", "2.0.0", "1.1"])
def test_a_version_without_notes(version: str) -> None:
    with pytest.raises(ConfigError) as caught:
        notes_of(CHANGELOG, version)
    assert str(caught.value) == (
        f"CHANGELOG.md says nothing of {version}: write what is new below a heading '## {version}'"
    )


def test_our_own_changelog_has_notes_of_the_version_that_this_is() -> None:
    from pocketfit import __version__

    assert notes_of((ROOT / "CHANGELOG.md").read_text(), __version__).startswith("- ")
