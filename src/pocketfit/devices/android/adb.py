"""The one place that speaks adb, by way of the real `adb` program. It finds its server by adb's own variables."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketfit.errors import CommandError
from pocketfit.process import Finished, finish

# What adb itself says, as opposed to a command on the device, when it can't reach it.
_TRANSPORT = re.compile(r"^(?:adb: )?error: (.+)$|^adb: (?:error: )?(.+)$|^(failed to .+)$", re.MULTILINE)
_NO_HOME = re.compile(r"Cannot mkdir '([^']+)'")
_STEPS = {
    "unauthorized": "unlock it and allow USB debugging for this computer",
    "offline": "unplug it and plug it in again, or run `adb reconnect`",
    "authorizing": "wait for a moment; if it stays so, unlock it and allow USB debugging",
    "no permissions": "add yourself to the group plugdev, then run `adb kill-server`",
    "not found": "is it still connected? See `adb devices`",
    "cannot connect to daemon": "is there an adb server where ADB_SERVER_SOCKET or ANDROID_ADB_SERVER_PORT says?",
}


STATES = (
    *("device", "offline", "unauthorized", "authorizing", "connecting", "no permissions"),
    *("recovery", "sideload", "rescue", "bootloader"),
)
# Starting the server takes some seconds.
SERVER_S = 30


class DeviceGone(CommandError):
    """adb could not reach the device, or lost it: nothing is said about what ran there."""


@dataclass(frozen=True)
class Listed:
    """A line of `adb devices -l`."""

    serial: str
    state: str
    model: str = ""

    def __str__(self) -> str:
        about = ", ".join(part for part in (self.model, "" if self.state == "device" else self.state) if part)
        return f"{self.serial} ({about})" if about else self.serial


@dataclass(frozen=True)
class Adb:
    """One Android device. Every method raises DeviceGone when adb can't reach it."""

    serial: str

    def connect(self) -> None:
        """Connect to a device on the network; adb says that it failed, but not by its exit code."""
        answer = _adb("connect", self.serial, timeout=30).stdout.strip()
        if not answer.startswith(("connected", "already connected")):
            raise DeviceGone("adb connect", 1, answer or "it said nothing")

    def disconnect(self) -> None:
        _adb("disconnect", self.serial, timeout=30)

    def reconnect(self, timeout: float) -> None:
        """Find the device again, after it was lost; `timeout` is in seconds."""
        if ":" in self.serial:
            # adb takes ten seconds to notice by itself that the other end of a network has restarted.
            self.disconnect()
            self.connect()
        self._run("wait-for-device", timeout=timeout)

    def getprop(self, name: str) -> str:
        return self.shell(f"getprop {name}", timeout=20).strip()

    def shell(self, command: str, timeout: float = 60) -> str:
        """Run a command that should succeed and return what it printed; else raises CommandError."""
        finished = self.shell_to_its_end(command, timeout)
        if finished.timed_out:
            raise DeviceGone("adb shell", 124, f"{self.serial} gave no answer in {timeout:.0f} s")
        if finished.code:
            raise CommandError(f"`{command[:60]}` on {self.serial}", finished.code, finished.stderr or finished.stdout)
        return finished.stdout

    def shell_to_its_end(self, command: str, timeout: float) -> Finished:
        """Run a command; its exit code is the device's own word.

        Only a marker after it proves that: adb's exit code is 1 as well when the connection breaks. It comes without
        a subshell, so that the command itself gets the SIGHUP that adbd sends when we are gone.
        """
        marker = f"pocketfit-{secrets.token_hex(4)}"
        script = f"trap 'echo {marker}:$?' EXIT\n{command}\nexit $?"
        finished = _adb("-s", self.serial, "shell", script, timeout=timeout)
        before, marked, code = finished.stdout.rpartition(f"{marker}:")
        if marked and code.strip().isdigit():
            return Finished(int(code), before, finished.stderr)
        if finished.timed_out:
            return finished
        raise DeviceGone("adb shell", finished.code, explain(finished.stderr + finished.stdout, self.serial))

    def push(self, sources: Sequence[Path], folder: str, timeout: float = 300) -> None:
        """Copy files into a folder of the device that is there; several of the same name are not told apart."""
        self._run("push", *sources, f"{folder}/", timeout=timeout)

    def pull(self, source: str, target: Path, timeout: float = 300) -> None:
        self._run("pull", source, target, timeout=timeout)

    def _run(self, *args: str | Path, timeout: float) -> str:
        finished = _adb("-s", self.serial, *args, timeout=timeout)
        if finished.timed_out:
            raise DeviceGone(f"adb {args[0]}", 124, f"{self.serial} gave no answer in {timeout:.0f} s")
        if finished.code:
            raise DeviceGone(f"adb {args[0]}", finished.code, explain(finished.stderr + finished.stdout, self.serial))
        return finished.stdout


def list_devices() -> tuple[Listed, ...]:
    """List the devices that adb's server sees; raises CommandError where there is no server to be had."""
    finished = _adb("devices", "-l", timeout=SERVER_S)
    if finished.timed_out:
        raise CommandError("adb devices", 124, f"the server gave no answer in {SERVER_S} s: run `adb kill-server`")
    if finished.code:
        raise CommandError("adb devices", finished.code, explain(finished.stderr + finished.stdout, "the server"))
    return parse_devices(finished.stdout)


def parse_devices(text: str) -> tuple[Listed, ...]:
    devices = []
    for line in text.splitlines():
        # Two words at least, the second a state: not the heading, nor what the daemon says while it starts.
        match = re.match(rf"^(\S+)\s+({'|'.join(STATES)})\b(.*)", line)
        if match and not line.startswith(("*", "List of")):
            model = re.search(r"\bmodel:(\S+)", match[3])
            devices.append(Listed(match[1], match[2], model[1].replace("_", " ") if model else ""))
    return tuple(devices)


def explain(printed: str, serial: str) -> str:
    """Say in one sentence what adb itself complained of, with the next step."""
    if "No space left on device" in printed:
        return f"the disk of {serial} is full: free some space under /data"
    if home := _NO_HOME.search(printed):
        return f"adb can't make {home[1]} for its key: set HOME to a folder that can be written"
    matches = [next(filter(None, groups)) for groups in _TRANSPORT.findall(printed)]
    last_line = (printed.strip().splitlines() or ["the connection broke"])[-1]
    gist = matches[-1].strip().rstrip(".") if matches else last_line
    step = next((step for word, step in _STEPS.items() if word in gist), "")
    return f"{gist}: {step}" if step else gist


def next_step(state: str) -> str:
    """Say what to do about a device in this state."""
    return _STEPS.get(state, "wait until it is up")


def _adb(*args: str | Path, timeout: float) -> Finished:
    return finish(["adb", *args], timeout=timeout)
