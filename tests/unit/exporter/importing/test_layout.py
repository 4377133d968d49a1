from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.exporter.importing.layout import layout_of

PROJECTS = {
    "setuptools, where": ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["lib"]'),
    "setuptools, package-dir": ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"" = "lib"}'),
    "setuptools, one package": ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"net" = "lib/net"}'),
    "poetry": ("pyproject.toml", '[tool.poetry]\npackages = [{ include = "net", from = "lib" }]'),
    "hatch, packages": ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["lib/net"]'),
    "hatch, sources": ("pyproject.toml", '[tool.hatch.build.targets.wheel]\nsources = ["lib"]'),
    "hatch, of all targets": ("pyproject.toml", '[tool.hatch.build]\npackages = ["lib/net"]'),
    "pdm": ("pyproject.toml", '[tool.pdm.build]\npackage-dir = "lib"'),
    "maturin": ("pyproject.toml", '[tool.maturin]\npython-source = "lib"'),
    "uv": ("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = "lib"'),
    "setup.cfg, package_dir": ("setup.cfg", "[options]\npackage_dir =\n    = lib\n"),
    "setup.cfg, where": ("setup.cfg", "[options.packages.find]\nwhere = lib\n"),
    "setup.py, package_dir": ("setup.py", "import setuptools as s\ns.setup(package_dir={'': 'lib'}, name=n)"),
    "setup.py, where": ("setup.py", "from setuptools import *\nsetup(packages=find_packages(where='lib'))"),
    "setup.py, by place": ("setup.py", "from setuptools import *\nsetup(packages=find_packages('lib'))"),
}


@pytest.mark.parametrize("case", PROJECTS)
def test_where_packages_lie(tmp_path: Path, case: str) -> None:
    file, text = PROJECTS[case]
    (tmp_path / "lib" / "net").mkdir(parents=True)
    (tmp_path / file).write_text(text)
    found = layout_of(tmp_path)
    assert found.folders == (tmp_path / "lib",)
    assert found.packages == {}


def test_src_needs_no_words(tmp_path: Path) -> None:
    assert layout_of(tmp_path).folders == ()
    (tmp_path / "src").mkdir()
    assert layout_of(tmp_path).folders == (tmp_path / "src",)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"net" = "code"}'),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel.sources]\n"code" = "net"'),
        ("setup.cfg", "[options]\npackage_dir =\n    net = code\n"),
    ],
)
def test_a_package_that_is_called_otherwise_than_its_folder(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / file).write_text(text)
    found = layout_of(tmp_path)
    assert (found.folders, found.packages) == ((), {"net": tmp_path / "code"})


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool"),
        ("pyproject.toml", "tool = 3"),
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"" = "../outside"}'),
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = "lib"\npackages = ["net"]'),
        ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = [3, "gone", "."]'),
        ("pyproject.toml", "[tool.hatch.build.targets.wheel]\npackages = 3\nsources = 4"),
        ("setup.cfg", "package_dir"),
        ("setup.py", "def f(:"),
        ("setup.py", "setup(package_dir=here, packages=find_packages(where=where()))"),
    ],
)
def test_what_says_nothing(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "outside").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    (project / file).write_text(text)
    found = layout_of(project)
    assert (found.folders, found.packages) == ((), {})
