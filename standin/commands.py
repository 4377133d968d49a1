"""These are the commands that an Android shell has beyond a desktop's: getprop, pm, logcat and so on.

Each is a small function here, and a file in /system/bin that starts this module with its name.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from standin import app_process
from standin.processes import pgrep, pkill
from standin.state import State, current

PACKAGES = ("android", "com.android.shell", "com.android.settings", "com.android.systemui")


def getprop(state: State, words: list[str]) -> int:
    properties = state.properties()
    if words:
        print(properties.get(words[0], words[1] if len(words) > 1 else ""))
    else:
        for name, value in sorted(properties.items()):
            print(f"[{name}]: [{value}]")
    return 0


def cmd(state: State, words: list[str]) -> int:
    if words[:1] != ["package"] or not state.packages_answer():
        print(f"cmd: Can't find service: {words[0] if words else ''}", file=sys.stderr)
        return 20
    return pm(state, words[1:])


def pm(state: State, words: list[str]) -> int:
    if not state.packages_answer():
        print("Error: Could not access the Package Manager.  Is the system running?", file=sys.stderr)
        return 1
    if words[:2] == ["list", "packages"]:
        print("\n".join(f"package:{name}" for name in PACKAGES))
    elif words[:1] == ["path"] and words[1:] and words[1] in PACKAGES:
        print(f"package:/system/framework/{words[1]}.apk")
    else:
        return 1
    return 0


def getconf(state: State, words: list[str]) -> int:
    if words in (["PAGE_SIZE"], ["PAGESIZE"]):
        print(state.page_size)
        return 0
    os.execv("/usr/bin/getconf", ["getconf", *words])


def free(state: State, words: list[str]) -> int:
    """Print bytes, in toybox's columns."""
    found = re.findall(r"^(\w+):\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    kib = {name: int(number) * 1024 for name, number in found}
    total, unused = kib["MemTotal"], kib["MemFree"]
    print(f"{'':8}{'total':>15}{'used':>15}{'free':>15}{'shared':>15}{'buffers':>15}")
    numbers = (total, total - unused, unused, kib.get("Shmem", 0), kib["Buffers"])
    print("Mem:    " + "".join(f"{number:15}" for number in numbers))
    return 0


def logcat(state: State, words: list[str]) -> int:
    """Accept -c, -d, -t COUNT and -b crash; without -d or -t follow the log, as Android's does."""
    if "-c" in words:
        state.logcat.write_text("")
        return 0
    crash_only = ("-b", "crash") in pairwise(words)
    wanted = re.compile(r" F (libc|DEBUG) | E AndroidRuntime" if crash_only else "")
    count = int(words[words.index("-t") + 1]) if "-t" in words else 0
    with state.logcat.open() as log:
        lines = [line for line in log.readlines() if wanted.search(line)]
        sys.stdout.writelines(lines[-count:])
        while "-d" not in words and not count:
            sys.stdout.writelines(line for line in log.readlines() if wanted.search(line))
            sys.stdout.flush()
            time.sleep(0.2)
    return 0


def reboot(state: State, words: list[str]) -> int:
    state.reboot_wanted.touch()
    return 0


COMMANDS: dict[str, Callable[[State, list[str]], int]] = {
    "app_process": app_process.main,
    "app_process64": app_process.main,
    "cmd": cmd,
    "free": free,
    "getconf": getconf,
    "getprop": getprop,
    "logcat": logcat,
    "pgrep": pgrep,
    "pkill": pkill,
    "pm": pm,
    "reboot": reboot,
}


def install(folder: Path) -> None:
    for name in COMMANDS:
        script = folder / name
        # Without site: packages of the machine would cost each command time.
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -S -m standin.commands {name} "$@"\n')
        script.chmod(0o755)
    shell = folder / "sh"
    shell.unlink(missing_ok=True)
    shell.symlink_to("/bin/sh")


if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](current(), sys.argv[2:]))
