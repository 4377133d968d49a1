"""adb's shell runs one command, and sends its two outputs and its exit code in the packets of shell protocol 2."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct

from standin.state import FOLDER, State
from standin.wire import Stream

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)
PACKET = struct.Struct("<BI")


def environment(state: State) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("JAVA_HOME", "PYTHONPATH") if name in os.environ}
    return kept | {
        FOLDER: str(state.folder),
        "PATH": "/system/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ANDROID_ROOT": "/system",
        "ANDROID_DATA": "/data",
        "TMPDIR": "/data/local/tmp",
        "HOME": "/",
        "LANG": "C.UTF-8",
    }


async def serve_shell(stream: Stream, state: State, command: str, sessions: set[int], *, packets: bool) -> None:
    """Run a command for a client. `sessions` collects the shells' process groups: what they start may outlive them."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        *(["-c", command] if command else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE if packets else asyncio.subprocess.STDOUT,
        env=environment(state),
        cwd="/",
        start_new_session=True,
    )
    sessions.add(process.pid)
    feeding = asyncio.create_task(_feed(stream, process, packets=packets))
    try:
        outputs = [(process.stdout, STDOUT), (process.stderr, STDERR)]
        await asyncio.gather(*(_forward(stream, pipe, number, packets) for pipe, number in outputs if pipe))
        code = await process.wait()
        if packets:
            status = code if code >= 0 else 128 - code
            await stream.write(PACKET.pack(EXIT, 1) + bytes([status & 255]))
            # Closed only when the code has arrived, or the client misses it.
            await stream.drained()
    finally:
        feeding.cancel()


async def _forward(stream: Stream, pipe: asyncio.StreamReader, number: int, packets: bool) -> None:
    while data := await pipe.read(65536):
        await stream.write(PACKET.pack(number, len(data)) + data if packets else data)


async def _feed(stream: Stream, process: asyncio.subprocess.Process, *, packets: bool) -> None:
    assert process.stdin
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            if not packets:
                number, data = STDIN, await stream.written.read(65536)
                if not data:
                    break
            else:
                number, size = PACKET.unpack(await stream.written.readexactly(PACKET.size))
                data = await stream.written.readexactly(size)
            if number == CLOSE_STDIN:
                process.stdin.close()
            elif number == STDIN:
                process.stdin.write(data)
                await process.stdin.drain()
    # The client is gone. Like adbd: one SIGHUP to the shell, and none to what that shell has started. (Android's
    # shell becomes a program that is its whole command, this one does not: here every program is left running.)
    if stream.closed and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGHUP)
