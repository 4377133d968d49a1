"""This is the half of adb's file service that writes, and a push can go wrong here."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import BinaryIO

from standin.state import State
from standin.wire import Stream

HEAD = struct.Struct("<4sI")


class Pushes:
    """One `adb push` sends these files."""

    def __init__(self, stream: Stream, state: State) -> None:
        self.stream = stream
        self.state = state
        self.taken = 0

    async def receive(self, name: str) -> None:
        """Receive one file: read all of it whatever happens, and say the outcome at its end."""
        path, _, mode = name.rpartition(",")
        place = Path("/", path)
        problem: str | None = None
        file: BinaryIO | None = None
        try:
            file = _create(place, path)
        except OSError as error:
            problem = f"couldn't create file: {os.strerror(error.errno or 0)}"
        try:
            while True:
                verb, size = HEAD.unpack(await self.stream.written.readexactly(HEAD.size))
                if verb != b"DATA":
                    break
                data = await self.stream.written.readexactly(size)
                self._drop_if_told(size)
                problem = problem or (self._write(file, data) if file else None)
        except (ConnectionError, EOFError):
            # Like adbd: half a file is none.
            problem = "connection lost"
            raise
        finally:
            if file:
                file.close()
                if problem:
                    place.unlink(missing_ok=True)
        if problem:
            await fail(self.stream, problem)
            return
        place.chmod(int(mode) & 0o777 or 0o644)
        os.utime(place, (size, size))
        await self.stream.write(HEAD.pack(b"OKAY", 0))

    def _drop_if_told(self, size: int) -> None:
        self.taken += size
        limit = self.state.faults.number("drop-push")
        if limit is not None and self.taken >= limit:
            self.state.faults.used("drop-push")
            self.stream.connection.drop()
            raise ConnectionResetError

    def _write(self, file: BinaryIO, data: bytes) -> str | None:
        """Write the data, or return what kept it from being written."""
        faults = self.state.faults
        left = faults.number("disk-full")
        if left is not None:
            if len(data) > left:
                faults.used("disk-full")
                return "write failed: No space left on device"
            faults.lower("disk-full", len(data))
        try:
            file.write(data)
        except OSError as error:
            return f"write failed: {os.strerror(error.errno or 0)}"
        return None


def _create(place: Path, path: str) -> BinaryIO:
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith("/"):
        raise IsADirectoryError(errno.EISDIR, path)
    place.unlink(missing_ok=True)
    return place.open("wb")


async def fail(stream: Stream, message: str) -> None:
    await stream.write(HEAD.pack(b"FAIL", len(message.encode())) + message.encode())
