"""app_process is Android's way to run a Java class without an app; this one runs it in a desktop's JVM.

It checks the pushed jar as ART would, and the pushed libraries are the ones that run. Only the class files and the
compatibility layer are the stand-in's own, since a JVM can't run dex.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from standin.dex import DexError, classes, read_dex
from standin.elf import refusal
from standin.java import run_java
from standin.processes import name_this_process
from standin.state import State

# The class that a device starts, and the one that a desktop does.
DESKTOP_CLASS = {"dev.pocketfit.Main": "dev.pocketfit.Desktop"}
NOISE = "WARNING: linker: Warning: unused DT entry: type 0x6ffffef5 (vendor noise)\n[perfd] {hint:boost}\n"


def main(state: State, words: list[str]) -> int:
    name_this_process("app_process64")
    try:
        class_name, arguments = _program(words)
        jar = _class_path(words)
        sdk = int(state.properties()["ro.build.version.sdk"])
        if class_name not in classes(read_dex(jar, sdk)):
            raise DexError(
                f'java.lang.ClassNotFoundException: Didn\'t find class "{class_name}" '
                f'on path: DexPathList[[zip file "{jar}"],nativeLibraryDirectories=[/system/lib64]]'
            )
        if class_name not in DESKTOP_CLASS:
            raise DexError(f"the stand-in runs no other class than {', '.join(DESKTOP_CLASS)}")
    except DexError as error:
        state.say_in_logcat("E", "AndroidRuntime", f"FATAL EXCEPTION: main: {error}")
        print(error, file=sys.stderr)
        return 1
    options = dict(word.split("=", 1) for word in arguments if "=" in word)
    noise = state.faults.on("noise")
    if noise:
        print(NOISE, end="", flush=True)
    status = _answer(state, class_name, arguments, Path(options.get("libraries", "")))
    if noise:
        print("\n\n", end="", flush=True)
        state.faults.used("noise")
    if state.faults.on("reboot-after-run"):
        state.faults.used("reboot-after-run")
        state.reboot_wanted.touch()
    if status < 0:
        # So that the shell sees the signal that Android's process would have died of.
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


def _program(words: list[str]) -> tuple[str, list[str]]:
    """Read `[-Doption...] command-dir [--option...] class argument...`: return the class and its arguments."""
    rest = [word for index, word in enumerate(words) if not (word.startswith("-") and _all_options(words[:index]))]
    rest = rest[1:]
    while rest and rest[0].startswith("--"):
        rest = rest[1:]
    if not rest:
        raise DexError("Error: no class name or --zygote supplied.")
    return rest[0].replace("/", "."), rest[1:]


def _all_options(words: list[str]) -> bool:
    return all(word.startswith("-") for word in words)


def _class_path(words: list[str]) -> Path:
    named = [word.partition("=")[2] for word in words if word.startswith("-Djava.class.path=")]
    return Path((named or [os.environ.get("CLASSPATH", "")])[-1])


def _answer(state: State, class_name: str, arguments: list[str], libraries: Path) -> int:
    """Run the program, or answer as it would on a device where its libraries don't load."""
    if problem := _load_problem(state, libraries):
        print()
        error = {"stage": "start", "type": "UnsatisfiedLinkError", "message": problem}
        print(json.dumps({"error": error}), flush=True)
        return 0
    if state.faults.on("hang-app"):
        state.faults.used("hang-app")
        signal.pause()
    return run_java(state, [DESKTOP_CLASS[class_name], *arguments, f"shim={state.android / 'shim/x86_64'}"], libraries)


def _load_problem(state: State, libraries: Path) -> str | None:
    pushed = sorted(libraries.glob("*.so")) if libraries.is_dir() else []
    for library in pushed:
        if problem := refusal(library, state.page_size):
            return problem
    if pushed and state.faults.on("noexec"):
        state.faults.used("noexec")
        return f'dlopen failed: couldn\'t map "{pushed[0]}" segment 1: Permission denied'
    return None
