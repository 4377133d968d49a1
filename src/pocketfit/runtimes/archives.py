"""The archives that Android's libraries are published in, and which file of which one is which of ours.

`libraries.json`, in a wheel for one kind of machine, is written by tools/release from what `make android` built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pocketfit.errors import EnvironmentProblem

Client = Literal["mvn", "npm"]


@dataclass(frozen=True)
class Member:
    """A file of an archive, by its name there; `path` is its place in the Android side's folder."""

    name: str
    path: str
    size_bytes: int
    sha256: str

    @property
    def part(self) -> str:
        """The folder of the Android side that it belongs to: that of one runtime."""
        return self.path.partition("/")[0]

    @property
    def abi(self) -> str:
        """As Android's own archives name it: RUNTIME/jni/ABI/LIBRARY."""
        return self.path.split("/")[2]


@dataclass(frozen=True)
class Archive:
    """`name` is as its client takes it: GROUP:ARTIFACT:VERSION:TYPE for mvn, PACKAGE@VERSION for npm."""

    client: Client
    name: str
    size_bytes: int
    sha256: str
    files: tuple[Member, ...]

    @property
    def file_name(self) -> str:
        return file_name(self.client, self.name)

    def only(self, keeps: Callable[[Member], bool]) -> Archive:
        return replace(self, files=tuple(member for member in self.files if keeps(member)))


@dataclass(frozen=True)
class Libraries:
    """All that `libraries.json` says: the version that it is for, and each archive."""

    pocketfit: str
    archives: tuple[Archive, ...]


def file_name(client: Client, name: str) -> str:
    """Return what a client calls the file that it fetches."""
    if client == "npm":
        package, _, version = name.rpartition("@")
        return f"{package}-{version}.tgz"
    _, artifact, version, kind = name.split(":")
    return f"{artifact}-{version}.{kind}"


def to_plain(libraries: Libraries) -> dict[str, Any]:
    return asdict(libraries)


def read_libraries(path: Path) -> Libraries:
    """Raises EnvironmentProblem where the file is not what a wheel has."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Libraries).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EnvironmentProblem(f"{path} can't be read: install Pocketfit again") from error
