"""How Pocketfit itself is installed, and how what is missing is had: in a checkout by make, else by the package."""

from __future__ import annotations

from pathlib import Path

# Where the package lies in a checkout: editable installs are of one too.
CHECKOUT = Path(__file__).resolve().parents[2]


def is_checkout() -> bool:
    """Return whether this is the source tree, in which `make` has its targets."""
    return (CHECKOUT / "requirements" / "torch.txt").is_file()


def how_to_get_torch() -> str:
    """Say what installs the torch and executorch that this version goes with."""
    return "run `make setup`" if is_checkout() else 'pip install "pocketfit[torch]"'


def how_to_get_android() -> str:
    """Say what builds the Android side, which an installation from a wheel has nothing to build from."""
    if is_checkout():
        return "run `make android` in Pocketfit's repository, or set POCKETFIT_ANDROID to its build/android"
    return (
        "clone Pocketfit's repository, run `make android` in it, and set POCKETFIT_ANDROID to its build/android; "
        "or use the container"
    )
