"""A registry of images on this machine's loopback, by Debian's docker-registry, which can refuse and can die."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_S = 30
CONFIG = """version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  maintenance:
    readonly: {{enabled: {refuses}}}
    uploadpurging: {{enabled: false}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Registry:
    """One registry with its files in `folder`; it keeps its port and what it has over a death."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}/pocketfit"

    @contextmanager
    def serving(self, *, refuses: bool = False) -> Iterator[None]:
        """Serve while the block runs; with `refuses` it takes nothing new."""
        self.start(refuses=refuses)
        try:
            yield
        finally:
            self.kill()

    def start(self, *, refuses: bool = False) -> None:
        program = shutil.which("docker-registry")
        assert program, "docker-registry is not installed: apt-get install docker-registry, or run .ci/run"
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "config.yml"
        config.write_text(CONFIG.format(storage=self.folder / "images", port=self.port, refuses=json.dumps(refuses)))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log, env=dict(os.environ))
        end = time.monotonic() + START_S
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, f"docker-registry does not answer within {START_S} s"
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @contextmanager
    def dying(self) -> Iterator[None]:
        """Kill it once the first bytes of an image have arrived."""
        stopped = threading.Event()

        def watch() -> None:
            while not stopped.is_set():
                if any(path.stat().st_size for path in self.folder.glob("images/**/_uploads/*/data")):
                    self.kill()
                    return
                time.sleep(0.01)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def _answers(self) -> bool:
        try:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v2/", timeout=5).status == 200)
        except (urllib.error.URLError, OSError):
            return False
