"""How Pocketfit itself is installed, and how what is missing is had: in a checkout by make, else by the package."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

# Where the package lies in a checkout: editable installs are of one too.
CHECKOUT = Path(__file__).resolve().parents[2]
# What a wheel for one machine has of the Android side: all but the libraries, which this file names.
PREBUILT = Path(__file__).resolve().parent / "android"
LIBRARIES_FILE = "libraries.json"
# Where a phone's libraries are emulated: the program that puts a JVM for them together, src/android/jvm/fetch.py.
JVM_PROGRAM = "fetch_jvm.py"
# What each installer of programs leaves in a program's environment, and how it installs one with an extra.
INSTALLERS = {"uv-receipt.toml": "uv tool install", "pipx_metadata.json": "pipx install --force"}


def is_checkout() -> bool:
    """Return whether this is the source tree, in which `make` has its targets."""
    return (CHECKOUT / "requirements" / "torch.txt").is_file()


def can_set_up() -> bool:
    """Return whether this was installed from a wheel for this kind of machine, which `pocketfit setup` completes."""
    return not is_checkout() and (PREBUILT / LIBRARIES_FILE).is_file()


def how_to_get_torch() -> str:
    """Say what installs the torch and executorch that this version goes with."""
    if is_checkout():
        return "run `make setup`"
    install = next((words for file, words in INSTALLERS.items() if Path(sys.prefix, file).is_file()), "pip install")
    return f'{install} "pocketfit[torch]"'


def without_torch() -> str | None:
    """Say that torch is not installed here and what installs it; None where it is."""
    return None if find_spec("torch") else f"torch is not installed here: {how_to_get_torch()}"


def how_to_get_android() -> str:
    """Say what makes the Android side."""
    if can_set_up():
        named = "unset POCKETFIT_ANDROID and " if os.environ.get("POCKETFIT_ANDROID") else ""
        return f"{named}run `pocketfit setup`"
    if is_checkout():
        return "run `make android` in Pocketfit's repository, or set POCKETFIT_ANDROID to its build/android"
    return (
        "clone Pocketfit's repository, run `make android` in it, and set POCKETFIT_ANDROID to its build/android; "
        "or use the container"
    )


def how_to_get_abi(abi: str) -> str:
    """Say what fetches the libraries for a further ABI, where `can_set_up`."""
    return f"run `pocketfit setup --abi {abi}`"


def android_command() -> str:
    """The command that makes the Android side again where there is one that is of no use."""
    return "`pocketfit setup`" if can_set_up() else "`make android`"
