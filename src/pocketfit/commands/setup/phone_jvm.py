"""A JVM for a phone's libraries on another kind of machine, put together out of Debian's packages.

The program that does it is the build's own; see src/android/jvm/fetch.py.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pocketfit import installed
from pocketfit.errors import CommandError
from pocketfit.installed import JVM_PROGRAM, how_to_get_abi
from pocketfit.process import finish
from pocketfit.records import PHONE_ABI
from pocketfit.text import clean

# With OpenJDK 21 of Debian 13 (17 of Debian 12 takes 83, 41 and 199 MB): packages and apt's lists of them; what comes
# of them; and what is there in between, with the packages unpacked.
FETCHED_BYTES = 95_000_000
KEPT_BYTES = 46_300_000
SCRATCH_BYTES = 266_000_000
TIMEOUT_S = 1800
LONGEST_REASON = 300
WITHOUT = f"without a JVM for {PHONE_ABI}, so that its libraries are for attached phones alone"


def why_not() -> str | None:
    """Say why none can be put together here, with the next step; None if one can."""
    for name in ("apt-get", "dpkg-deb"):
        if not shutil.which(name):
            return f"{WITHOUT}: it comes out of Debian's packages, and {name} is not on PATH"
    if shutil.which("jlink"):
        return None
    again = how_to_get_abi(PHONE_ABI).removeprefix("run ")
    return f"{WITHOUT}: jlink is not on PATH (apt-get install default-jdk-headless, then {again} again)"


def put_together(folder: Path) -> str | None:
    """Make it below an Android side's folder; return the sentence that says why there is none, or None."""
    home = Path(shutil.which("jlink") or "jlink").resolve().parents[1]
    out = folder / "jvm" / PHONE_ABI
    words = [sys.executable, "-I", str(installed.PREBUILT / JVM_PROGRAM), "--java-home", str(home), "--out", str(out)]
    try:
        done = finish(words, timeout=TIMEOUT_S, cwd=folder)
    except CommandError as error:
        return f"{WITHOUT}: {error}"
    if done.timed_out:
        return f"{WITHOUT}: it was not there in {TIMEOUT_S} s"
    if done.code:
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        return f"{WITHOUT}: {clean(said[-1], LONGEST_REASON)}"
    return None


def is_there(folder: Path) -> bool:
    return (folder / "jvm" / PHONE_ABI / "packages.txt").is_file()
