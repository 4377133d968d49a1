from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pocketfit.builds import forking
from pocketfit.builds.forking import Forks, forks_for
from pocketfit.job import Job
from pocketfit.records import ModelSpec, Variant

LITE, PTE = Variant("net", "lite", "fp32"), Variant("net", "executorch", "fp32")


class Server:
    """Serves, and has a module more than a fresh process."""

    def __init__(self, early: frozenset[str] | None = frozenset({"getpass"})) -> None:
        self._early = early

    def early(self) -> frozenset[str] | None:
        return self._early


def is_forked(root: Path, server: Server, spec: Mapping[str, Any] = {}, variant: Variant = LITE) -> bool:
    forks = Forks({"torch": server})  # type: ignore[dict-item]
    job = Job(variant, ModelSpec("net", "net.py:net", **spec), str(root), str(root))
    return forks.server_for(job) is server


def test_an_ordinary_model_is_forked(tmp_path: Path) -> None:
    (tmp_path / "net.py").touch()
    assert is_forked(tmp_path, Server())


@pytest.mark.parametrize("spec", [{"env": {"TORCH_LOGS": "all"}}, {"network": True}])
def test_what_libraries_look_at_when_they_are_imported_is_for_a_fresh_process(
    tmp_path: Path, spec: Mapping[str, Any]
) -> None:
    assert not is_forked(tmp_path, Server(), spec)


@pytest.mark.parametrize("name", ["getpass.py", "a/b/getpass.py", "getpass/own.txt", "a/getpass.cpython-311.so"])
def test_no_module_of_a_repository_is_hidden_by_one_that_is_there_already(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    assert not is_forked(tmp_path, Server())
    assert is_forked(tmp_path, Server(frozenset({"another"})))


def test_a_repository_that_is_too_large_to_be_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "MOST_FILES", 3)
    for index in range(4):
        (tmp_path / f"{index}.py").touch()
    assert not is_forked(tmp_path, Server())


def test_where_the_server_does_not_serve_and_where_there_is_none(tmp_path: Path) -> None:
    assert not is_forked(tmp_path, Server(None))
    assert not is_forked(tmp_path, Server(), variant=PTE)


def test_a_server_for_each_kind_that_has_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "_can_fork", lambda: True)
    plain, other = ModelSpec("net", "net.py:net"), ModelSpec("other", "net.py:net", network=True)
    with forks_for([(LITE, plain), (LITE, plain), (PTE, plain), (PTE, other)]) as forks:
        assert list(forks._servers) == ["torch"]
    monkeypatch.setattr(forking, "_can_fork", lambda: False)
    with forks_for([(LITE, plain), (LITE, plain)]) as forks:
        assert not forks._servers
