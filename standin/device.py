"""A stand-in boots, serves adb clients on one port, and reboots or dies when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable

from standin.shell import serve_shell
from standin.state import State
from standin.sync import serve_sync
from standin.wire import Connection, Stream

# How long a reboot takes at least: until the port is open, and until sys.boot_completed.
REBOOT_PORT_S = 1.0
REBOOT_BOOT_S = 2.0
POLL_S = 0.1


class Died(Exception):
    """The fault die-in-boot ends the stand-in."""


class StandInDevice:
    def __init__(self, state: State, host: str, port: int) -> None:
        self.state = state
        self.host = host
        self.port = port
        self.connections: set[Connection] = set()
        self.sessions: set[int] = set()
        self.rebooting = asyncio.Event()

    async def run(self) -> None:
        """Boot and serve until stopped. Raises Died."""
        await self._life(port_after_s=0)
        while True:
            say("rebooting")
            self.state.begin_boot(REBOOT_BOOT_S)
            await self._life(port_after_s=REBOOT_PORT_S)

    async def _life(self, port_after_s: float) -> None:
        """Live from one boot to the next."""
        self.rebooting.clear()
        self.state.reboot_wanted.unlink(missing_ok=True)
        say("booting")
        try:
            async with asyncio.timeout(self.state.faults.number("die-in-boot")):
                await asyncio.sleep(max(port_after_s, self.state.faults.number("port-after") or 0))
                server = await asyncio.start_server(self._connect, self.host, self.port)
                say(f"adb port open on {self.host}:{self.port}")
                watching = asyncio.gather(self._watch_boot(), self._watch_faults())
                try:
                    await self.rebooting.wait()
                finally:
                    watching.cancel()
                    server.close()
                    self._end_all()
        except TimeoutError:
            say("died while booting, as told")
            raise Died from None

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._service)
        connection.silent = self.state.faults.on("offline")
        connection.unauthorized = self.state.faults.on("unauthorized")
        self.connections.add(connection)
        try:
            await connection.run(self.state.properties())
        finally:
            self.connections.discard(connection)

    def _service(self, name: str) -> Callable[[Stream], Awaitable[None]] | None:
        say(f"adb: {name}")
        kind, _, command = name.partition(":")
        words = kind.split(",")
        if kind == "sync":
            return lambda stream: serve_sync(stream, self.state)
        if words[0] in {"shell", "exec"}:
            return lambda stream: self._shell(stream, command, packets="v2" in words)
        if kind == "reboot":
            return self._reboot
        if kind == "root":
            return lambda stream: stream.write(b"adbd cannot run as root in production builds\n")
        return None

    async def _shell(self, stream: Stream, command: str, *, packets: bool) -> None:
        await serve_shell(stream, self.state, command, self.sessions, packets=packets)
        if self.state.reboot_wanted.exists():
            self.rebooting.set()

    async def _reboot(self, stream: Stream) -> None:
        stream.close()
        self.rebooting.set()

    async def _watch_boot(self) -> None:
        while not self.state.booted():
            await asyncio.sleep(POLL_S)
        say("boot completed")

    async def _watch_faults(self) -> None:
        """Drop the clients that are connected when the device turns offline or unauthorized."""
        before = False
        while True:
            away = self.state.faults.on("offline") or self.state.faults.on("unauthorized")
            if away and not before:
                self._drop_all()
            before = away
            await asyncio.sleep(POLL_S)

    def _drop_all(self) -> None:
        for connection in self.connections:
            connection.drop()

    def _end_all(self) -> None:
        """End everything that runs, as a system that goes down does."""
        self._drop_all()
        for group in self.sessions:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.sessions.clear()


def say(line: str) -> None:
    """Write a line into the stand-in's own log, which is a container's log."""
    print(f"stand-in: {line}", flush=True)
