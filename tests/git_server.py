"""A git server over HTTP that asks for a token, as GitHub does for a private repository: git's own http-backend,
and the two requests of Git LFS that a download takes.

While it answers it looks at every command line on this machine, and remembers those that hold the token.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class GitServer:
    """Serves the repositories below `folder`. `requests` are the answered ones, each as method and path."""

    folder: Path
    token: str
    url: str = ""
    requests: list[str] = field(default_factory=list)
    refused: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token, and as git sends it."""
        return self.token, base64.b64encode(f"x-access-token:{self.token}".encode()).decode()


def command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def batch(server: GitServer, repository: str, asked: bytes) -> bytes:
    """Where each object is that git-lfs asks for, in the repository's own store, or that it is not there."""
    objects = json.loads(asked)["objects"]
    for one in objects:
        place = f"{repository}/lfs/objects/{one['oid'][:2]}/{one['oid'][2:4]}/{one['oid']}"
        if (server.folder / place[1:]).is_file():
            one["actions"] = {"download": {"href": f"{server.url}{place}"}}
        else:
            one["error"] = {"code": 404, "message": "Object does not exist on the server"}
    return json.dumps({"transfer": "basic", "objects": objects}).encode()


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            server.told += [line for line in command_lines() if any(secret in line for secret in server.secrets)]
            if self.headers.get_all("Authorization") != [f"Basic {server.secrets[1]}"]:
                server.refused += 1
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            parts = urlsplit(self.path)
            server.requests.append(f"{self.command} {parts.path}")
            self._answer(parts.path, parts.query, sent)

        do_POST = do_GET

        def _answer(self, path: str, query: str, sent: bytes) -> None:
            if path.endswith("/info/lfs/objects/batch"):
                repository = path.removesuffix("/info/lfs/objects/batch")
                self._send({"Content-Type": "application/vnd.git-lfs+json"}, batch(server, repository, sent))
            elif "/lfs/objects/" in path:
                self._send({}, (server.folder / path[1:]).read_bytes())
            else:
                self._git(path, query, sent)

        def _git(self, path: str, query: str, sent: bytes) -> None:
            environ = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(sent)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_USER": "octo",
            }
            done = subprocess.run(["git", "http-backend"], input=sent, env=environ, capture_output=True, check=False)
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            self._send(headers, body, int(headers.pop("Status", "200").split()[0]))

        def _send(self, headers: dict[str, str], body: bytes, status: int = 200) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def serve_git(folder: Path, token: str) -> Iterator[GitServer]:
    """Run one on a free port of this machine."""
    server = GitServer(folder, token)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
