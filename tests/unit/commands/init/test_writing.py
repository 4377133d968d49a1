from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from pocketfit.builds.git import root_of
from pocketfit.commands.init import init
from pocketfit.commands.init.configuration import config_text
from pocketfit.commands.init.writing import plan, without_format, write
from pocketfit.config import parse_config
from pocketfit.config.schema import SCHEMA_URL
from pocketfit.errors import ConfigError
from tests.repositories import PETCLASS, TEXTENC, WAKEWORD, write_repository

LATER = "executorch: the runtime that follows PyTorch Mobile, and the one for phones with 16 kB pages"


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pocketfit", "init", *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def petclass(tmp_path: Path) -> Path:
    return write_repository(tmp_path, PETCLASS)


def test_a_class_with_a_value_from_a_script(petclass: Path) -> None:
    written = init(petclass)
    assert (petclass / "pocketfit.toml").read_text() == (
        f"""\
#:schema {SCHEMA_URL}
# What Pocketfit builds. `pocketfit init` wrote it after a look at the code: each guess has a comment.

[models.PetClassifier]
source = "src/petclass/model.py:PetClassifier"
arguments = {{ arch = "mobilenet_v3_small" }}  # as in train.py:20
# forward(images): a guess by its layers and names
inputs = [{{ shape = [1, 3, 128, 128] }}]
formats = ["lite", "executorch"]  # {LATER}
"""
    )
    assert "requirements:" not in (petclass / ".github/workflows/pocketfit.yml").read_text()
    assert written.files == ("pocketfit.toml", ".github/workflows/pocketfit.yml")
    assert written.plan.gaps() == ()


def test_two_inputs_and_what_the_app_ships(tmp_path: Path) -> None:
    init(write_repository(tmp_path, WAKEWORD))
    assert (tmp_path / "pocketfit.toml").read_text().splitlines()[3:] == [
        "[models.KeywordSpotter]",
        'source = "wakeword/model.py:KeywordSpotter"',
        "# forward(waveform, length): a guess by its layers and names",
        'inputs = [{ shape = [1, 16000] }, { shape = [1], dtype = "int64", low = 8000, high = 16000 }]',
        f'formats = ["lite", "executorch"]  # lite by android/app/build.gradle; {LATER}',
    ]


def test_a_second_time_nothing_is_written(petclass: Path) -> None:
    init(petclass)
    again = init(petclass)
    assert (again.files, again.kept) == ((), ())
    assert again.same == ("pocketfit.toml", ".github/workflows/pocketfit.yml")


def test_what_the_user_changed_stays(petclass: Path) -> None:
    init(petclass)
    mine = (petclass / "pocketfit.toml").read_text().replace("128, 128", "96, 96")
    (petclass / "pocketfit.toml").write_text(mine)
    (petclass / ".github/workflows/pocketfit.yml").unlink()

    again = init(petclass)

    assert (again.files, again.kept) == ((".github/workflows/pocketfit.yml",), ("pocketfit.toml",))
    assert (petclass / "pocketfit.toml").read_text() == mine
    assert init(petclass, force=True).files == ("pocketfit.toml",)
    assert "128, 128" in (petclass / "pocketfit.toml").read_text()


def test_nothing_is_written_for_a_configuration_that_is_another(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, {**TEXTENC, "net.py": NEEDS_PACKAGES, "pocketfit.toml": "[models.mine]\n"})
    assert init(repository).files == (".github/workflows/pocketfit.yml",)


def test_a_configuration_in_pyproject_stays(petclass: Path) -> None:
    with (petclass / "pyproject.toml").open("a") as file:
        file.write("\n[tool.pocketfit.models.net]\nsource = 'net.py:net'\n")
    written = init(petclass, force=True)
    assert (written.files, written.kept) == (
        (".github/workflows/pocketfit.yml",),
        ("pyproject.toml has [tool.pocketfit]",),
    )
    assert not (petclass / "pocketfit.toml").exists()


NEEDS_PACKAGES = "import einops\nfrom torch import nn\nclass Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.a = nn.Linear(width, 2)\n    def forward(self, x): return self.a(x)\n"


def test_packages_that_do_not_go_together_with_ours(tmp_path: Path) -> None:
    init(
        write_repository(
            tmp_path, {"net.py": NEEDS_PACKAGES, "requirements.txt": "torch==2.0.0\neinops>=0.7\nnumpy<2\n"}
        )
    )
    assert (tmp_path / "requirements-mobile.txt").read_text() == (
        "# What the models' code needs beside Pocketfit's own torch. `pocketfit init` wrote it, from requirements.txt.\n"
        "einops>=0.7\n"
    )
    workflow = (tmp_path / ".github/workflows/pocketfit.yml").read_text()
    assert "          device: jvm\n          requirements: requirements-mobile.txt\n" in workflow


def test_a_format_that_can_not_be_built_is_taken_out(petclass: Path) -> None:
    planned = without_format(init(petclass).plan, {"PetClassifier": "no kernel for it"}, "executorch")
    write(petclass, planned, force=True)
    last = (petclass / "pocketfit.toml").read_text().splitlines()[-1]
    assert last == 'formats = ["lite"]  # not executorch, which can\'t be built: no kernel for it'
    # And that is no change of the user's.
    assert init(petclass).files == ()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    for name, text in {"assets/saved.v2.ptl": "torch.conv2d(x)", "ids.pt": "torch.embedding(x)"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("saved/code/__torch__.py", text)
    (tmp_path / "state.pt").write_text("a state_dict is no zip here")
    return tmp_path


def test_saved_models_where_no_code_makes_one(saved: Path) -> None:
    written = init(saved)
    assert (saved / "pocketfit.toml").read_text().splitlines()[3:] == [
        '[models."saved.v2"]',
        'source = "assets/saved.v2.ptl"',
        "# A guess, since there is a convolution in it.",
        "inputs = [{ shape = [1, 3, 224, 224] }]",
        'formats = ["lite"]',
        "",
        "[models.ids]",
        'source = "ids.pt"',
        "# TODO: take away the # and write the shapes of what forward takes",
        "# inputs = [{ shape = [] }]",
        'formats = ["lite"]',
    ]
    assert [(gap.place, gap.what, gap.model) for gap in written.plan.gaps()] == [
        ("pocketfit.toml:12", "the inputs", "ids")
    ]


def test_a_repository_without_a_model_is_told_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ConfigError) as caught:
        init(tmp_path)
    assert str(caught.value) == (
        f"no model was seen in {tmp_path}: of 1 Python files none has a class with a base such as torch.nn.Module or a "
        "function that returns one, and there is no saved TorchScript file. Name yours: "
        "`pocketfit run --base none --source path/to/file.py:NAME --shape 1,3,224,224`"
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "a.py"]


def test_what_git_ignores_is_not_looked_at(tmp_path: Path) -> None:
    write_repository(tmp_path, {"net.py": NEEDS_PACKAGES, "old/net.py": NEEDS_PACKAGES, ".gitignore": "old\n"})
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert [table.source for table in plan(tmp_path).tables] == ["net.py:Net"]


@pytest.mark.parametrize("place", ["tests", ".hidden", "venv/lib", "pocketfit-out", "build"])
def test_folders_that_hold_no_models(tmp_path: Path, place: str) -> None:
    write_repository(
        tmp_path, {"net.py": NEEDS_PACKAGES, f"{place}/net.py": NEEDS_PACKAGES, "test_net.py": NEEDS_PACKAGES}
    )
    assert [table.source for table in plan(tmp_path).tables] == ["net.py:Net"]


def test_two_models_of_one_name(tmp_path: Path) -> None:
    write_repository(tmp_path, {"a/net.py": NEEDS_PACKAGES, "b/net.py": NEEDS_PACKAGES, "c/net.py": NEEDS_PACKAGES})
    assert [table.name for table in plan(tmp_path).tables] == ["Net", "net_Net", "net_Net_"]


def test_names_that_toml_would_take_apart(saved: Path) -> None:
    assert list(tomllib.loads(config_text(plan(saved).tables))["models"]) == ["saved.v2", "ids"]


def test_the_files_belong_to_the_repositorys_root(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    assert root_of(tmp_path / "models") == tmp_path / "models"
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert root_of(tmp_path / "models") == tmp_path


def test_what_is_open_is_a_configuration_all_the_same(tmp_path: Path) -> None:
    init(write_repository(tmp_path, {"net.py": NEEDS_PACKAGES}))
    (spec,) = parse_config(tomllib.loads((tmp_path / "pocketfit.toml").read_text()), "").models
    assert (spec.arguments, spec.inputs) == ({"width": 0}, None)


def test_the_command_says_what_is_open_and_what_is_next(tmp_path: Path) -> None:
    done = command(write_repository(tmp_path, {"net.py": NEEDS_PACKAGES, "requirements.txt": "einops\n"}), "--no-check")
    assert (done.returncode, done.stdout) == (
        0,
        """\
wrote pocketfit.toml
wrote .github/workflows/pocketfit.yml
  Net: net.py:Net
note: the models' code imports einops: requirements.txt has it
2 things to fill in: pocketfit.toml:6, width of Net; pocketfit.toml:7, the inputs of Net
next: fill that in, then `pocketfit run --base none --requirements requirements.txt` for a first report
""",
    )


def test_the_command_a_second_time(petclass: Path) -> None:
    command(petclass, "--no-check")
    done = command(petclass)
    assert (done.returncode, done.stdout) == (
        0,
        """\
nothing to write: pocketfit.toml and .github/workflows/pocketfit.yml are there already
next: `pocketfit run --base none` for a first report, then commit pocketfit.toml and .github/workflows/pocketfit.yml
""",
    )


def test_the_command_without_a_model(tmp_path: Path) -> None:
    done = command(tmp_path)
    assert done.returncode == 2
    assert "no model was seen in" in done.stderr


def test_packages_that_only_the_user_can_name(tmp_path: Path) -> None:
    text = NEEDS_PACKAGES.replace("width)", "width=3)").replace("self, width", "self, width")
    done = command(write_repository(tmp_path, {"net.py": text}), "--no-check")
    assert done.stdout.splitlines()[-2:] == [
        "1 thing to fill in: requirements-mobile.txt:2, name the packages that bring einops, one a line",
        "next: fill that in, then `pocketfit run --base none --requirements requirements-mobile.txt` for a first report",
    ]
