"""A file tells the stand-in how to misbehave: it holds words, `name` or `name=value`, and is read anew each time.

A word that ends in `:once` is taken out of the file by what it made misbehave.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What each does, and whether its value is needed.
FAULTS = {
    "never-boot": "sys.boot_completed stays empty",
    "port-after": "S: seconds until the adb port opens",
    "boot-after": "S: seconds until sys.boot_completed is 1",
    "packages-after": "S: seconds until the package manager answers",
    "die-in-boot": "S: the stand-in (a container: all of it) ends with code 1 after so many seconds",
    "offline": "the connection is taken and never answered",
    "unauthorized": "no key of the client's is accepted",
    "drop-push": "BYTES: the connection is cut once that many bytes of a push arrived",
    "disk-full": "BYTES: what /data can still take by push before it is full",
    "kill-app": "S: the program under app_process is killed after so many seconds, as lmkd does for memory",
    "hang-app": "the program under app_process never answers",
    "noise": "vendor noise is printed around the program's output",
    "noexec": "libraries under /data can't be mapped executable",
    "reboot-after-run": "the device reboots when the program under app_process has ended",
}
WITH_VALUE = {name for name, meaning in FAULTS.items() if meaning.startswith(("S:", "BYTES:"))}
ONCE = ":once"


@dataclass(frozen=True)
class Faults:
    """The file at `path` holds one word a line; where it is missing, the device behaves."""

    path: Path

    def read(self) -> dict[str, str]:
        try:
            return parse(self.path.read_text())
        except FileNotFoundError:
            return {}

    def write(self, faults: dict[str, str]) -> None:
        # Renamed into place, since commands read it at any time.
        new = self.path.with_suffix(".new")
        new.write_text("".join(f"{name}={value}\n" for name, value in faults.items()))
        new.replace(self.path)

    def on(self, name: str) -> bool:
        return name in self.read()

    def number(self, name: str) -> float | None:
        value = self.read().get(name)
        return None if value is None else float(value.removesuffix(ONCE))

    def lower(self, name: str, by: float) -> None:
        faults = self.read()
        value = faults[name]
        suffix = ONCE if value.endswith(ONCE) else ""
        self.write(faults | {name: f"{float(value.removesuffix(ONCE)) - by:.0f}{suffix}"})

    def used(self, name: str) -> None:
        """Forget a fault that has just happened, if it was wanted once."""
        faults = self.read()
        if faults.get(name, "").endswith(ONCE):
            del faults[name]
            self.write(faults)


def parse(text: str) -> dict[str, str]:
    """Read words into names and values. Raises ValueError for an unknown fault, or one without its number."""
    faults = {}
    for word in text.replace(",", " ").split():
        name, _, value = word.partition("=")
        if name.endswith(ONCE):
            name, value = name.removesuffix(ONCE), ONCE
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: use one of {', '.join(FAULTS)}")
        if name in WITH_VALUE:
            try:
                float(value.removesuffix(ONCE))
            except ValueError:
                raise ValueError(f"fault {name} needs a number: {name}={FAULTS[name].partition(':')[0]}") from None
        faults[name] = value
    return faults
