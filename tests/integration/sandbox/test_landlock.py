"""Landlock as older kernels have it: each ABI holds what it can, and lets through what it must."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit.sandbox import landlock
from tests.integration.conftest import require

CODE = """
import json, os, socket, sys
sys.path.insert(0, sys.argv[1])
from pocketfit.sandbox import landlock, libc
place, abi, port, other = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
walls = {"readable": [place + "/read"], "listable": [place], "writable": [place + "/own"], "network": port > 0,
         "ports": [port] if port > 0 else []}
landlock.restrict(walls, abi)
def tried(action):
    try:
        action()
        return "yes"
    except OSError as error:
        return type(error).__name__
port = abs(port)
def connect(to):
    with socket.socket() as one:
        one.connect(("127.0.0.1", to))
def listen():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
print(json.dumps({
    "read": tried(lambda: open(place + "/read/file").read()),
    "write what is read": tried(lambda: open(place + "/read/file", "a")),
    "list": tried(lambda: os.listdir(place)),
    "read beside": tried(lambda: open(place + "/secret").read()),
    "own": tried(lambda: open(place + "/own/file", "w").write("x")),
    "move out": tried(lambda: os.rename(place + "/own/file", place + "/read/moved")),
    "remove": tried(lambda: os.remove(place + "/read/file")),
    "device": tried(lambda: open("/dev/null", "w").write("x")),
    "truncate": tried(lambda: os.truncate(place + "/secret", 0)),
    "connect": tried(lambda: connect(port)),
    "connect elsewhere": tried(lambda: connect(other)),
    "listen": tried(listen),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
}))
"""
SOURCE = str(Path(landlock.__file__).parents[2])
NO = "PermissionError"


def tried(place: Path, abi: int, port: int, other: int) -> dict[str, str]:
    (place / "read").mkdir()
    (place / "own").mkdir()
    (place / "read/file").write_text("text")
    (place / "secret").write_text("secret")
    arguments = [SOURCE, str(place), str(abi), str(port), str(other)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", CODE, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize("abi", range(1, landlock.NEWEST + 1))
def test_each_version_holds_what_it_can(tmp_path: Path, abi: int, network: bool) -> None:
    require(landlock.version() >= landlock.NEWEST, "this kernel has no Landlock, or an older one")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port = one.getsockname()[1]
        found = tried(tmp_path, abi, port if network else -port, two.getsockname()[1])
    tcp = abi >= 4
    assert found == {
        "read": "yes",
        "write what is read": NO,
        "list": "yes",
        "read beside": NO,
        "own": "yes",
        "move out": NO,
        "remove": NO,
        "device": "yes",
        "truncate": NO if abi >= 3 else "yes",
        "connect": NO if tcp and not network else "yes",
        "connect elsewhere": NO if tcp else "yes",
        "listen": NO if tcp else "yes",
        "signal": NO if abi >= 6 else "yes",
    }
