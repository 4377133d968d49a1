"""adb's file service pushes, pulls, stats and lists files.

https://android.googlesource.com/platform/packages/modules/adb/+/refs/heads/main/SYNC.TXT
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from standin.push import HEAD, Pushes, fail
from standin.state import State
from standin.wire import Stream

STAT = struct.Struct("<III")
STAT_V2 = struct.Struct("<IQQIIIIQqqq")


async def serve_sync(stream: Stream, state: State) -> None:
    pushes = Pushes(stream, state)
    while True:
        verb, size = HEAD.unpack(await stream.written.readexactly(HEAD.size))
        if verb == b"QUIT":
            return
        name = (await stream.written.readexactly(size)).decode()
        place = Path("/", name)
        if verb == b"SEND":
            await pushes.receive(name)
        elif verb == b"RECV":
            await _send(stream, place)
        elif verb in {b"STAT", b"STA2", b"LST2"}:
            await stream.write(verb + _stat(place, verb))
        elif verb in {b"LIST", b"LIS2"}:
            await stream.write(_listing(place, verb))
        else:
            await fail(stream, f"unknown command {verb!r}")
            return


async def _send(stream: Stream, place: Path) -> None:
    try:
        with place.open("rb") as file:
            while data := file.read(65536):
                await stream.write(HEAD.pack(b"DATA", len(data)) + data)
        await stream.write(HEAD.pack(b"DONE", 0))
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        await fail(stream, f"open failed: {os.strerror(error.errno or 0)}")


def _stat(place: Path, verb: bytes) -> bytes:
    try:
        found = place.stat() if verb == b"STA2" else place.lstat()
    except OSError as error:
        return STAT.pack(0, 0, 0) if verb == b"STAT" else STAT_V2.pack(error.errno or 0, *[0] * 10)
    size, modified = found.st_size, int(found.st_mtime)
    if verb in {b"STAT", b"LIST"}:
        return STAT.pack(found.st_mode, size & 0xFFFFFFFF, modified & 0xFFFFFFFF)
    times = (int(found.st_atime), modified, int(found.st_ctime))
    return STAT_V2.pack(0, found.st_dev, found.st_ino, found.st_mode, found.st_nlink, 2000, 2000, size, *times)


def _listing(place: Path, verb: bytes) -> bytes:
    """Return the entries, then DONE padded to an entry's length."""
    mark, fields = (b"DENT", STAT) if verb == b"LIST" else (b"DNT2", STAT_V2)
    entries = []
    for entry in sorted(place.iterdir()) if place.is_dir() else []:
        name = entry.name.encode()
        entries.append(mark + _stat(entry, verb) + struct.pack("<I", len(name)) + name)
    return b"".join(entries) + b"DONE" + bytes(fields.size + 4)
