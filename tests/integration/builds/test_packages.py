"""Packages of the repository's own, installed by the real pip from wheels made here: no index is asked."""

from __future__ import annotations

import errno
import json
import os
import pwd
import re
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from pocketfit.builds.packages import install, with_requirements
from pocketfit.builds.requirements import read_requirements
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.out import Out
from pocketfit.progress import Progress, observed_by
from pocketfit.records import Config, ModelSpec
from pocketfit.sandbox.identity import give
from tests.integration.conftest import Git, require
from tests.integration.test_run import pocketfit, rows
from tests.local_package import write_package

LOCAL = "--no-index\n--find-links wheels\n"


def wheel(folder: Path, name: str, number: str, text: str = "", needs: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{number}.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{number}-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)


def says(python: Path | str, code: str, **options: object) -> str:
    return subprocess.run(
        [str(python), "-I", "-c", code], check=True, capture_output=True, text=True, **options
    ).stdout.strip()  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    wheel(root / "wheels", "widths", "1.0", "WIDTH = 8\n")
    (root / "requirements.txt").write_text(f"{LOCAL}widths\n")
    return root


def test_a_layer_over_ours(tree: Path, tmp_path: Path) -> None:
    wheel(tree / "wheels", "idna", "3.0", "__version__ = 'of the layer'\n")
    (tree / "requirements.txt").write_text(f"{LOCAL}widths\nidna==3.0\ntorch>=2\n")

    python = install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())

    assert says(python, "import widths, idna; print(widths.WIDTH, idna.__version__)") == "8 of the layer"
    assert says(python, "import numpy, pocketfit; print(numpy.__file__)") == says(
        sys.executable, "import numpy; print(numpy.__file__)"
    )
    # Ours is as it was.
    assert version("idna") != "3.0"
    assert says(sys.executable, "import importlib.util as u; print(u.find_spec('widths'))") == "None"
    assert "Successfully installed idna-3.0 widths-1.0" in (tmp_path / "pip.log").read_text()


NOSY = """
import json
with open({seen!r}, "w") as file:
    json.dump(dict(os.environ), file)
"""


def test_what_builds_a_package_sees_no_secret(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the pull request's code, which pip runs: see hole 9."""
    write_package(tree / "lib")
    with (tree / "lib/backend.py").open("a") as backend:
        backend.write(NOSY.format(seen=str(tmp_path / "layer/home/seen.json")))
    (tree / "requirements.txt").write_text("--no-index\n./lib\n")
    secrets = ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "ACTIONS_RUNTIME_TOKEN", "INPUT_GITHUB-TOKEN", "MY_PASSWORD")
    for name in (*secrets, "PYTHONPATH", "GITHUB_ENV"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("PIP_RETRIES", "1")

    install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())

    seen = json.loads((tmp_path / "layer/home/seen.json").read_text())
    assert "canary" not in seen.values()
    # What pip was told by the user it still is.
    assert seen["PIP_RETRIES"] == "1"


def test_what_pip_is_at_is_told_with_its_side_and_file(tree: Path, tmp_path: Path) -> None:
    """A package of the tree's own is built, which takes pip longer than a look at its log."""
    write_package(tree / "lib")
    with (tree / "lib/backend.py").open("a") as backend:
        backend.write("import time\ntime.sleep(3)\n")
    (tree / "requirements.txt").write_text("--no-index\n./lib\n")
    seen: list[Progress] = []
    with observed_by(seen.append):
        install(
            read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox(), "head"
        )
    assert {progress.title for progress in seen} == {"head requirements.txt"}
    assert (seen[0].stage, seen[0].state) == ("installing", "working")
    assert any(
        re.fullmatch(r"installing \(pip: (Processing|Preparing|Getting|Building) .+\)", each.stage) for each in seen
    )
    assert [each.stage for each in seen if each.state == "done"] == ["installed"]


def test_another_torch_is_a_conflict(tree: Path, tmp_path: Path) -> None:
    wheel(tree / "wheels", "torch", "1.0")
    (tree / "requirements.txt").write_text(f"{LOCAL}torch==1.0\n")
    with pytest.raises(ConfigError) as caught:
        install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())
    torch = version("torch").partition("+")[0]
    assert str(caught.value) == (
        "requirements: requirements.txt does not go together with what Pocketfit exports with "
        f"(torch {torch}, torchvision {version('torchvision').partition('+')[0]}, numpy {version('numpy')}): "
        f"The user requested torch==1.0; The user requested (constraint) torch=={torch}"
    )


def test_a_package_that_needs_another_numpy_is_a_conflict(tree: Path, tmp_path: Path) -> None:
    wheel(tree / "wheels", "old", "2.0", needs="numpy<1")
    wheel(tree / "wheels", "numpy", "0.9")
    (tree / "requirements.txt").write_text(f"{LOCAL}old\n")
    with pytest.raises(ConfigError, match=r"old 2\.0 depends on numpy<1; The user requested \(constraint\) numpy=="):
        install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())


def test_a_package_that_torch_can_not_live_with_is_a_conflict(tree: Path, tmp_path: Path) -> None:
    """It is not pinned itself; pip only mentions it."""
    wheel(tree / "wheels", "typing_extensions", "3.0")
    (tree / "requirements.txt").write_text(f"{LOCAL}typing_extensions==3.0\n")
    with pytest.raises(
        ConfigError,
        match=r"requires typing-extensions>=[\d.]+, but you have typing-extensions 3\.0 which is incompatible$",
    ):
        install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())


def test_where_no_environment_can_be_made(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(venv.EnvBuilder, "create", full)
    with pytest.raises(EnvironmentProblem, match=r"^requirements: no environment can be made in .*: No space left on"):
        install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())


def test_what_pip_can_not_find(tree: Path, tmp_path: Path) -> None:
    (tree / "requirements.txt").write_text(f"{LOCAL}no-such-package\n")
    with pytest.raises(
        EnvironmentProblem,
        match=r"^requirements: pip could not install requirements.txt: Could not find a version that satisf",
    ):
        install(read_requirements(tree, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox())


def test_what_pip_made_is_given_without_following_links(tmp_path: Path) -> None:
    require(os.geteuid() == 0, "only root can give files away")
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "out").touch()
    (tmp_path / "in/deep/file").touch()
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    give(str(tmp_path / "in"), pwd.getpwnam("nobody").pw_uid)
    owners = {path.name: path.lstat().st_uid for path in tmp_path.rglob("*")}
    nobody = pwd.getpwnam("nobody").pw_uid
    assert owners == {"in": nobody, "deep": nobody, "file": nobody, "link": nobody, "out": 0}


def sides(base: Path, head: Path) -> list[Side]:
    config = Config((ModelSpec("net", "net.py:net"),))
    return [Side("base", base, None, config), Side("head", head, None, config)]


def test_one_layer_where_both_ask_for_the_same(tree: Path, tmp_path: Path) -> None:
    (tree / "requirements.txt").write_text("# nothing\n")
    base, head = with_requirements(sides(tree, tree), "requirements.txt", tmp_path / "layers", Out(tmp_path), Sandbox())
    assert (base.name, head.name, base.python) == ("base", "head", head.python)


def test_a_base_without_the_file_gets_heads(tree: Path, tmp_path: Path) -> None:
    (tree / "requirements.txt").write_text("# nothing\n")
    bare = tmp_path / "bare"
    bare.mkdir()
    base, head = with_requirements(sides(bare, tree), "requirements.txt", tmp_path / "layers", Out(tmp_path), Sandbox())
    assert base.python == head.python
    assert base.notes == ("base has no requirements.txt: it was built with head's",)


def test_a_base_whose_file_fails_is_a_note(tree: Path, tmp_path: Path) -> None:
    (tree / "requirements.txt").write_text("# nothing\n")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "requirements.txt").write_text("--no-index\nwidths==0.1\n")
    base, _ = with_requirements(sides(broken, tree), "requirements.txt", tmp_path / "layers", Out(tmp_path), Sandbox())
    assert base.config.models == ()
    assert base.notes[0].startswith(
        "base was not built, since its requirements can't be installed: requirements: pip could"
    )


def test_a_head_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^requirements: requirements.txt can't be read: No such file or directory$"):
        with_requirements(sides(tmp_path, tmp_path), "requirements.txt", tmp_path / "layers", Out(tmp_path), Sandbox())


def test_the_trees_own_packages_are_built_in_a_copy(repository: Path, git: Git, tmp_path: Path) -> None:
    """With what git ignores beside it, which pip may be asked to look into."""
    write_package(repository / "lib")
    wheel(repository / "wheels", "widths", "1.0", "WIDTH = 8\n")
    (repository / ".gitignore").write_text("wheels\n")
    (repository / "requirements.txt").write_text(f"{LOCAL}widths\n./lib\n")

    python = install(
        read_requirements(repository, "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox()
    )

    built_by, width = says(python, "import who, widths; print(who.BUILT_BY, widths.WIDTH)").split()
    # A package's own build ran as a user of its own, where we can give it one.
    assert (int(built_by) != os.getuid()) == (os.getuid() == 0)
    assert width == "8"
    assert (tmp_path / "layer/tree/lib/left-behind").exists()
    assert not (tmp_path / "layer/tree/.git").exists()
    assert sorted(path.name for path in (repository / "lib").iterdir()) == ["backend.py", "pyproject.toml"]
    assert git("status", "--porcelain").split() == ["??", ".gitignore", "??", "lib/", "??", "requirements.txt"]


def test_a_package_outside_git(tmp_path: Path) -> None:
    write_package(tmp_path / "tree/lib")
    (tmp_path / "tree/requirements.txt").write_text("./lib\n")

    python = install(
        read_requirements(tmp_path / "tree", "requirements.txt"), tmp_path / "layer", tmp_path / "pip.log", Sandbox()
    )

    assert (int(says(python, "import who; print(who.BUILT_BY)")) != os.getuid()) == (os.getuid() == 0)
    assert not (tmp_path / "tree/lib/left-behind").exists()


def test_each_side_is_built_with_its_own(repository: Path, git: Git) -> None:
    wheel(repository / "wheels", "widths", "1.0", "WIDTH = 8\n")
    wheel(repository / "wheels", "widths", "2.0", "WIDTH = 64\n")
    text = (repository / "net.py").read_text()
    (repository / "net.py").write_text(
        f"from widths import WIDTH\n{text.replace('width: int = 8) -> nn', 'width: int = WIDTH) -> nn')}"
    )
    (repository / "requirements.txt").write_text(f"{LOCAL}widths==1.0\n")
    git("add", "--all")
    git("commit", "-q", "-m", "base")
    (repository / "requirements.txt").write_text(f"{LOCAL}widths==2.0\n")
    git("commit", "-q", "-am", "head")

    done = pocketfit(repository, "run", "--base", "HEAD^", "--device", "none", "--requirements", "requirements.txt")

    assert done.returncode == 0, done.stderr
    row = rows(repository)["net/lite/fp32"]
    assert row["status"] == "compared"
    assert row["head"]["parameters"] > 2 * row["base"]["parameters"]
