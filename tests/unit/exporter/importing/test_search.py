from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.exporter.importing.search import lying, project_of, python_files, similar, similar_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "net.py",
        "research/detector/model.py",
        "research/detector/__init__.py",
        "env/pyvenv.cfg",
        "env/lib/late.py",
        ".hidden/late.py",
        "node_modules/late.py",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_what_is_installed_or_hidden_is_not_the_repositorys(root: Path) -> None:
    assert list(python_files(root)) == ["net.py", "research/detector/__init__.py", "research/detector/model.py"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nets.py", "net.py"),
        ("model.py", "research/detector/model.py"),
        ("research/detector/models.py", "research/detector/model.py"),
        ("reserch/detector/model.py", "research/detector/model.py"),
        ("train.py", None),
    ],
)
def test_the_file_that_was_meant(root: Path, written: str, meant: str | None) -> None:
    assert similar_file(root, written) == meant


def test_where_a_module_lies(root: Path) -> None:
    assert lying([root], "detector") == ["research"]
    assert lying([root], "net") == ["."]
    assert lying([root], "late") == []
    assert similar([root], "detector.modle") == "detector.model"
    assert similar([root], "detector.nothing_like_it") is None


def test_the_project_of_a_folder(root: Path) -> None:
    assert project_of(root, "research") is None
    (root / "pyproject.toml").touch()
    assert project_of(root, "research") == "."
    (root / "research" / "setup.py").touch()
    assert project_of(root, "research/detector") == "./research"
