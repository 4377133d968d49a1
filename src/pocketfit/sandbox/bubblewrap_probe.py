"""Whether bubblewrap works here for this user, found by starting it once as a program would be."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pocketfit.sandbox import bubblewrap
from pocketfit.sandbox.order import WallsOrder
from pocketfit.sandbox.paths import of_system

PATIENCE_S = 30
# A setting of the kernel's, the value with which it stands in bubblewrap's way, and what to do.
SETTINGS = (
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "give bwrap an AppArmor profile with `userns,`, or set sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("kernel/unprivileged_userns_clone", "0", "set sysctl kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "set sysctl user.max_user_namespaces=10000"),
)


def found() -> str:
    """The path of a bwrap that works here; "" where there is none, or where we are root and need none."""
    return _probed()[0]


def problem() -> str:
    """Say why there is no bubblewrap and what to do; "" where it works, and where it is not wanted (root, macOS)."""
    return _probed()[1]


@functools.cache
def _probed() -> tuple[str, str]:
    if sys.platform != "linux" or os.geteuid() == 0:
        return "", ""
    program = shutil.which("bwrap")
    if program is None:
        return "", "no bubblewrap, which would be one layer more: apt-get install bubblewrap"
    said = _try(os.path.abspath(program))
    if said is None:
        return os.path.abspath(program), ""
    return "", f"bubblewrap does not work for this user ({said}): {_remedy(said)}"


def _try(program: str) -> str | None:
    """What bwrap says where it fails, in its last line; None where it works."""
    walls = WallsOrder(readable=list(of_system()), listable=[], writable=[], network=False, ports=[], counter=False)
    words = [program, *bubblewrap.flags(network=False), *bubblewrap.mounts(walls, "/usr"), "--", "true"]
    try:
        done = subprocess.run(
            words, env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error).splitlines()[0][:200]
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").splitlines() or [f"exit code {done.returncode}"]
    return lines[-1].removeprefix("bwrap: ")[:200]


def _remedy(said: str) -> str:
    if said.startswith("Unknown option"):
        return "it is too old, 0.5 or later has what is needed"
    for name, in_the_way, remedy in SETTINGS:
        try:
            value = Path("/proc/sys", name).read_text().strip()
        except OSError:
            continue
        if value == in_the_way:
            return remedy
    return "the kernel, or the container that we are in, gives ordinary users no namespaces; the other layers hold"
