"""Keeps from model code the credential that actions/checkout leaves in the repository unless it is told not to.

It is kept for the steps after this one, which may push with it: so its files are only made unreadable for other users
while model code runs, and a warning names what does without it. Where that hides nothing, the run is refused.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from entrypoint.workflow_commands import annotate
from pocketfit.errors import CommandError, ConfigError
from pocketfit.process import run

ADVICE = "set `persist-credentials: false` in the step with actions/checkout"
# More than any repository has; each costs a process.
MANY_FILES = 200
DEEPEST = 5
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextlib.contextmanager
def credentials_hidden(workspace: Path, log: TextIO, *, from_others: bool) -> Iterator[None]:
    """While the block runs, nobody but their owner and root reads the files with which git would sign in.

    `from_others` says that model code runs as other users than these, as it does where we are root; where it does not,
    a credential raises ConfigError.
    """
    files = find_credentials(workspace)
    if not files:
        yield
        return
    shown = ", ".join(_shown(file, workspace) for file in files[:3])
    if not from_others:
        raise ConfigError(f"{shown} holds a credential, which the models' code could read: {ADVICE}")
    annotate(log, "warning", f"{shown} holds a credential, which is hidden from the models' code meanwhile: {ADVICE}")
    with contextlib.ExitStack() as stack:
        for file in files:
            mode = stat.S_IMODE(file.stat().st_mode)
            stack.callback(_restore, file, mode)
            file.chmod(mode & ~OTHERS)
        yield


def find_credentials(workspace: Path) -> tuple[Path, ...]:
    """Find the configuration files of the repository and its submodules, and what they include, that hold one."""
    folder = workspace / ".git"
    if not folder.is_dir():
        return ()
    files = [folder / "config", *sorted(folder.glob("modules/**/config"))]
    found: dict[Path, bool] = {}
    for file in files[:MANY_FILES]:
        _look_into(file, found, DEEPEST)
    return tuple(file for file, holds in found.items() if holds)


def _look_into(file: Path, found: dict[Path, bool], deeper: int) -> None:
    file = file.resolve()
    if file in found or not deeper or not file.is_file():
        return
    found[file] = False
    try:
        listed = run("git", "config", "--file", file, "--null", "--list", timeout=30)
    except CommandError:
        # What git can't read it can't sign in with.
        return
    for entry in filter(None, listed.split("\0")):
        key, _, value = entry.partition("\n")
        section, _, name = key.rpartition(".")
        if section.lower().startswith("include") and name.lower() == "path":
            # Whatever its condition: here it may not hold, and where model code runs git it may.
            _look_into(file.parent / Path(value).expanduser(), found, deeper - 1)
        elif is_credential(section, name, value):
            found[file] = True


def is_credential(section: str, name: str, value: str) -> bool:
    """Say whether a setting of git lets others sign in: a header, or a name and password in an address."""
    match name.lower():
        case "extraheader" | "cookiefile":
            return bool(value)
        case "insteadof" | "pushinsteadof":
            return _has_password(section.partition(".")[2])
        case "url" | "pushurl" | "proxy":
            return _has_password(value)
    return False


def _has_password(address: str) -> bool:
    """Over HTTP a name alone may be a token; ssh://git@... holds none."""
    try:
        parts = urlsplit(address)
        return parts.password is not None or (parts.scheme in ("http", "https") and bool(parts.username))
    except ValueError:
        return False


def _shown(file: Path, workspace: Path) -> str:
    return str(file.relative_to(workspace.resolve())) if file.is_relative_to(workspace.resolve()) else file.name


def _restore(file: Path, mode: int) -> None:
    with contextlib.suppress(OSError):
        file.chmod(mode)
