from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.builds.git import root_of
from pocketfit.commands.init import Model, config_text, find_models, init, workflow_text
from pocketfit.config import parse_config
from pocketfit.errors import ConfigError

ROOT = Path(__file__).parents[3]
NET = "raise RuntimeError('this must not run')\nfrom torch import nn\ndef net() -> nn.Module: ...\n"
WITH_INPUTS = "from torch import nn\ndef net() -> tuple[nn.Module, tuple]:\n    return make(), (x,)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "models/net.py": NET,
        "other/net.py": WITH_INPUTS,
        "tests/net.py": NET,
        "test_net.py": NET,
        ".hidden/net.py": NET,
        "broken.py": "def (:",
        "state.pt": "a state_dict is no zip here",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with zipfile.ZipFile(tmp_path / "saved.v2.pt", "w") as archive:
        archive.writestr("saved/code/__torch__.py", "")
    return tmp_path


def test_a_repository_gets_both_files(tree: Path) -> None:
    (tree / "requirements.txt").write_text("timm\ntorch>=2\n")

    written = init(tree)

    assert (tree / "pocketfit.toml").read_text() == (
        """\
# What Pocketfit builds; docs/configuration.md of Pocketfit has every key.

[models.net]
source = "models/net.py:net"
# A guess: what forward() takes.
inputs = [{ shape = [1, 3, 224, 224] }]

[models.net_net]
source = "other/net.py:net"

[models."saved.v2"]
source = "saved.v2.pt"
# A guess: what forward() takes.
inputs = [{ shape = [1, 3, 224, 224] }]
"""
    )
    workflow = (tree / ".github/workflows/pocketfit.yml").read_text()
    assert "          device: jvm\n          requirements: requirements.txt\n" in workflow
    assert written.notes == ()
    assert [model.name for model in written.models] == ["net", "net_net", "saved.v2"]


def test_what_git_ignores_is_not_looked_at(tree: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    (tree / ".gitignore").write_text("other\n*.pt\n")
    assert [model.source for model in find_models(tree)] == ["models/net.py:net"]


def test_the_files_belong_to_the_repositorys_root(tree: Path) -> None:
    assert root_of(tree / "models") == tree / "models"
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    assert root_of(tree / "models") == tree


def test_a_torch_of_ones_own_is_told(tree: Path) -> None:
    (tree / "requirements.txt").write_text("timm\ntorch==2.0.0\n")
    (note,) = init(tree).notes
    assert note.startswith("requirements.txt says torch==2.0.0, while Pocketfit exports with a version of its own: ")
    assert "requirements:" not in (tree / ".github/workflows/pocketfit.yml").read_text()


def test_whatever_pocketfit_pins_can_not_be_pinned_beside_it(tree: Path) -> None:
    (tree / "requirements.txt").write_text("pydantic < 2\n")
    (note,) = init(tree).notes
    assert note.startswith("requirements.txt says pydantic < 2, while Pocketfit exports with a version of its own: ")


def test_nothing_is_overwritten_unless_forced(tree: Path) -> None:
    (tree / "pocketfit.toml").write_text("mine")
    with pytest.raises(ConfigError, match=r"^pocketfit.toml is there already: use --force to overwrite$"):
        init(tree)
    assert not (tree / ".github").exists()
    init(tree, force=True)
    with pytest.raises(ConfigError, match=r"^pocketfit.toml and .github/workflows/pocketfit.yml are there already"):
        init(tree)


def test_a_configuration_in_pyproject(tree: Path) -> None:
    (tree / "pyproject.toml").write_text("[tool.pocketfit.models.net]\n")
    with pytest.raises(ConfigError, match=r"pyproject.toml has \[tool.pocketfit\] already: change it there$"):
        init(tree, force=True)


def test_a_repository_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^there is no function in .* that returns an nn.Module and needs no arguments"
    ):
        init(tmp_path)


def test_the_examples_are_found_as_they_are_configured() -> None:
    found = {model.source for model in find_models(ROOT / "examples")}
    configured = parse_config(tomllib.loads((ROOT / "examples/pocketfit.toml").read_text()), "")
    assert {spec.source for spec in configured.models} <= found


def test_the_workflow_is_the_one_that_users_copy() -> None:
    example = (ROOT / "examples/workflows/pull-request.yml").read_text()
    assert workflow_text(None).splitlines()[1:] == example.splitlines()[1:]
    assert f"uses: pocketfit/pocketfit@v{__version__} " in example


def test_the_command_says_what_it_wrote_and_what_is_next(tree: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", "init"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (
        0,
        """\
wrote pocketfit.toml
wrote .github/workflows/pocketfit.yml
  net: models/net.py:net
  net_net: other/net.py:net
  saved.v2: saved.v2.pt
next: check the inputs in pocketfit.toml, then `pocketfit run --base none`, then commit both files
""",
    )
    assert "not looked at: broken.py (" in done.stderr
    assert "left out: state.pt is not a TorchScript file: it is no zip archive" in done.stderr


def test_names_that_toml_would_take_apart() -> None:
    text = config_text((Model("a.b", "a.py:b", None),))
    assert list(tomllib.loads(text)["models"]) == ["a.b"]
