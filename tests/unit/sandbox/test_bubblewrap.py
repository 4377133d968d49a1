from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pocketfit.sandbox import bubblewrap, bubblewrap_probe
from pocketfit.sandbox.order import ResourceLimits, Walls, WallsOrder, order


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a hidden folder, a link to a data set, a job's folder, and a neighbour's."""
    for folder in ("repository/.git", "repository/src", "real/data", "job", "neighbour"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data").symlink_to("real/data")
    (tmp_path / "repository/latest").symlink_to("src")
    return tmp_path


def walls(tree: Path, **more: list[str]) -> WallsOrder:
    found = WallsOrder(
        readable=[f"{tree}/repository/src", f"{tree}/data", f"{tree}/missing", "/proc"],
        listable=[f"{tree}/repository"],
        writable=[f"{tree}/job"],
        network=False,
        ports=[],
        counter=False,
    )
    for name, paths in more.items():
        found[name] += paths  # type: ignore[literal-required]
    return found


def pairs(words: list[str], option: str) -> list[tuple[str, str]]:
    return [(words[at + 1], words[at + 2]) for at, word in enumerate(words) if word == option]


def folders(words: list[str]) -> dict[str, str]:
    """The folders that are made, each with its mode."""
    return {words[at + 3]: words[at + 1] for at, word in enumerate(words) if word == "--perms"}


def test_what_is_named_is_mounted_where_it_really_is(tree: Path) -> None:
    words = bubblewrap.mounts(walls(tree), f"{tree}/job")
    shown = [(path, path) for path in (f"{tree}/real/data", f"{tree}/repository/src")]
    assert pairs(words, "--ro-bind-try") == shown
    assert pairs(words, "--bind-try") == [(f"{tree}/job", f"{tree}/job")]
    assert ("real/data", f"{tree}/data") in pairs(words, "--symlink")
    assert ("src", f"{tree}/repository/latest") in pairs(words, "--symlink")
    assert words[-4:] == ["--proc", "/proc", "--remount-ro", "/"]


def test_what_is_not_named_is_closed_and_only_a_listable_folder_can_be_listed(tree: Path) -> None:
    modes = folders(bubblewrap.mounts(walls(tree), f"{tree}/job"))
    assert modes[f"{tree}/neighbour"] == modes[f"{tree}/repository/.git"] == modes["/dev/shm"] == "0000"
    assert modes[str(tree)] == modes[f"{tree}/real"] == modes["/dev"] == "0111"
    assert modes[f"{tree}/repository"] == "0755"
    assert f"{tree}/missing" not in modes


def test_a_file_that_is_not_named_leads_into_a_closed_folder(tree: Path) -> None:
    (tree / "netrc").touch()
    words = bubblewrap.mounts(walls(tree), f"{tree}/job")
    assert ("/.closed/file", f"{tree}/netrc") in pairs(words, "--symlink")
    assert folders(words)["/.closed"] == "0000"


def test_what_lies_in_a_folder_to_write_stays_writable(tree: Path) -> None:
    (tree / "job/cache").mkdir()
    words = bubblewrap.mounts(walls(tree, readable=[f"{tree}/job/cache"]), f"{tree}/job")
    assert f"{tree}/job/cache" not in words


def test_a_folder_to_write_is_mounted_over_the_one_to_read_that_it_lies_in(tree: Path) -> None:
    (tree / "real/data/own").mkdir()
    words = bubblewrap.mounts(walls(tree, writable=[f"{tree}/real/data/own"]), f"{tree}/job")
    binds = [(option, path) for option, path in pairwise(words) if option.endswith("bind-try")]
    assert binds.index(("--ro-bind-try", f"{tree}/real/data")) < binds.index(("--bind-try", f"{tree}/real/data/own"))


def test_a_folder_of_many_files_is_mounted_whole_and_what_is_hidden_in_it_covered(tree: Path) -> None:
    repository = tree / "repository"
    (repository / ".env").touch()
    (repository / ".git/annex/objects").mkdir(parents=True)
    files = [repository / f"{index}.png" for index in range(3000)]
    for file in files:
        file.touch()
    words = bubblewrap.mounts(
        walls(tree, readable=[*map(str, files), f"{repository}/.git/annex/objects"]), f"{tree}/job"
    )
    assert len(words) < 9000
    assert (str(repository), str(repository)) in pairs(words, "--ro-bind-try")
    assert pairs(words, "--ro-bind") == [("/dev/null", f"{repository}/.env")]
    git = words.index(f"{repository}/.git")
    assert words[git - 3 : git] == ["--perms", "0111", "--tmpfs"]
    assert words.index(f"{repository}/.git/annex/objects") > git > words.index(str(repository))


def test_the_names_of_a_full_folder_are_not_shown(tree: Path) -> None:
    for index in range(2000):
        (tree / f"other-{index}").touch()
    assert not any("other-" in word for word in bubblewrap.mounts(walls(tree), f"{tree}/job"))


def test_links_in_a_circle_lead_nowhere(tree: Path) -> None:
    (tree / "circle").symlink_to("circle")
    assert f"{tree}/circle/x" not in bubblewrap.mounts(walls(tree, readable=[f"{tree}/circle/x"]), f"{tree}/job")


@pytest.mark.parametrize("network", [False, True])
def test_the_whole_command_has_a_network_only_where_the_walls_have_one(tree: Path, network: bool) -> None:
    told = order(
        ["java"], cwd=str(tree / "job"), env={}, timeout_s=1, limits=ResourceLimits(),
        walls=Walls(("/usr",), (), (str(tree / "job"),), network), bubblewrap="/usr/bin/bwrap",
    )  # fmt: skip
    words = bubblewrap.command(told, str(tree / "real/data/inside.py"), (7, 8, 9))
    assert words[0] == "/usr/bin/bwrap"
    assert ("--unshare-net" in words) is not network
    assert {"--unshare-user", "--unshare-ipc", "--unshare-pid", "--die-with-parent"} <= set(words)
    assert words[words.index("--") + 2 :] == ["-I", "-S", str(tree / "real/data/inside.py"), "7", "8", "9"]


def test_without_walls_there_is_no_bubblewrap() -> None:
    told = order(
        ["java"], cwd="/", env={}, timeout_s=1, limits=ResourceLimits(), walls=None, bubblewrap="/usr/bin/bwrap"
    )
    assert told["bubblewrap"] == ""


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], tuple[str, str]]]:
    """`probed(script)`: what is found of an ordinary user's bwrap that is this shell script."""

    def probe(script: str) -> tuple[str, str]:
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bwrap").chmod(0o755)
        bubblewrap_probe._probed.cache_clear()
        return bubblewrap_probe.found(), bubblewrap_probe.problem()

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(bubblewrap_probe, "SETTINGS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    yield probe
    bubblewrap_probe._probed.cache_clear()


def test_a_bwrap_that_works_is_found(probed: Callable[[str], tuple[str, str]], tmp_path: Path) -> None:
    assert probed("exit 0") == (str(tmp_path / "bwrap"), "")


def test_a_bwrap_that_fails_is_said_with_its_reason(probed: Callable[[str], tuple[str, str]]) -> None:
    assert probed("echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1") == (
        "",
        "bubblewrap does not work for this user (setting up uid map: Permission denied): "
        "the kernel, or the container that we are in, gives ordinary users no namespaces; the other layers hold",
    )
    assert "(exit code 1)" in probed("exit 1")[1]
    assert probed("echo 'bwrap: Unknown option --perms' >&2; exit 1")[1] == (
        "bubblewrap does not work for this user (Unknown option --perms): "
        "it is too old, 0.5 or later has what is needed"
    )


def test_the_kernels_setting_in_the_way_is_the_remedy(
    probed: Callable[[str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap_probe, "SETTINGS", (("kernel/ostype", "Linux", "set it"),))
    assert probed("exit 1")[1] == "bubblewrap does not work for this user (exit code 1): set it"


def test_no_bwrap_is_said_with_how_to_get_it(
    probed: Callable[[str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert probed("exit 0") == ("", "no bubblewrap, which would be one layer more: apt-get install bubblewrap")


def test_root_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    bubblewrap_probe._probed.cache_clear()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert (bubblewrap_probe.found(), bubblewrap_probe.problem()) == ("", "")
    bubblewrap_probe._probed.cache_clear()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bwrap is not on PATH")
def test_the_flags_are_all_of_this_bwraps() -> None:
    known = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=True).stdout
    assert [flag for flag in (*bubblewrap.flags(network=False), "--perms", "--remount-ro") if flag not in known] == []
