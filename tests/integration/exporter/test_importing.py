"""Layouts of repositories and names of files that people have: each model is built, in a child of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pocketfit.records import Built
from tests.integration.builds.test_worker import build_one, reason

LAYERS = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        return self.a(x).relu()
"""
BUILD = "from .layers import Net\ndef build():\n    return Net()\n"


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("flat", "flat/model.py:build"),
        ("src/tiny", "src/tiny/model.py:build"),
        ("src/tiny", "src/tiny/__init__.py:build"),
        ("src/tiny", "tiny:build"),
        ("modèle", "modèle.model:build"),
        ("torchao", "torchao/model.py:build"),
    ],
)
def test_a_package_by_its_file_and_by_its_name(tmp_path: Path, folder: str, source: str) -> None:
    root = tmp_path / "root"
    package = {"__init__.py": "from .model import build\n", "model.py": BUILD, "layers.py": LAYERS}
    write(root, **{f"{folder}/{name}": text for name, text in package.items()})
    built = build_one(root, source, "torchscript")
    assert isinstance(built, Built), built


@pytest.mark.parametrize("file", ["2d pose/modèle.py", "torchao.py"])
@pytest.mark.parametrize("how", ["trace", "script"])
def test_a_lone_file_of_any_name(tmp_path: Path, file: str, how: str) -> None:
    root = tmp_path / "root"
    write(root, **{file: LAYERS})
    built = build_one(root, f"{file}:Net", "torchscript", how=how)
    assert isinstance(built, Built), built


def test_a_script_in_a_package_that_cannot_be_imported(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, **{"pkg/__init__.py": "import wandb_of_ours\n", "pkg/net.py": "from layers import Net\n"})
    write(root, **{"pkg/layers.py": LAYERS, "pkg/relative.py": "from .layers import Net\n"})
    assert isinstance(build_one(root, "pkg/net.py:Net"), Built)
    assert "No module named 'wandb_of_ours'" in reason(build_one(root, "pkg/relative.py:Net"))


@pytest.mark.parametrize(("old", "name", "kind"), [("Net", "Größe", "class"), ("x", "x_θ", "argument")])
def test_a_letter_that_torchscript_cannot_read_back(tmp_path: Path, old: str, name: str, kind: str) -> None:
    root = tmp_path / "root"
    write(root, **{"net.py": re.sub(rf"\b{old}\b", name, LAYERS)})
    source = f"net.py:{name if kind == 'class' else 'Net'}"
    assert reason(build_one(root, source, "torchscript")).startswith(f"the {kind} {name} has the letter ")
    assert isinstance(build_one(root, source, "lite"), Built)


LAYOUTS: dict[str, tuple[dict[str, str], str]] = {
    "setuptools": ({"pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["lib"]', "lib/tiny/net.py": LAYERS}, "tiny.net:Net"),
    "poetry": ({"pyproject.toml": '[tool.poetry]\npackages = [{ include = "tiny", from = "lib" }]', "lib/tiny/net.py": LAYERS, "train.py": "from tiny.net import Net\n"}, "train.py:Net"),
    "renamed": ({"pyproject.toml": '[tool.setuptools]\npackage-dir = { tiny = "code" }', "code/__init__.py": LAYERS}, "tiny:Net"),
    "src, of a script": ({"src/tiny/__init__.py": LAYERS, "tools/export.py": "from tiny import Net\n"}, "tools/export.py:Net"),
    "a project inside": ({"apps/pyproject.toml": "", "apps/src/tiny/__init__.py": LAYERS, "apps/run/net.py": "from tiny import Net\n"}, "apps/run/net.py:Net"),
    "beside its folder": ({"model.py": "from model.layers import Net\n", "model/__init__.py": "", "model/layers.py": LAYERS}, "model.py:Net"),
    "beside its folder, in a package": ({"tiny/__init__.py": "", "tiny/model.py": "from .model.layers import Net\n", "tiny/model/__init__.py": "", "tiny/model/layers.py": LAYERS}, "tiny/model.py:Net"),
    "no identifier": ({"ml-models v2/my-net.py": "from .layers import Net\n", "ml-models v2/layers.py": LAYERS}, "ml-models v2/my-net.py:Net"),
    "the root is a package": ({"__init__.py": "", "net.py": "from .layers import Net\n", "layers.py": LAYERS}, "net.py:Net"),
    "the name of what is installed": ({"networks/__init__.py": "", "networks/net.py": LAYERS, "packaging_of_ours.py": ""}, "networks.net:Net"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts_of_projects(tmp_path: Path, case: str) -> None:
    files, source = LAYOUTS[case]
    write(tmp_path / "root", **files)
    built = build_one(tmp_path / "root", source, "torchscript")
    assert isinstance(built, Built), built


def test_what_lies_beside_a_configuration_in_a_subfolder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(
        root, **{"apps/android/net.py": LAYERS + "def size():\n    import torch\n    return torch.ones(1, 3, 9, 9)\n"}
    )
    write(root, **{"research/net.py": LAYERS, "apps/android/src/tiny/__init__.py": LAYERS})
    for source in ("net.py:Net", "net:Net", "tiny:Net", "../../research/net.py:Net"):
        built = build_one(root, source, folder="apps/android", inputs="net.py:size")
        assert isinstance(built, Built), built


def test_a_path_that_begins_at_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    said = reason(build_one(tmp_path / "root", "../../research/net.py:build"))
    assert said.endswith(
        "no such file in the repository: paths are relative to its root or to the folder of pocketfit.toml"
    )


def test_files_named_as_what_exporting_imports(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, **{"torchao/__init__.py": "", "exporters/executorch.py": "print('exporting')\n"})
    write(root, **{"exporters/profile.py": "raise SystemExit('give a checkpoint')\n", "exporters/net.py": LAYERS})
    write(root, **{"helps.py": "from torchao import of_ours\n"})
    assert isinstance(build_one(root, "exporters/net.py:Net", "executorch"), Built)
    assert reason(build_one(root, "helps.py:Net")).endswith(
        "(torchao has the name of a package that exporting needs, which comes first: rename it)"
    )


@pytest.mark.parametrize("source", ["train.py:Net", "train:Net"])
def test_a_factory_sees_a_command_line_of_its_own(tmp_path: Path, source: str) -> None:
    root = tmp_path / "root"
    write(root, **{"train.py": "import argparse\nargparse.ArgumentParser().parse_args()\n" + LAYERS})
    assert isinstance(build_one(root, source), Built)
    write(root, **{"train.py": "import sys\nraise ValueError(sys.argv)\n"})
    assert f"ValueError: ['{source.removesuffix(':Net')}'] at train.py:2" in reason(build_one(root, source))


def test_a_model_that_reads_an_environment_variable(tmp_path: Path) -> None:
    root = tmp_path / "root"
    factory = "import os\ndef build():\n    assert int(os.environ['TINY_WIDTH']) == 8\n    return Net()\n"
    write(root, **{"net.py": LAYERS + factory})
    assert isinstance(build_one(root, "net.py:build", env={"TINY_WIDTH": "8"}), Built)
    assert reason(build_one(root, "net.py:build")) == (
        "net.py:build raises KeyError: 'TINY_WIDTH' at net.py:11, in build: "
        "a model's process gets no such environment variable; "
        "give it in [models.NAME.env]"
    )
