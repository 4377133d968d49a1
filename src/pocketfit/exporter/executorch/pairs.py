"""Which torch and executorch make .pte files together. An executorch is built for one minor version of torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from pocketfit.runtimes.versions import minor_of


@dataclass(frozen=True)
class Pair:
    """A torch and the executorch that is built for it, as the tests of .pte files were run with them.

    `has_tracer`: the wheel's runtime was built with an event tracer, which tells what each operator takes.
    """

    torch: str
    executorch: str
    has_tracer: bool = False

    def __str__(self) -> str:
        return f"executorch {self.executorch} with torch {self.torch}"

    def has(self, torch: str, executorch: str) -> bool:
        """True for these and for their patch releases."""
        return (minor_of(torch), minor_of(executorch)) == (minor_of(self.torch), minor_of(self.executorch))


# Ours (requirements/), and another that a user's environment may have (requirements/second-pair-*.in).
TRACED = Pair("2.14.0", "1.5.1", has_tracer=True)
PAIRS = (Pair("2.12.1", "1.3.1"), TRACED)


def unknown_pair() -> str | None:
    """Say that the torch and executorch installed here are no pair that is known to work; None where they are one.

    Packages that were built from source without metadata are believed: nobody can tell their versions.
    """
    if (installed := installed_pair()) is None or pair_of(*installed):
        return None
    torch, executorch = installed
    known = " or ".join(map(str, PAIRS))
    return f"executorch {executorch} with torch {torch} is no pair that Pocketfit was tried with: install {known}"


def installed_pair() -> tuple[str, str] | None:
    """The versions of torch and executorch; None where one has no metadata, as packages built from source may."""
    try:
        return version("torch"), version("executorch")
    except PackageNotFoundError:
        return None


def pair_of(torch: str, executorch: str) -> Pair | None:
    """Find the known pair that these versions are, or are patch releases of."""
    return next((pair for pair in PAIRS if pair.has(torch, executorch)), None)
