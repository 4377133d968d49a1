"""What walls a job gets, without one; tests/integration/sandbox/ tries real ones."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.builds import walls
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.walls import PORTS, caches, downloads_folder, held, proxies, walls_of
from pocketfit.job import Contender, HostLoad, HostRun, Job
from pocketfit.records import ModelSpec, Variant

OWN = (Path("/run/job.json"), Path("/run/work"))


def job(root: Path, *, network: bool = False) -> Job:
    return Job(Variant("net", "lite", "fp32"), ModelSpec("net", "net.py:net", network=network), str(root), "/run/work")


def test_a_build_reads_its_tree_and_writes_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "net.py").touch()
    found = walls_of(job(tmp_path), OWN, Sandbox(readable=(Path("/data"),)), {"TORCH_HOME": "/weights"})
    assert found is not None
    assert {f"{tmp_path}/net.py", "/run/job.json", "/weights", "/data"} <= set(found.readable)
    assert str(tmp_path) not in found.readable
    assert (found.listable, found.writable) == ((str(tmp_path),), ("/run/work",))
    assert (found.network, found.ports) == (False, ())


def test_a_network_comes_with_downloads_and_few_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in walls.PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    sandbox = Sandbox(downloads=Path("/cache/net"))
    found = walls_of(job(tmp_path, network=True), OWN, sandbox, {})
    assert found is not None
    assert (found.network, found.ports) == (True, (*PORTS, 3128))
    assert found.writable == ("/run/work", "/cache/net")
    without = walls_of(job(tmp_path), OWN, sandbox, {})
    assert without is not None
    assert without.writable == ("/run/work",)


def test_a_file_that_is_tried_is_all_that_is_read_of_its_folder() -> None:
    one = walls_of(HostRun("lite", "/files/net.ptl", ()), OWN, Sandbox(), {})
    assert one is not None
    assert "/files/net.ptl" in one.readable
    assert not {"/files", "", "."} & {*one.readable, *one.listable}
    base, head = (Contender(f"/{side}/net.pte", (), f"/{side}/golden") for side in ("base", "head"))
    two = walls_of(HostLoad("executorch", base, head, 1, 1, 1.0, (1,)), OWN, Sandbox(), {})
    assert two is not None
    assert {"/base/net.pte", "/base/golden", "/head/net.pte", "/head/golden"} <= set(two.readable)


def test_no_walls_where_the_user_wants_none(tmp_path: Path) -> None:
    assert walls_of(job(tmp_path), OWN, replace(Sandbox(), walled=False), {}) is None


def test_caches_lead_to_the_jobs_folder_or_to_what_the_user_has(tmp_path: Path) -> None:
    folder, home = tmp_path / "work", tmp_path / "home-cache"
    environ = {"XDG_CACHE_HOME": str(home)}
    own = {
        "TORCH_HOME": f"{folder}/torch",
        "HF_HOME": f"{folder}/huggingface",
        "XDG_CACHE_HOME": f"{folder}/cache",
    }
    assert caches(environ, folder, None) == own
    (home / "torch").mkdir(parents=True)
    (home / "huggingface/hub").mkdir(parents=True)
    (home / "huggingface/token").write_text("secret")
    # Never HF_HOME itself, which holds the token.
    assert caches(environ, folder, None) == own | {
        "TORCH_HOME": f"{home}/torch",
        "HF_HUB_CACHE": f"{home}/huggingface/hub",
    }
    assert caches(environ, folder, tmp_path / "downloads") == {
        "TORCH_HOME": f"{tmp_path}/downloads/torch",
        "HF_HOME": f"{tmp_path}/downloads/huggingface",
        "XDG_CACHE_HOME": f"{tmp_path}/downloads/cache",
    }


def test_downloads_are_one_models_of_one_side_of_one_repository(tmp_path: Path) -> None:
    places = {
        downloads_folder({}, tmp_path / repository, side, model)
        for repository in ("one", "two")
        for side in ("base", "head")
        for model in ("net", "other")
    }
    assert len(places) == 8
    top = "/var/cache/pocketfit" if os.geteuid() == 0 else str(Path.home() / ".cache/pocketfit")
    assert all(str(place).startswith(f"{top}/downloads/") for place in places)


def test_jobs_that_share_downloads_take_turns(tmp_path: Path) -> None:
    downloads = tmp_path / "cache" / "net"
    with held(downloads), (tmp_path / "cache/.net.lock").open() as other:
        assert downloads.is_dir()
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "cache/.net.lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_proxies_are_passed_on_as_they_are_called() -> None:
    environ = {"http_proxy": "http://p:1", "NO_PROXY": "localhost", "GITHUB_TOKEN": "secret"}
    assert proxies(environ) == {"http_proxy": "http://p:1", "NO_PROXY": "localhost"}
