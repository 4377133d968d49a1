"""This module speaks the device end of adb's wire protocol: packets, and the streams that they carry.

https://android.googlesource.com/platform/packages/modules/adb/+/refs/heads/main/protocol.txt
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable, Mapping

CNXN, AUTH, OPEN, OKAY, WRTE, CLSE = (
    int.from_bytes(name, "little") for name in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE")
)
AUTH_TOKEN = 1
AUTH_PUBLIC_KEY = 3
HEADER = struct.Struct("<6I")
VERSION = 0x01000001
MOST_BYTES = 256 * 1024
# Not delayed_ack or sendrecv_v2: without them one packet at a time and the plain file verbs suffice.
FEATURES = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir"

# Answers an opened service until it is done, or None where there is no such service.
Serve = Callable[[str], "Callable[[Stream], Awaitable[None]] | None"]


class Stream:
    """A stream is one opened service; `written` is what the client wrote to it."""

    def __init__(self, connection: Connection, ours: int, theirs: int) -> None:
        self.connection = connection
        self.ours = ours
        self.theirs = theirs
        self.written = asyncio.StreamReader(limit=2**26)
        self.acknowledged = asyncio.Event()
        self.closed = False

    async def write(self, data: bytes) -> None:
        size = self.connection.most_bytes
        for start in range(0, len(data), size):
            await self.drained()
            # One packet is under way at a time.
            self.acknowledged.clear()
            self.connection.send(WRTE, self.ours, self.theirs, data[start : start + size])

    async def drained(self) -> None:
        await self.acknowledged.wait()
        if self.closed:
            raise ConnectionResetError

    def close(self) -> None:
        if not self.closed:
            self.connection.send(CLSE, self.ours, self.theirs)
        self.end()

    def end(self) -> None:
        if not self.closed:
            self.closed = True
            self.written.feed_eof()
            self.acknowledged.set()


class Connection:
    """A connection is one client's: a `silent` one never answers the greeting, an `unauthorized` one accepts no key."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, serve: Serve) -> None:
        self.reader = reader
        self.writer = writer
        self.serve = serve
        self.silent = False
        self.unauthorized = False
        self.most_bytes = MOST_BYTES
        self.streams: dict[int, Stream] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.opened = 0

    def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        # Sums are ignored from this version on, and checked by older clients.
        header = HEADER.pack(command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF)
        self.writer.write(header + data)

    def drop(self) -> None:
        """Cut the connection, as a pulled cable does."""
        self.writer.transport.abort()

    async def run(self, properties: Mapping[str, str]) -> None:
        try:
            while True:
                command, first, second, size, _, magic = HEADER.unpack(await self.reader.readexactly(HEADER.size))
                if magic != command ^ 0xFFFFFFFF:
                    return
                data = await self.reader.readexactly(size)
                self._take(command, first, second, data, properties)
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for stream in self.streams.values():
                stream.end()
            self.writer.close()
            # Services see that their stream has ended; what their commands do then is as on a device.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), 5)

    def _take(self, command: int, first: int, second: int, data: bytes, properties: Mapping[str, str]) -> None:
        if command in {CNXN, AUTH}:
            self._greet(command, first, second, properties)
        elif command == OPEN:
            self._open(data.rstrip(b"\0").decode(), first)
        elif stream := self.streams.get(second):
            if command == OKAY:
                stream.acknowledged.set()
            elif command == WRTE:
                stream.written.feed_data(data)
                self.send(OKAY, second, first)
            elif command == CLSE:
                stream.close()

    def _greet(self, command: int, first: int, size: int, properties: Mapping[str, str]) -> None:
        if self.silent:
            return
        if self.unauthorized:
            # A token for every key that the client tries, until it offers a public one: that waits for somebody to
            # accept it.
            if (command, first) != (AUTH, AUTH_PUBLIC_KEY):
                self.send(AUTH, AUTH_TOKEN, 0, bytes(range(20)))
            return
        if command == CNXN:
            self.most_bytes = min(MOST_BYTES, size)
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        banner = "".join(f"{name}={properties[name]};" for name in names)
        self.send(CNXN, VERSION, MOST_BYTES, f"device::{banner}features={FEATURES}".encode())

    def _open(self, name: str, theirs: int) -> None:
        service = self.serve(name)
        if service is None:
            self.send(CLSE, 0, theirs)
            return
        self.opened += 1
        stream = Stream(self, self.opened, theirs)
        self.streams[stream.ours] = stream
        stream.acknowledged.set()
        self.send(OKAY, stream.ours, theirs)
        task = asyncio.create_task(self._serve(service, stream))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, service: Callable[[Stream], Awaitable[None]], stream: Stream) -> None:
        try:
            await service(stream)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            stream.close()
            self.streams.pop(stream.ours, None)
