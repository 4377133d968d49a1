from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.config.code import Code, read_code
from pocketfit.config.tree import files_below


def code(folder: Path, text: str) -> Code | None:
    path = folder / "net.py"
    path.write_text(text)
    return read_code(path)


def test_what_a_file_defines(tmp_path: Path) -> None:
    found = code(
        tmp_path, "import os.path as p, sys\nA = 1\nclass B:\n    inner = 1\ndef c(arg): inner2 = 1\ndef _d(): ...\n"
    )
    assert found == Code(frozenset({"p", "sys", "A", "B", "c", "_d"}), ("B", "c"), True)


@pytest.mark.parametrize(
    "text",
    [
        "from a import *",
        "exec('net = 1')",
        "globals()['net'] = 1",
        "import sys\nsys.modules[__name__] = 1",
        "def __getattr__(name): ...",
        "setattr(x, 'net', 1)",
    ],
)
def test_a_file_that_may_define_more(tmp_path: Path, text: str) -> None:
    found = code(tmp_path, text)
    assert found is not None
    assert not found.is_plain


@pytest.mark.parametrize("text", ["def net(:", "\0", "x" * 1_000_001])
def test_a_file_that_can_not_be_judged(tmp_path: Path, text: str) -> None:
    assert code(tmp_path, text) is None
    assert read_code(tmp_path / "gone.py") is None
    assert read_code(tmp_path) is None


def test_a_warning_of_pythons_is_not_the_readers(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert code(tmp_path, "x = '\\d'\nnet = 1 is 1\n") is not None
    assert list(recwarn) == []


def test_the_files_of_a_tree(tmp_path: Path) -> None:
    for name in ("b.py", "a/c.py", "a/d.txt", ".git/e.py", "a/node_modules/f.py", "a/b/g.py", "h.pt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files_below(tmp_path, (".py",)) == ["b.py", "a/c.py", "a/b/g.py"]
    assert files_below(tmp_path, (".py", ".pt")) == ["b.py", "h.pt", "a/c.py", "a/b/g.py"]
