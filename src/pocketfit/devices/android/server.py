"""The adb server, which obeys whoever reaches it: looked for without starting it, and stopped where we did."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping

from pocketfit.errors import CommandError
from pocketfit.process import finish

PORT = "5037"
ANSWER_S = 2.0
STOP_S = 20.0


def server_runs(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether a server is where adb would ask one. `adb` itself, asked anything, would start it."""
    try:
        family, address = _place(os.environ if environ is None else environ)
        with socket.socket(family) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(address)
    except (OSError, ValueError, OverflowError):
        return False
    return True


@contextlib.contextmanager
def server_for_now() -> Iterator[None]:
    """Stop the server when the block ends, unless it was there before; adb starts it when it is first asked."""
    was_there = server_runs()
    try:
        yield
    finally:
        if not was_there:
            with contextlib.suppress(CommandError):
                finish(["adb", "kill-server"], timeout=STOP_S)


def _place(environ: Mapping[str, str]) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    """The place by adb's own variables; raises ValueError where they name none that we know."""
    kind, _, where = environ.get("ADB_SERVER_SOCKET", "").partition(":")
    if kind == "localfilesystem":
        return socket.AF_UNIX, where
    if kind == "localabstract":
        return socket.AF_UNIX, f"\0{where}"
    if kind == "tcp":
        host, _, port = where.rpartition(":")
    else:
        host, port = environ.get("ANDROID_ADB_SERVER_ADDRESS", ""), environ.get("ANDROID_ADB_SERVER_PORT", "") or PORT
    return socket.AF_INET, (host or "127.0.0.1", int(port))
