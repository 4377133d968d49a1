"""The stand-in's state is a folder of small files, since its commands are processes of their own."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from standin.faults import Faults

# The environment variable by which commands find the folder.
FOLDER = "POCKETFIT_STANDIN"

PROPERTIES = {
    "ro.product.model": "Pocketfit stand-in",
    "ro.product.manufacturer": "Pocketfit",
    "ro.product.name": "pocketfit_standin",
    "ro.product.device": "standin",
    "ro.product.cpu.abi": "x86_64",
    "ro.product.cpu.abilist": "x86_64",
    "ro.build.version.sdk": "33",
    "ro.build.version.release": "13",
    "ro.build.fingerprint": "Pocketfit/standin/standin:13/stand-in/1:userdebug/test-keys",
    "ro.kernel.qemu": "1",
    "ro.boot.qemu": "1",
    "ro.hardware": "ranchu",
}
DEFAULT_PAGE_SIZE = 4096


@dataclass(frozen=True)
class State:
    """`folder` is absolute; `faults` in it is the control file that may be written while the device runs."""

    folder: Path

    @property
    def faults(self) -> Faults:
        return Faults(self.folder / "faults")

    @property
    def logcat(self) -> Path:
        return self.folder / "logcat"

    @property
    def reboot_wanted(self) -> Path:
        """A file here asks the device to reboot."""
        return self.folder / "reboot"

    @property
    def page_size(self) -> int:
        return int(self._settings()["page_size"])

    @property
    def android(self) -> Path:
        """This is Pocketfit's built Android side: the stand-in uses its desktop/ and shim/."""
        return Path(self._settings()["android"])

    def create(self, properties: dict[str, str], page_size: int, android: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "properties.json").write_text(json.dumps(PROPERTIES | properties))
        settings = {"page_size": page_size, "android": str(android)}
        (self.folder / "settings.json").write_text(json.dumps(settings))
        self.logcat.touch()
        self.reboot_wanted.unlink(missing_ok=True)
        self.begin_boot()

    def begin_boot(self, at_least_s: float = 0) -> None:
        (self.folder / "boot").write_text(f"{time.monotonic()} {at_least_s}")

    def uptime_s(self) -> float:
        return time.monotonic() - self._boot()[0]

    def booted(self) -> bool:
        if self.faults.on("never-boot"):
            return False
        return self.uptime_s() >= max(self.faults.number("boot-after") or 0, self._boot()[1])

    def packages_answer(self) -> bool:
        return self.booted() and self.uptime_s() >= (self.faults.number("packages-after") or 0)

    def properties(self) -> dict[str, str]:
        """Return all properties as they are now: some change while the device boots."""
        fixed: dict[str, str] = json.loads((self.folder / "properties.json").read_text())
        booted = self.booted()
        now = {"init.svc.bootanim": "stopped" if booted else "running"}
        return now | ({"sys.boot_completed": "1", "dev.bootcomplete": "1"} if booted else {}) | fixed

    def say_in_logcat(self, level: str, tag: str, *lines: str, pid: int | None = None) -> None:
        """Append lines in Android's threadtime form."""
        moment = time.strftime("%m-%d %H:%M:%S.000")
        pid = pid or os.getpid()
        with self.logcat.open("a") as log:
            log.writelines(f"{moment} {pid:5} {pid:5} {level} {tag:<8}: {line}\n" for line in lines)

    def _boot(self) -> tuple[float, float]:
        """Return when the boot began, by the clock that all processes share, and how long it takes at least."""
        began, at_least = (self.folder / "boot").read_text().split()
        return float(began), float(at_least)

    def _settings(self) -> dict[str, str]:
        settings: dict[str, str] = json.loads((self.folder / "settings.json").read_text())
        return settings


def current() -> State:
    """Return the state of the device whose shell started this process."""
    return State(Path(os.environ[FOLDER]))
