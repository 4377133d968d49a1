from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pocketfit.builds.lacking import why_lacking


@pytest.fixture
def head(tmp_path: Path) -> Path:
    root = tmp_path / "head"
    for name in ("weights/réseau 1.pth", "kept.txt", "pkg/_version.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / ".gitignore").write_text("weights/\n_version.py\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", "-A"], check=True)
    return root


@pytest.mark.parametrize(
    "said",
    [
        "net.py:build raises FileNotFoundError: [Errno 2] No such file or directory: '{tree}/weights/réseau 1.pth'",
        "net.py:build raises FileNotFoundError: [Errno 2] No such file or directory: 'weights/réseau 1.pth'",
        "weights/réseau 1.pth: no such file in the repository",
    ],
)
def test_weights_that_git_ignores(head: Path, tmp_path: Path, said: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    reason = said.format(tree=tree)
    assert why_lacking(reason, tree, head) == (
        f"its tree lacks weights/réseau 1.pth, which head has and git ignores, so it can't be built ({said.format(tree='.').replace('./', '')})"
    )


def test_a_module_that_a_build_makes(head: Path, tmp_path: Path) -> None:
    said = why_lacking("net can't be imported: ModuleNotFoundError: No module named 'pkg._version'", tmp_path, head)
    assert (said or "").startswith("its tree lacks pkg/_version.py, which head has and git ignores")


@pytest.mark.parametrize(
    "reason",
    [
        "net.py:build raises ValueError: no such layer",
        # It is in head's commit, so base is another commit's.
        "FileNotFoundError: [Errno 2] No such file or directory: 'kept.txt'",
        "FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.pth'",
        "FileNotFoundError: [Errno 2] No such file or directory: '../head/weights/réseau 1.pth'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'",
        "ModuleNotFoundError: No module named 'timm'",
    ],
)
def test_what_is_another_matter(head: Path, tmp_path: Path, reason: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    assert why_lacking(reason, tree, head) is None
