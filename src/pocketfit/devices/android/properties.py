"""Asks an Android device what it is, and checks that our libraries can run there."""

from __future__ import annotations

from dataclasses import dataclass

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.base import X86_NOTE
from pocketfit.errors import EnvironmentProblem
from pocketfit.installed import can_set_up, how_to_get_abi
from pocketfit.records import DeviceInfo, Hardware
from pocketfit.runtimes.elf import shipping_note, smallest_alignment_bytes
from pocketfit.runtimes.library import AndroidSide

# pytorch_android's libraries ask for 21, and our program's dex for 24.
MIN_API_LEVEL = 24

_ASK = {
    "abis": "getprop ro.product.cpu.abilist",
    "android": "getprop ro.build.version.release",
    "api_level": "getprop ro.build.version.sdk",
    "model": "getprop ro.product.model",
    "page_size": "getconf PAGE_SIZE",
    "cores": "nproc",
    "memory": "grep MemAvailable /proc/meminfo",
}


@dataclass(frozen=True)
class Properties:
    """`abis` in the device's order, `abi` the first of them that we have libraries for, or ``."""

    abis: tuple[str, ...]
    abi: str
    android: str
    api_level: int
    model: str
    page_size_bytes: int | None
    cores: int | None
    free_memory_bytes: int | None


def read_properties(adb: Adb, available: tuple[str, ...]) -> Properties:
    """Ask for all of them in one round trip. `available` are the ABIs that there are libraries for."""
    printed = adb.shell("; ".join(f"echo {name}=$({command} 2>/dev/null)" for name, command in _ASK.items()))
    return parse_properties(printed, available)


def parse_properties(printed: str, available: tuple[str, ...]) -> Properties:
    answers = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    abis = tuple(abi for abi in answers.get("abis", "").strip().split(",") if abi)
    memory_kb = _number(answers.get("memory", ""))
    return Properties(
        abis=abis,
        abi=next((abi for abi in abis if abi in available), ""),
        android=answers.get("android", "").strip(),
        api_level=_number(answers.get("api_level", "")) or 0,
        model=answers.get("model", "").strip(),
        page_size_bytes=_number(answers.get("page_size", "")),
        cores=_number(answers.get("cores", "")),
        free_memory_bytes=None if memory_kb is None else memory_kb * 1024,
    )


def check_usable(properties: Properties, android: AndroidSide, serial: str) -> None:
    """Raises EnvironmentProblem for a device that no artifact could be tried on."""
    if not properties.abis:
        raise EnvironmentProblem(f"{serial} does not say what its ABI is: is it an Android device?")
    if not properties.abi:
        step = f": {how_to_get_abi(properties.abis[0])}" if can_set_up() else ""
        there = ", ".join(android.abis())
        raise EnvironmentProblem(
            f"{serial} is {'/'.join(properties.abis)}, and there are libraries for {there} only{step}"
        )
    if properties.api_level < MIN_API_LEVEL:
        raise EnvironmentProblem(
            f"{serial} has API level {properties.api_level}, and Pocketfit needs {MIN_API_LEVEL} (Android 7) or later"
        )
    small = {
        str(library): alignment
        for name, library in android.runtimes.items()
        if android.has_program(name)
        and (alignment := smallest_alignment_bytes([android.libraries(name, properties.abi)]))
        and alignment < (properties.page_size_bytes or 0)
    }
    if small:
        raise EnvironmentProblem(
            f"{serial} has pages of {(properties.page_size_bytes or 0) // 1024} kB, and the libraries of "
            f"{' and '.join(small)} are aligned to {min(small.values()) // 1024} kB, "
            "so it can't load them: use a device with pages of 4 kB"
        )


def describe(properties: Properties, android: AndroidSide, kind: str, threads: int) -> DeviceInfo:
    """A device and its runtimes, as reports say them."""
    x86 = X86_NOTE if properties.abi.startswith("x86") else ""
    return DeviceInfo(
        kind=kind,
        abi=properties.abi,
        cpu=properties.model,
        threads=threads,
        runtimes={
            format: name
            for format, name in android.of_formats().items()
            if not android.missing_on_devices(format, properties.abi)
        },
        notes=tuple(note for note in (x86, shipping_note(android)) if note),
        hardware=Hardware(
            model=properties.model,
            android=properties.android,
            api_level=properties.api_level,
            page_size_bytes=properties.page_size_bytes,
            cores=properties.cores,
            free_memory_bytes=properties.free_memory_bytes,
        ),
    )


def _number(text: str) -> int | None:
    digits = "".join(letter for letter in text if letter.isdigit())
    return int(digits) if digits else None
