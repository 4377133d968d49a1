"""A stand-in has a file system and a process list of its own, so that /data/local/tmp is a path here as on Android.

That takes unshare, as root or with user namespaces: everything of the machine's root is bound into a new one that
has /data, /system and /sdcard besides, and nothing is left of it when the last process in it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NEEDED = "namespaces are needed: run as root, or allow unprivileged user namespaces"
OWN = ("data", "system", "sdcard")


def unshare_command() -> list[str] | None:
    """Return the command that puts a program into namespaces of its own, or None where nothing does."""
    base = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    for command in (base, [*base, "--map-root-user"]):
        try:
            if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
                return command
        except FileNotFoundError:
            return None
    return None


def start_over(command: Sequence[str], arguments: Sequence[str]) -> None:
    """Become the same stand-in inside of namespaces."""
    os.execvp(command[0], [*command, sys.executable, "-S", "-m", "standin", *arguments, "--inside"])


def enter_root(folder: Path) -> None:
    """Build the new root in `folder` and move into it: from here on device paths are paths."""
    new = folder / "root"
    new.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "stand-in", new)
    for entry in Path("/").iterdir():
        place = new / entry.name
        if entry.name in OWN:
            continue
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
        elif entry.name == "proc":
            place.mkdir()
            _mount("-t", "proc", "proc", place)
        elif entry.is_dir():
            place.mkdir()
            _mount("--rbind", entry, place)
    for name in OWN:
        (folder / name).mkdir(exist_ok=True)
        (new / name).mkdir()
        _mount("--bind", folder / name, new / name)
    os.chroot(new)
    os.chdir("/")


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)
