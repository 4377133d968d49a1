"""What it takes to try Docker for real: images of one static program, a registry, and our own code inside a container."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pocketfit
from pocketfit.runtimes.library import android_folder

# A container with these of this machine's folders has its programs, our own Python among them.
HOST_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives")
SRC = Path(pocketfit.__file__).parents[1]

# `exit N` says why and leaves; `wait` stays up and speaks to no one; `eat` takes all memory. As /bin/sh it knows one
# command, which is the one that the probe for /dev/kvm asks: whether a file can be opened.
PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "wait";
    if (!strcmp(mode, "exit")) {
        puts("this is no emulator");
        return atoi(argv[2]);
    }
    if (!strcmp(mode, "eat")) {
        for (;;) {
            char *bytes = malloc(1 << 20);
            if (bytes) memset(bytes, 1, 1 << 20);
        }
    }
    if (!strcmp(mode, "-c")) {
        return open(strchr(argv[2], '/'), O_RDWR) < 0;
    }
    puts("waiting");
    fflush(stdout);
    for (;;) pause();
}
"""


def build_layer(folder: Path) -> bytes:
    """A tar archive with the program as /program and as /bin/sh."""
    source, program = folder / "program.c", folder / "program"
    source.write_text(PROGRAM)
    subprocess.run(["gcc", "-static", "-O1", "-o", program, source], check=True)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(program, "program")
        archive.add(program, "bin/sh")
    return buffer.getvalue()


def import_image(api: Any, layer: bytes, name: str, *words: str) -> str:
    """An image under `name`, whose containers run the program with these words."""
    repository, tag = name.split(":")
    entrypoint = json.dumps(["/program", *words])
    api.import_image_from_data(layer, repository=repository, tag=tag, changes=[f"ENTRYPOINT {entrypoint}"])
    return name


@contextmanager
def registry(layer: bytes, *, refuses: int | None = None) -> Iterator[tuple[str, str]]:
    """A registry on the loopback, which Docker needs no TLS for: its HOST:PORT, and the digest of `emulator:1`.

    `refuses` is the HTTP status that it answers everything with.
    """
    packed = gzip.compress(layer)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/program"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    types = "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": types[0],
            "config": {"mediaType": types[1], "size": len(config), "digest": _digest(config)},
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": len(packed),
                    "digest": _digest(packed),
                }
            ],
        }
    ).encode()
    blobs = {_digest(blob): blob for blob in (packed, config)}
    manifests = {"1": manifest, _digest(manifest): manifest}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            last = self.path.rstrip("/").rsplit("/", 1)[-1]
            if refuses:
                self._answer(refuses, json.dumps({"errors": [{"code": "DENIED", "message": "denied"}]}).encode())
            elif last == "v2":
                self._answer(200, b"{}")
            elif "/manifests/" in self.path and last in manifests:
                self._answer(200, manifests[last], types[0])
            elif "/blobs/" in self.path and last in blobs:
                self._answer(200, blobs[last], "application/octet-stream")
            else:
                self._answer(404, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}).encode())

        do_HEAD = do_GET

        def _answer(self, status: int, body: bytes, type: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            self.send_header("Content-Type", type)
            self.send_header("Content-Length", str(len(body)))
            if "/manifests/" in self.path:
                self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", _digest(manifest)
    finally:
        server.shutdown()
        server.server_close()


def run_inside(name: str, network: str, code: str, image: str) -> str:
    """What a program of ours prints in a container of its own, which may use Docker; any image will do."""
    folders = dict.fromkeys([*HOST_FOLDERS, sys.prefix, sys.base_prefix, str(SRC), str(android_folder())])
    volumes = [word for folder in folders for word in ("--volume", f"{folder}:{folder}:ro")]
    command = ["docker", "run", "--rm", "--name", name, "--network", network, "--tmpfs", "/tmp", *volumes]
    command += ["--volume", "/var/run/docker.sock:/var/run/docker.sock", "--env", f"PYTHONPATH={SRC}"]
    # The sources alone are no checkout.
    command += ["--env", f"POCKETFIT_ANDROID={android_folder()}"]
    done = subprocess.run(
        [*command, "--entrypoint", sys.executable, image, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
