"""Stands where Pocketfit does: starts `attacks.py` in the sandbox, with a token, a password and open doors about.

`python runner.py`, as whoever it is to be; `python runner.py bare` does it without walls, and `python runner.py forked`
has a fork server fork them. Prints one JSON object. It needs nothing but src/ and a Python.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "src"))

from pocketfit.process import Finished  # noqa: E402
from pocketfit.sandbox import tree  # noqa: E402
from pocketfit.sandbox.layers import layers  # noqa: E402
from pocketfit.sandbox.order import ResourceLimits, Walls  # noqa: E402
from pocketfit.sandbox.paths import of_interpreter, of_repository, of_system  # noqa: E402
from pocketfit.supervised import finish_supervised  # noqa: E402
from pocketfit.supervised.forks import ForkServer  # noqa: E402

CANARY = "canary-d2f1c9"
LIMITS = ResourceLimits(file_bytes=50_000_000)


SERVER = (
    ForkServer([sys.executable, "-I", str(HERE / "server.py")], "", {"PATH": os.environ["PATH"]}, Path("/"))
    if sys.argv[1:] == ["forked"]
    else None
)


def walls(job: Path, repository: Path) -> Walls | None:
    if sys.argv[1:] == ["bare"]:
        return None
    tree = of_repository(repository)
    readable = (*of_system(), *of_interpreter(), str(HERE / "attacks.py"), *tree.readable)
    return Walls(readable, tree.listable, (str(job),))


def main() -> None:
    os.environ["GITHUB_TOKEN"] = CANARY
    with tempfile.TemporaryDirectory(prefix="sandbox-test-") as name:
        place = Path(name)
        place.chmod(0o755)
        told, sockets = _doors(place)
        repository, job, other = Path(told["repository"]), place / "job", place / "other"
        for folder in (job, other):
            folder.mkdir(mode=0o700)
        sibling: list[object] = []
        code = "import os, sys, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
        beside = threading.Thread(target=lambda: sibling.append(_run(["-I", "-c", code], other, repository)))
        beside.start()
        while not (other / "pid").exists() or not (other / "pid").read_text():
            time.sleep(0.01)
        # Its own number for itself is another in another table of processes.
        told["sibling"] = _sibling(other, code)
        done = _run(["-I", str(HERE / "attacks.py"), json.dumps(told)], job, repository)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        print(
            json.dumps(
                {
                    "layers": str(layers()),
                    "uid": os.geteuid(),
                    "code": done.code,
                    "forked": SERVER is not None and SERVER.early() is not None,
                    "stderr": done.stderr,
                    "said": dict(lines),
                }
            ),
            flush=True,
        )
        # With us its supervisor ends what still sleeps.
        os._exit(0)
    del sockets


def _sibling(folder: Path, code: str) -> int:
    if SERVER:
        return int((folder / "pid").read_text())
    return next(pid for pid in tree.descendants() if code in Path(f"/proc/{pid}/cmdline").read_text())


def _run(words: list[str], job: Path, repository: Path) -> Finished:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(job), "HOME": str(job)}
    return finish_supervised(
        [sys.executable, *words],
        timeout=100,
        limits=LIMITS,
        walls=walls(job, repository),
        cwd=job,
        env=environment,
        server=SERVER,
    )


def _doors(place: Path) -> tuple[dict[str, object], list[socket.socket]]:
    """What an attack could reach: files of ours, and sockets that listen."""
    home, repository = place / "home", place / "repository"
    home.mkdir(mode=0o700)
    (home / ".netrc").write_text(CANARY)
    (repository / ".git").mkdir(parents=True)
    (repository / ".git/config").write_text(CANARY)
    (repository / ".env").write_text(CANARY)
    (repository / "net.py").write_text("# a model\n")
    tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    unix, abstract, datagram = (socket.socket(socket.AF_UNIX, kind) for kind in (1, 1, 2))
    unix.bind(str(place / "unix"))
    unix.listen()
    datagram.bind(str(place / "datagram"))
    for path in ("unix", "datagram"):
        (place / path).chmod(0o777)
    hidden = f"sandbox-test-{os.getpid()}"
    abstract.bind(f"\0{hidden}")
    abstract.listen()
    told = {
        "canary": CANARY,
        "runner": os.getpid(),
        "netrc": str(home / ".netrc"),
        "home": str(home),
        "repository": str(repository),
        "unix": str(place / "unix"),
        "abstract": hidden,
        "datagram": str(place / "datagram"),
        "port": tcp.getsockname()[1],
        "file_bytes": LIMITS.file_bytes,
    }
    return told, [tcp, unix, abstract, datagram]


if __name__ == "__main__":
    main()
