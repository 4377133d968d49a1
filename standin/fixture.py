"""This module starts a stand-in and an adb server for a test. Both end with the block, and leave the user's alone.

    with standin(faults="boot-after=3", properties={"ro.build.version.sdk": "22"}) as device:
        device.adb("shell", "getprop")                     # the real adb client, at device.serial
        device.set_fault("drop-push", "1000000:once")

Code that starts adb itself finds this server by `device.environment`, or by the fixture `start_standin` of
tests/integration/conftest.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from standin.faults import FAULTS, Faults, parse
from standin.server import START_S, adb_server, free_port

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class StandIn:
    """This is a running stand-in: its `folder` holds its state, its log, and as `data` what the device has as /data."""

    serial: str
    folder: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def adb(self, *words: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the real client, at this device and its own server."""
        command = ["adb", "-s", self.serial, *map(str, words)]
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **self.environment},
        )

    def set_fault(self, name: str, value: str | float = "") -> None:
        """Misbehave from now on; with `:once` at the end of the value until it has happened."""
        faults = Faults(self.folder / "faults")
        faults.write(faults.read() | parse(f"{name}={value}" if value != "" else name))

    def clear_fault(self, name: str) -> None:
        assert name in FAULTS
        faults = Faults(self.folder / "faults")
        faults.write({other: value for other, value in faults.read().items() if other != name})

    def state(self) -> str:
        """Return what `adb devices` says of this device."""
        listed = self.adb("devices").stdout.splitlines()
        return next((line.split("\t")[1] for line in listed if line.startswith(f"{self.serial}\t")), "")

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def wait_for_log(self, text: str, timeout: float = START_S, times: int = 1) -> None:
        deadline = time.monotonic() + timeout
        while self.log().count(text) < times:
            if time.monotonic() > deadline:
                raise AssertionError(f"the stand-in did not say {text!r}:\n{self.log()}")
            time.sleep(0.05)


@contextmanager
def standin(
    *,
    faults: str = "",
    properties: Mapping[str, str] | None = None,
    page_size: int = 4096,
    connect: bool = True,
) -> Iterator[StandIn]:
    """Start a device on a free port of loopback; `connect` runs `adb connect` where its port is open at once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pocketfit-standin-")))
        environment = stack.enter_context(adb_server(folder))
        port = free_port()
        options = ["--folder", folder, "--port", port, "--faults", faults, "--page-size", page_size]
        options += [word for item in (properties or {}).items() for word in ("--prop", "=".join(item))]
        process = stack.enter_context(_running(folder, [str(option) for option in options]))
        device = StandIn(f"127.0.0.1:{port}", folder, environment, process)
        device.wait_for_log("booting")
        if connect and "port-after" not in parse(faults):
            device.wait_for_log("adb port open")
            subprocess.run(
                ["adb", "connect", device.serial], check=False, capture_output=True, env={**os.environ, **environment}
            )
        yield device


@contextmanager
def _running(folder: Path, options: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            # Without site, as its own commands are: it needs nothing but Python.
            [sys.executable, "-S", "-m", "standin", *options, "--until-stdin-closes"],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            # Everything in its namespaces ends with it.
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
