from __future__ import annotations

import re
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.errors import ConfigError
from tools.release.examples import copied, naming
from tools.release.places import ROOT

COMMIT = "0a" * 20


@pytest.mark.parametrize("path", copied(ROOT), ids=lambda path: path.name)
def test_all_that_users_copy_names_the_commit_and_stays_as_it_is_otherwise(path: Path) -> None:
    text = path.read_text()
    named = naming(text, "1.2.0", COMMIT)
    changed = [(old, new) for old, new in zip(text.splitlines(), named.splitlines(), strict=True) if old != new]
    assert changed
    for old, new in changed:
        assert re.fullmatch(rf" +- uses: pocketfit/pocketfit(/comment)?@{COMMIT} # v1\.2\.0", new)
        assert new.partition("@")[0] == old.partition("@")[0]
    assert naming(named, "1.2.0", COMMIT) == named


def test_all_of_them_name_one_release() -> None:
    """The tag of this version until it is released, then one commit."""
    found = {
        used
        for path in copied(ROOT)
        for used in re.findall(r"uses: pocketfit/pocketfit(?:/comment)?@(\S+(?: # v\S+)?)", path.read_text())
    }
    (one,) = found
    assert re.fullmatch(rf"v{re.escape(__version__)}|[0-9a-f]{{40}} # v\S+", one)


@pytest.mark.parametrize("commit", ["v1.2.0", COMMIT[1:], ""])
def test_only_a_whole_commit_is_one(commit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        naming("", "1.2.0", commit)
    assert str(caught.value) == f"{commit!r} is no commit: 40 hexadecimal digits"
