from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pocketfit.exporter.importing.finder import InstalledFirst, hidden_by, is_own


def ask(finder: InstalledFirst, name: str, asker: Path) -> str | None:
    """Where the finder finds `name`, when the file `asker` imports it."""
    space = {"finder": finder, "__name__": "asker"}
    exec(compile(f"spec = finder.find_spec({name!r})", str(asker), "exec"), space)
    return getattr(space["spec"], "origin", None)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "packaging").mkdir(parents=True)
    (root / "packaging" / "__init__.py").touch()
    (root / "profile.py").touch()
    return root


def test_others_never_see_a_repositorys_file_before_what_is_installed(repository: Path) -> None:
    finder = InstalledFirst(repository, sys.path)
    elsewhere = repository.parent / "site-packages" / "torch" / "late.py"
    for asker in (elsewhere, repository / ".venv" / "lib" / "site-packages" / "x.py"):
        origin = ask(finder, "profile", asker)
        assert origin is not None
        assert not origin.startswith(str(repository))


def test_the_repository_sees_its_own_but_for_our_packages(repository: Path) -> None:
    finder = InstalledFirst(repository, sys.path)
    assert ask(finder, "profile", repository / "net.py") is None
    assert "site-packages" in str(ask(finder, "packaging", repository / "net.py"))
    assert finder.find_spec("packaging.version", ["somewhere"]) is None


def test_the_file_that_hides_a_package_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(repository))
    assert hidden_by(repository, "packaging.helpers") == "packaging"
    assert hidden_by(repository, "profile") is None
    assert hidden_by(repository.parent / "other", "packaging") is None


def test_a_virtual_environment_in_the_repository_is_not_its_own(repository: Path) -> None:
    assert is_own(repository / "src" / "net.py", repository)
    assert not is_own(repository / ".venv" / "lib" / "python3.11" / "site-packages" / "x.py", repository)
    assert not is_own(Path("/usr/lib/python3/dist-packages/x.py"), repository)
