"""The credential that actions/checkout leaves: where it can stand, who can read it meanwhile, what becomes of it."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from pathlib import Path

import pytest

from entrypoint.checkout import credentials_hidden, find_credentials
from pocketfit.errors import ConfigError
from tests.unit.entrypoint.repository import Repository

HEADER = "http.https://github.com/.extraheader"
BASIC = "AUTHORIZATION: basic Y2FuYXJ5"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "workspace")


def shown(repository: Repository) -> list[str]:
    return [str(file.relative_to(repository.folder.parent)) for file in find_credentials(repository.folder)]


HOLD_ONE = {
    "what checkout writes": (HEADER, BASIC),
    "a header for every server": ("http.extraheader", BASIC),
    "an address with a password": ("remote.origin.url", "https://x-access-token:canary@github.com/octo/phone"),
    "an address with a token for a name": ("remote.origin.url", "https://ghp_canary@github.com/octo/phone"),
    "an address to push to": ("remote.origin.pushurl", "https://u:canary@example.com/x"),
    "a rewritten address": ("url.https://x:canary@github.com/.insteadOf", "https://github.com/"),
    "an address rewritten to push": ("url.https://x:canary@github.com/.pushInsteadOf", "git@github.com:"),
    "an ssh address with a password": ("remote.origin.url", "ssh://git:canary@example.com/x"),
    "a proxy": ("http.proxy", "http://u:canary@proxy.example:3128"),
    "cookies": ("http.cookieFile", "/root/.cookies"),
}


@pytest.mark.parametrize("case", HOLD_ONE)
def test_where_a_credential_stands(repository: Repository, case: str) -> None:
    repository.git("config", "--replace-all", *HOLD_ONE[case])
    assert shown(repository) == ["workspace/.git/config"]


HOLD_NONE = {
    "ssh": ("remote.origin.url", "ssh://git@github.com/octo/phone"),
    "scp": ("remote.origin.url", "git@github.com:octo/phone"),
    "https": ("remote.origin.url", "https://github.com/octo/phone"),
    "a folder": ("remote.origin.url", "/srv/git/phone"),
    "no address": ("remote.origin.url", "https://[::1/x"),
    "no header": (HEADER, ""),
    "a rewritten address": ("url.https://github.com/.insteadOf", "git@github.com:"),
    "a branch called url": ("branch.url.remote", "https://a:b@c"),
}


@pytest.mark.parametrize("case", HOLD_NONE)
def test_where_none_stands(repository: Repository, case: str) -> None:
    repository.git("config", *HOLD_NONE[case])
    assert shown(repository) == []


def test_a_file_that_is_included(repository: Repository) -> None:
    """What newer versions of actions/checkout do: the condition holds in another container than this."""
    outside = repository.folder.parent / "git-credentials-1.config"
    outside.write_text(f'[http "https://github.com/"]\n\textraheader = {BASIC}\n')
    repository.git("config", "includeIf.gitdir:/github/workspace/.git.path", str(outside))
    repository.git("config", "include.path", "../../of-a-person")
    (repository.folder.parent / "of-a-person").write_text("[include]\n\tpath = gone\n[include]\n\tpath = of-a-person\n")
    assert shown(repository) == ["git-credentials-1.config"]


def test_a_submodule(repository: Repository) -> None:
    folder = repository.folder / ".git/modules/deep/er"
    folder.mkdir(parents=True)
    (folder / "config").write_text(f'[http "https://github.com/"]\n\textraheader = {BASIC}\n')
    assert shown(repository) == ["workspace/.git/modules/deep/er/config"]


def test_no_repository_holds_none(tmp_path: Path) -> None:
    assert find_credentials(tmp_path) == ()
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    assert find_credentials(tmp_path) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a file from another user")
def test_another_user_can_not_read_it_while_model_code_runs(repository: Repository) -> None:
    repository.git("config", HEADER, BASIC)
    config = repository.folder / ".git/config"
    config.chmod(0o644)
    for folder in (config, *config.parents):
        if folder.stat().st_uid == 0 and folder.is_dir() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o055)

    def read_by_another() -> str:
        done = subprocess.run(["cat", config], user="nobody", capture_output=True, text=True, check=False)
        return "read" if BASIC in done.stdout else done.stderr.strip().rpartition(": ")[2]

    assert read_by_another() == "read", "the test itself must be able to"
    log = io.StringIO()
    with credentials_hidden(repository.folder, log, from_others=True):
        assert read_by_another() == "Permission denied"
        # git itself, which the run uses, goes on.
        assert repository.git("config", HEADER) == BASIC
    assert read_by_another() == "read"
    assert stat.S_IMODE(config.stat().st_mode) == 0o644
    assert log.getvalue() == (
        "::warning title=Pocketfit::.git/config holds a credential, which is hidden from the models' code meanwhile: "
        "set `persist-credentials: false` in the step with actions/checkout\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a file from another user")
def test_it_is_there_again_however_the_run_ends(repository: Repository) -> None:
    repository.git("config", HEADER, BASIC)
    config = repository.folder / ".git/config"
    config.chmod(0o640)
    modes = []

    def interrupted() -> None:
        with credentials_hidden(repository.folder, io.StringIO(), from_others=True):
            modes.append(stat.S_IMODE(config.stat().st_mode))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert modes == [0o600]
    assert stat.S_IMODE(config.stat().st_mode) == 0o640


def test_where_model_code_runs_as_the_same_user_the_run_is_refused(repository: Repository) -> None:
    repository.git("config", HEADER, BASIC)
    with pytest.raises(ConfigError) as caught:
        credentials_hidden(repository.folder, io.StringIO(), from_others=False).__enter__()
    assert str(caught.value) == (
        ".git/config holds a credential, which the models' code could read: "
        "set `persist-credentials: false` in the step with actions/checkout"
    )


def test_without_a_credential_nothing_is_said(repository: Repository) -> None:
    log = io.StringIO()
    with credentials_hidden(repository.folder, log, from_others=False):
        pass
    assert log.getvalue() == ""
