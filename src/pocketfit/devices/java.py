"""Says how Java is started for an ABI: the machine's own, or an arm64 one in an emulator of single programs (QEMU)."""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pocketfit.devices import core
from pocketfit.errors import CommandError
from pocketfit.installed import can_set_up, how_to_get_abi
from pocketfit.process import finish
from pocketfit.records import DEFAULT_CPU, PHONE_ABI, RuntimeName
from pocketfit.runtimes.library import AndroidSide

# Where Android's libraries run as they are, by the machine's name.
MACHINES = {"x86_64": "x86_64", "aarch64": PHONE_ABI}
EMULATOR = "qemu-aarch64"
# Where nothing is timed even the first compiler costs more than it saves, and takes memory in the midst of readings.
UNCOMPILED = "-Xint"
# It shows all that QEMU has; up to 7.2 its int8 matrix products were wrong, and are right in this version.
CPU_OF_ALL = "max"
RIGHT_FROM = 10


@dataclass(frozen=True)
class Launch:
    """The way Java is started for one ABI.

    `argv` is the command up to Java's own options, and `environment` what it needs beside the caller's; `readable` are
    paths that it must be able to read. `cpu` is the core that is emulated, None on the machine's own.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    readable: tuple[str, ...] = ()
    cpu: str | None = None


def own_abi() -> str | None:
    """The ABI whose libraries this machine runs as they are."""
    return MACHINES.get(platform.machine())


def is_emulated(abi: str) -> bool:
    return abi != own_abi()


def launch(
    android: AndroidSide, runtime: RuntimeName, abi: str, cpu: str | None, emulator_arguments: Sequence[str] = ()
) -> Launch:
    """Compose how Java is started with a runtime's libraries of an ABI.

    `cpu` is the core that is emulated where one is (default: DEFAULT_CPU), and `emulator_arguments` are further ones of
    QEMU, such as a plugin. Only asked for what `unavailable` says nothing of.
    """
    libraries = str(android.libraries(runtime, abi))
    guard = android.layer(abi) / "guard.so"
    preloaded = {"LD_PRELOAD": str(guard)} if guard.is_file() else {}
    if not is_emulated(abi):
        return Launch(("java",), {"LD_LIBRARY_PATH": libraries, **preloaded})
    root = android.jvm(abi)
    inside = {"LD_LIBRARY_PATH": f"{root / 'lib'}:{libraries}", **preloaded}
    # Not in our environment, in which the emulator itself would meet libraries of another machine.
    words = [word for name, value in inside.items() for word in ("-E", f"{name}={value}")]
    emulator = Path(shutil.which(EMULATOR) or EMULATOR)
    # What a compiler takes for so small a program is more than it saves, the less so where each instruction counts.
    java = (str(root / "java" / "bin" / "java"), UNCOMPILED)
    cpu = cpu or DEFAULT_CPU
    return Launch(
        (str(emulator), "-L", str(root), "-cpu", cpu, *emulator_arguments, *words, *java),
        readable=(str(emulator.resolve()), str(root)),
        cpu=cpu,
    )


def unavailable(android: AndroidSide, abi: str, cpu: str) -> str | None:
    """Say why Java can't be started with libraries of this ABI here, with the next step; None if it can."""
    machine = platform.machine()
    if is_emulated(abi) and abi != PHONE_ABI:
        return f"its Android libraries are {abi}'s, and this machine is {machine}: use another device"
    if not android.layer(abi).is_dir():
        if can_set_up():
            return f"{abi}: {how_to_get_abi(abi)}"
        built = "the Android side was built without it: install gcc-aarch64-linux-gnu and libc6-dev-arm64-cross"
        return f"{abi}: {built}, and run `make -B android`"
    if not is_emulated(abi):
        return None if shutil.which("java") else "java is not on PATH: apt-get install default-jre-headless"
    if not android.jvm(abi).is_dir():
        if can_set_up():
            return f"{abi}: there is no JVM for it: {how_to_get_abi(abi)}, which says why"
        return f"{abi}: the Android side was built without a JVM for it: run `make -B android`, which says why"
    if "," in str(android.folder):
        return f"{abi}: the emulator takes no path with a comma: move {android.folder}"
    version = emulator_version()
    if version is None:
        return f"{abi}: {EMULATOR} is not on PATH: apt-get install qemu-user"
    return _cpu_problem(cpu, version)


def describe_cpu(cpu: str) -> str:
    """Describe an emulated core, as a report names it beside every number."""
    version = emulator_version()
    return f"{cpu}, emulated by QEMU {'.'.join(map(str, version))}" if version else f"{cpu}, emulated"


def _cpu_problem(cpu: str, version: tuple[int, ...]) -> str | None:
    shown = ".".join(map(str, version))
    if cpu == CPU_OF_ALL and version < (RIGHT_FROM,):
        return (
            f'cpu = "{cpu}" is refused with QEMU {shown}, which computes int8 wrongly for it (right from '
            f'{RIGHT_FROM}.0): use cpu = "{DEFAULT_CPU}"'
        )
    if cpu not in emulated_cpus():
        known = ", ".join(name for name in emulated_cpus() if name.startswith(("cortex-a", "neoverse")))
        return f'QEMU {shown} has no cpu "{cpu}": use one of {known}'
    return None


@cache
def emulator_version() -> tuple[int, ...] | None:
    """The version of the emulator, None where there is none that starts."""
    said = _said(("--version",))
    found = re.search(r"version (\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part) for part in found.groups() if part) if found else None


@cache
def emulated_cpus() -> tuple[str, ...]:
    """The names of 64-bit cores that the emulator has."""
    return tuple(line.strip() for line in _said(("-cpu", "help")).splitlines() if line.startswith("  "))


@cache
def takes_plugins() -> bool:
    """Return whether the emulator can load one; static builds, as in Debian 13, can't."""
    return "-plugin" in _said(("--help",))


def why_uncounted(android: AndroidSide, abi: str) -> str | None:
    """Say why nobody can count what libraries of this ABI execute, with the next step; None if QEMU or the core can."""
    if not is_emulated(abi):
        return core.why_uncounted()
    if not takes_plugins():
        version = ".".join(map(str, emulator_version() or ()))
        return f"QEMU {version} takes no plugins, as static builds do not (Debian 13's): use Debian 12's qemu-user, 7.2"
    if not android.work_plugin.is_file():
        return "the Android side was built without the plugin that counts: run `make -B android`"
    return None


def _said(arguments: tuple[str, ...]) -> str:
    try:
        return finish([EMULATOR, *arguments], timeout=20).stdout
    except CommandError:
        return ""
