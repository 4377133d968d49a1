"""Finds the Android side that `make android` or `pocketfit setup` made: the Java program and the Android libraries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pocketfit import __version__, installed
from pocketfit.errors import EnvironmentProblem
from pocketfit.files.caches import own_caches
from pocketfit.formats import FORMATS
from pocketfit.installed import android_command, can_set_up, how_to_get_abi, how_to_get_android, is_checkout
from pocketfit.records import Library, RuntimeName
from pocketfit.runtimes.sizes import alignment_bytes

# Written last by whoever makes the folder.
RUNTIMES_FILE = "runtimes.json"


@dataclass(frozen=True)
class AndroidSide:
    """The built folder; `desktop_abi` is the ABI whose libraries run in a JVM here.

    `older` are further versions of ExecuTorch, by their number ("1.0"): `make android OLDER=1` adds them.
    `executorch_folder` is where ExecuTorch's own files are.
    """

    folder: Path
    desktop_abi: str
    runtimes: Mapping[RuntimeName, Library]
    older: Mapping[str, Library] = field(default_factory=dict)
    executorch_folder: str = "executorch"

    def at(self, version: str) -> AndroidSide | None:
        """The same side with an older ExecuTorch, and nothing else; None where it was not built."""
        library = self.older.get(version)
        if library is None:
            return None
        return replace(self, runtimes={"executorch": library}, older={}, executorch_folder=f"executorch-{version}")

    def _own(self, runtime: RuntimeName) -> Path:
        return self.folder / (self.executorch_folder if runtime == "executorch" else runtime)

    def desktop_classpath(self, runtime: RuntimeName) -> str:
        """The jars for a JVM; ExecuTorch has some of its own, with other versions of the classes both need."""
        own = self._own(runtime) / "desktop"
        return str((own if own.is_dir() else self.folder / "desktop") / "*")

    @property
    def shim(self) -> Path:
        return self.layer(self.desktop_abi)

    def layer(self, abi: str) -> Path:
        """The compatibility layer for an ABI's libraries in a JVM; not there where it was not built."""
        return self.folder / "shim" / abi

    def jvm(self, abi: str) -> Path:
        """A JVM for an ABI that is not this machine's, with the C library it needs; not there where none was built."""
        return self.folder / "jvm" / abi

    @property
    def work_plugin(self) -> Path:
        """The plugin with which the emulator counts; not there where another version's Android side was built."""
        return self.folder / "qemu" / "work.so"

    def abis(self) -> tuple[str, ...]:
        """The ABIs that some runtime has libraries for."""
        return tuple(sorted({path.name for name in self.runtimes for path in (self._own(name) / "jni").iterdir()}))

    def of_formats(self) -> dict[str, str]:
        """ "ARTIFACT VERSION" for each format that there is a runtime for."""
        return {
            name: str(self.runtimes[facts.runtime]) for name, facts in FORMATS.items() if facts.runtime in self.runtimes
        }

    def missing(self, format: str, abi: str) -> str | None:
        """Say why no artifact of this format can be tried on this ABI, or None."""
        facts = FORMATS.get(format)
        if facts is None:
            return f"no Android runtime runs format {format}"
        if facts.runtime not in self.runtimes:
            return f"this image has no {facts.title} Android runtime"
        if self.libraries(facts.runtime, abi).is_dir():
            return None
        name = str(self.runtimes[facts.runtime])
        if can_set_up() and alignment_bytes(name, abi):
            return f"the libraries of {name} for {abi} are not here: {how_to_get_abi(abi)}"
        return f"{name} has no libraries for {abi}"

    def missing_on_devices(self, format: str, abi: str) -> str | None:
        """Say why no artifact of this format can be tried on an attached device of this ABI, or None."""
        if missing := self.missing(format, abi):
            return missing
        runtime = FORMATS[format].runtime
        if not self.has_program(runtime):
            return (
                f"{self.runtimes[runtime]} runs on device jvm alone: its Java classes are too new for the program here"
            )
        return None

    def has_program(self, runtime: RuntimeName) -> bool:
        """Return whether there is a jar for devices that drives this runtime.

        The build's dx takes no classes of Java 11, as ExecuTorch's are from 1.3 on: see src/android/assemble.xml.
        """
        own = self._own(runtime)
        return not (own / "desktop").is_dir() or (own / "runner.jar").is_file()

    def program(self, runtime: RuntimeName) -> Path:
        """The jar for devices; ExecuTorch has one of its own, as for a JVM."""
        own = self._own(runtime) / "runner.jar"
        return own if own.is_file() else self.folder / "runner.jar"

    def libraries(self, runtime: RuntimeName, abi: str) -> Path:
        return self._own(runtime) / "jni" / abi


@dataclass(frozen=True)
class _File:
    """What RUNTIMES_FILE says."""

    pocketfit: str
    desktop_abi: str
    runtimes: Mapping[RuntimeName, Library]
    older: Mapping[str, Library] = field(default_factory=dict)


def android_folder() -> Path:
    """POCKETFIT_ANDROID, which the container sets, else where a checkout builds it or `pocketfit setup` puts it.

    Raises EnvironmentProblem where nobody knows a home.
    """
    if named := os.environ.get("POCKETFIT_ANDROID"):
        return Path(named).absolute()
    return installed.CHECKOUT / "build" / "android" if is_checkout() else set_up_folder()


def set_up_folder() -> Path:
    """Where `pocketfit setup` puts this version's Android side. Raises EnvironmentProblem where nobody knows a home."""
    try:
        return own_caches(os.environ).absolute() / "android" / __version__
    except RuntimeError as error:
        raise EnvironmentProblem(f"no folder for the Android runtime is known: {error}: set XDG_CACHE_HOME") from error


def library_for(format_name: str) -> Library | None:
    """The Android library that a format is for; None where the Android side isn't built, or has none for it."""
    facts = FORMATS.get(format_name)
    try:
        return find_android().runtimes.get(facts.runtime) if facts else None
    except EnvironmentProblem:
        return None


def find_android() -> AndroidSide:
    """Raises EnvironmentProblem, with the next step, where it is missing or another version's."""
    from pydantic import TypeAdapter, ValidationError

    path = android_folder() / RUNTIMES_FILE
    try:
        file = TypeAdapter(_File).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        made = "set up" if can_set_up() else "built"
        raise EnvironmentProblem(
            f"the Android runtime is not {made}, {path} is missing: {how_to_get_android()}"
        ) from error
    except (OSError, ValidationError) as error:
        raise EnvironmentProblem(f"{path} can't be read: build it again with {android_command()}") from error
    if file.pocketfit != __version__:
        raise EnvironmentProblem(
            f"the Android runtime in {path.parent} is of Pocketfit {file.pocketfit}, and this is {__version__}: "
            f"build it again with {android_command()}"
        )
    return AndroidSide(path.parent, file.desktop_abi, file.runtimes, file.older)


def android_or_why() -> AndroidSide | str:
    """The Android side, or the sentence that says why there is none and what to do."""
    try:
        return find_android()
    except EnvironmentProblem as problem:
        return str(problem)


def built_runtimes() -> dict[str, str]:
    """ "ARTIFACT VERSION" of the Android library for each format; empty where the Android side is not built."""
    try:
        return find_android().of_formats()
    except EnvironmentProblem:
        return {}
