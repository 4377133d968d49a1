from __future__ import annotations

import tomllib
from pathlib import Path

from tools.image_layers import BEGIN, END, FOR_TORCH, PAGE, table

ROOT = Path(__file__).parents[3]


def test_layers_are_named_and_those_of_one_name_are_one_row() -> None:
    layers = [
        ("", 100_000_000),
        ("/bin/sh -c apt-get install adb", 300_000_000),
        ("COPY requirements/install-torch.sh", 20_000),
        ("|1 TORCH_INDEX=x /bin/sh -c requirements/install-torch.sh", 900_000_000),
        ("/bin/sh -c #(nop) WORKDIR /work", 0),
    ]
    assert table(layers, 107_000_000, 147_000_000).splitlines()[2:] == [
        "| base | 100.0 MB |",
        "| git, adb, QEMU | 300.0 MB |",
        "| torch, torchvision, executorch, torchao | 900.0 MB |",
        "| all of it | 1,300.0 MB |",
        "| without torch's layer | 400.0 MB |",
        "| without what torch and executorch alone need, too | 293.0 MB |",
        "| the small image, of `comment/action.yml` | 147.0 MB |",
    ]


def test_the_page_has_its_place_for_them() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert "| without torch's layer |" in text


def test_what_torch_alone_needs_is_all_that_is_locked_for_it() -> None:
    """But what Pocketfit asks for itself; sympy brings mpmath."""
    listed = {
        line.partition("<")[0]
        for line in (ROOT / "requirements/torch-dependencies.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = {word.partition(">")[0] for word in project["dependencies"]}
    # pydantic's.
    own.add("typing-extensions")
    assert set(FOR_TORCH) == (listed - own) | {"mpmath"}
