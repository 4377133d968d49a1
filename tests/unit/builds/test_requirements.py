from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.builds.requirements import read_requirements
from pocketfit.errors import ConfigError


def test_includes_and_trees_tell_files_apart(tmp_path: Path) -> None:
    trees = [tmp_path / name for name in "ab"]
    for tree in trees:
        (tree / "more").mkdir(parents=True)
        (tree / "r.txt").write_text("-r more/m.txt\nx\n")
        (tree / "more/m.txt").write_text("-r m.txt\ny\n")
    assert read_requirements(trees[0], "r.txt").digest() == read_requirements(trees[1], "r.txt").digest()
    (trees[1] / "more/m.txt").write_text("z\n")
    assert read_requirements(trees[0], "r.txt").digest() != read_requirements(trees[1], "r.txt").digest()
    for line in ("-e .", "./pkg", ".", "pkg @ file:///x", ".[all]"):
        for tree in trees:
            (tree / "r.txt").write_text(f"{line}\n")
        assert read_requirements(trees[0], "r.txt").digest() != read_requirements(trees[1], "r.txt").digest(), line
    (trees[0] / "r.txt").write_text("--requirement=gone.txt\n")
    with pytest.raises(ConfigError, match=r"^requirements: gone.txt can't be read: No such file"):
        read_requirements(trees[0], "r.txt").digest()


def test_a_file_that_is_not_there_is_told_from_those_that_are(tmp_path: Path) -> None:
    for name in ("requirements-mobile.txt", "requirements/dev.txt", "notes.txt", "deep/er/requirements.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ConfigError) as caught:
        read_requirements(tmp_path, "requirements.txt")
    assert str(caught.value) == (
        "requirements: requirements.txt can't be read: No such file or directory; "
        "the repository has requirements-mobile.txt, requirements/dev.txt"
    )


def test_a_link_to_something_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"^requirements: requirements.txt can't be read: requirements.txt is not a "):
        read_requirements(tmp_path, "requirements.txt")
