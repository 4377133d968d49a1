"""Each test gets an adb server of its own, so that none touches the user's."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 20


@contextmanager
def adb_server(folder: Path) -> Iterator[dict[str, str]]:
    """Start a server; yield the environment that leads adb to it."""
    home = folder / "home"
    home.mkdir()
    port = free_port()
    environment = {
        "ANDROID_ADB_SERVER_PORT": str(port),
        # Its keys; adb makes them in ~/.android otherwise.
        "HOME": str(home),
        "ANDROID_SDK_HOME": str(home),
        # Or it would take whatever listens on 5555 to 5585 for an emulator, another test's stand-in too.
        "ADB_LOCAL_TRANSPORT_MAX_PORT": "5553",
    }
    with (folder / "adb-server.log").open("wb") as log:
        # A group of its own, so that Ctrl-C at pytest does not reach it before its test.
        server = subprocess.Popen(
            ["adb", "-P", str(port), "nodaemon", "server"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if name != "ADB_SERVER_SOCKET"} | environment,
            start_new_session=True,
        )
        try:
            _wait_for_port(port)
            yield environment
        finally:
            server.kill()
            server.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the adb server did not open port {port}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
