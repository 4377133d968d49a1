"""What Python finds on this machine is all looked at; a folder of packages stands for it here."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketfit import records
from pocketfit.cache.memo import Memo
from pocketfit.cache.surroundings import folder_digest, processor, roots

CODE = b"answer = 42\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """site-packages with one distribution, as an installer leaves it."""
    folder = tmp_path / "site-packages"
    (folder / "net").mkdir(parents=True)
    (folder / "net-1.0.dist-info").mkdir()
    (folder / "net" / "__init__.py").write_bytes(CODE)
    digest = base64.urlsafe_b64encode(hashlib.sha256(CODE).digest()).rstrip(b"=").decode()
    (folder / "net-1.0.dist-info" / "RECORD").write_text(f"net/__init__.py,sha256={digest},{len(CODE)}\n")
    # The kernel's clock ticks some hundred times a second.
    time.sleep(0.02)
    return folder


def digest(folder: Path, tmp_path: Path) -> str:
    return folder_digest(folder, Memo(tmp_path))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a module is patched, to the same size": lambda folder: (folder / "net/__init__.py").write_bytes(b"answer = 43\n"),
    "its time is set back": lambda folder: (
        (folder / "net/__init__.py").write_bytes(b"answer = 43\n"),
        os.utime(folder / "net/__init__.py", (0, 0)),
    ),
    "another version is installed": lambda folder: (folder / "net-1.0.dist-info/RECORD").write_text("net/x.py,,\n"),
    "a module lies there that nobody installed": lambda folder: (folder / "stray.py").write_text(""),
    "a .pth file is there": lambda folder: (folder / "more.pth").write_text("/somewhere\n"),
    "a module is gone": lambda folder: (folder / "net/__init__.py").unlink(),
    "a program may be run": lambda folder: (folder / "net/__init__.py").chmod(0o755),
    "a link to a folder": lambda folder: (folder / "linked").symlink_to(folder.parent),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_installed_packages_shows(name: str, packages: Path, tmp_path: Path) -> None:
    before = digest(packages, tmp_path)
    assert digest(packages, tmp_path) == before
    CHANGES[name](packages)
    assert digest(packages, tmp_path) != before


def test_pythons_own_copies_do_not_count(packages: Path, tmp_path: Path) -> None:
    before = digest(packages, tmp_path)
    (packages / "net" / "__pycache__").mkdir()
    (packages / "net" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"1")
    assert digest(packages, tmp_path) == before


def test_a_file_is_read_where_its_record_is_older(packages: Path, tmp_path: Path) -> None:
    """The same content under a later time is the same."""
    before = digest(packages, tmp_path)
    (packages / "net" / "__init__.py").write_bytes(CODE)
    assert digest(packages, tmp_path) == before


def test_all_that_python_finds_is_looked_at() -> None:
    found = roots()
    for module in (os, pytest, hashlib, records):
        file = Path(os.path.realpath(str(module.__file__)))
        assert any(file.is_relative_to(root) for root in found), file
    # No folder is looked at twice.
    assert [one for one in found for other in found if one != other and one.is_relative_to(other)] == []


def test_the_processor_is_told_by_what_kernels_are_chosen_by() -> None:
    assert processor().keys() >= {"machine", "cores"}
    assert processor().keys() & {"flags", "Features"}
