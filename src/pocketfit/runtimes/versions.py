"""The versions of Android's ExecuTorch that a .pte can be meant for, and the archive that each was seen in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pocketfit.records import Library

# Software Mansion's builds, in the npm package react-native-executorch: from the oldest to the newest.
VERSIONS: Mapping[str, Library] = {
    version: Library("react-native-executorch", npm, f"ExecuTorch {version}, built for Android by Software Mansion")
    for version, npm in (("1.0", "0.7.3"), ("1.1", "0.8.5"), ("1.3", "0.9.3"))
}
OFFICIAL = "executorch-android"
NEWEST = tuple(VERSIONS)[-1]
PROMISE = "ExecuTorch promises that newer runtimes run older files, never the reverse"


def version_of(library: str) -> str | None:
    """ "1.3" for an Android library of ExecuTorch 1.3, as reports name it; None for one whose version nobody knows."""
    artifact, _, release = library.partition(" ")
    if artifact == OFFICIAL:
        return minor_of(release)
    return next((version for version, known in VERSIONS.items() if str(known) == library), None)


def newer_exporter(exporter: str, targets: Iterable[str]) -> str | None:
    """Say that files come from a newer ExecuTorch than some of the runtimes that they are for; None where they don't.

    `exporter` is a name with its release ("executorch 1.3.1"), `targets` are versions as in VERSIONS.
    """
    made = minor_of(exporter.partition(" ")[2])
    older = [version for version in targets if made and _numbers(version) < _numbers(made)]
    if not older:
        return None
    which = " and ".join(filter(None, (", ".join(older[:-1]), older[-1])))
    return (
        f"{exporter} exports, and the runtime{'s' if len(older) > 1 else ''} {which} "
        f"{'are' if len(older) > 1 else 'is'} older: {PROMISE}"
    )


def minor_of(release: str) -> str | None:
    """ "2.12" of "2.12.1+cpu"; None for what has no such numbers."""
    found = re.match(r"\d+\.\d+", release)
    return found.group() if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
