from __future__ import annotations

import ast
import logging
from pathlib import Path, PurePosixPath

import pytest

from pocketfit.survey.code import Code
from pocketfit.survey.reading import read_code
from tests.repositories import write_repository


def read(folder: Path, files: dict[str, str]) -> Code:
    return read_code(write_repository(folder, files), [PurePosixPath(name) for name in files])


def meaning(code: Code, module: str) -> str:
    """What the last call of a file calls."""
    source = code.sources[module]
    call = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)][-1]
    found = code.meaning(call.func, source)
    return found if isinstance(found, str) else found.path if found else ""


@pytest.mark.parametrize(
    ("place", "text", "path"),
    [
        ("use.py", "from pkg import Net\nNet()", "src.pkg.net.Net"),
        ("use.py", "import pkg.net as n\nn.Net()", "src.pkg.net.Net"),
        ("use.py", "import pkg\npkg.net.Net()", "src.pkg.net.Net"),
        ("use.py", "def main():\n    from pkg.net import Net as N\n    N()", "src.pkg.net.Net"),
        ("src/pkg/use.py", "from .net import Net\nNet()", "src.pkg.net.Net"),
        ("src/pkg/sub/use.py", "from ..net import Net\nNet()", "src.pkg.net.Net"),
        ("scripts/use.py", "from common import Thing\nThing()", "scripts.common.Thing"),
        ("scripts/use.py", "from pkg import *\nNet()", "src.pkg.net.Net"),
        ("use.py", "from torch import nn\nnn.Linear()", "torch.nn.Linear"),
        ("use.py", "from nowhere import Net\nNet()", "nowhere.Net"),
        ("use.py", "import json\njson.dumps()", "json.dumps"),
        ("use.py", "net = 1\ndef f(x):\n    x.y()", ""),
    ],
)
def test_a_name_is_followed_to_where_it_is_defined(tmp_path: Path, place: str, text: str, path: str) -> None:
    files = {
        "src/pkg/__init__.py": "from .net import *\n",
        "src/pkg/sub/__init__.py": "",
        "src/pkg/net.py": "class Net: ...\n",
        "scripts/common.py": "class Thing: ...\n",
        "json.py": "def dumps(): ...\n",
        place: text,
    }
    assert meaning(read(tmp_path, files), place.removesuffix(".py").replace("/", ".")) == path


def test_imports_in_a_circle_end(tmp_path: Path) -> None:
    code = read(tmp_path, {"a.py": "from b import x\nx()\n", "b.py": "from a import x\n"})
    assert meaning(code, "a") in ("a.x", "b.x")


def test_what_can_not_be_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    code = read(tmp_path, {"broken.py": "def (:", "null.py": "\0", "fine.py": "x = 1"})
    assert list(code.sources) == ["fine"]
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "not looked at: broken.py",
        "not looked at: null.py",
    ]


def test_a_file_that_is_too_large_is_left_out(tmp_path: Path) -> None:
    assert list(read(tmp_path, {"data.py": "#" * 1_000_001}).sources) == []
