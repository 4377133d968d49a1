"""Makes the virtual environment of `make setup`: says what comes, shows where it is, and what it took.

    python3 tools/setup_environment.py .venv TORCH_INDEX

Standard library only: it runs before there is an environment. `uv` installs, in less than half of pip's processor time
(benchmarks of it: docs/dependencies.md); where it can't, since it knows nothing of pip's own settings, pip does.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
# Measured on Linux x86_64 with Python 3.11. The ordinary torch brings CUDA, which nothing here uses.
ORDINARY_GB, ORDINARY_DISK_GB = 2.8, 5.5
CPU_GB, CPU_DISK_GB = 0.2, 1.5
REST_GB = 0.3
# As pip and as uv say it.
DOWNLOADING = re.compile(r"\s*Downloading (\S+?)(?:-\d\S*)? \(([\d.]+) ?([kKMG])i?B\)")
BYTES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
# A file that takes long enough for somebody to wonder.
LARGE_BYTES = 20e6


class Progress:
    """One line that is written over and over on a terminal; elsewhere a line for each step and each large file."""

    def __init__(self, steps: int) -> None:
        self.steps, self.number, self.title, self.doing = steps, 0, "", ""
        self.live = sys.stderr.isatty()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.number, self.title, self.doing, began = self.number + 1, title, "", time.monotonic()
        done = threading.Event()
        ticking = threading.Thread(target=self._tick, args=(began, done), daemon=True)
        if self.live:
            ticking.start()
        else:
            self._say(f"{self._place()} ...")
        try:
            yield
        finally:
            done.set()
            if self.live:
                ticking.join()
        self._say(f"{self._place()}: done in {time.monotonic() - began:.0f} s")

    def line(self, text: str) -> None:
        """Take a line that pip or uv prints."""
        if found := DOWNLOADING.match(text):
            self.doing = f"fetching {found[1]}, {found[2]} {found[3]}B"
            if not self.live and float(found[2]) * BYTES[found[3]] >= LARGE_BYTES:
                self._say(f"{self._place()}: {self.doing}")
        elif text.startswith(("Installing collected packages", "Prepared")):
            self.doing = "unpacking"

    def _place(self) -> str:
        return f"{self.number} of {self.steps} {self.title}"

    def _tick(self, began: float, done: threading.Event) -> None:
        while not done.wait(0.5):
            elapsed = f"{time.monotonic() - began:.0f} s"
            text = ", ".join(filter(None, (self._place(), self.doing, elapsed)))
            sys.stderr.write(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}")
            sys.stderr.flush()

    def _say(self, text: str) -> None:
        print(f"\r\x1b[K{text}" if self.live else text, file=sys.stderr, flush=True)


class Failed(Exception):
    """A step that did not work, with what its program printed last."""


def run(command: Sequence[str], progress: Progress, env: dict[str, str]) -> None:
    """Raises Failed."""
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=env, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            said.append(text.rstrip())
            progress.line(text)
    if process.returncode:
        told = "\n".join(line for line in said[-20:] if line)
        raise Failed(f"`{' '.join(command)}` exited with {process.returncode}:\n{told}")


def answers(index: str) -> bool:
    """Whether the index of CPU wheels can be reached, by the tool that will ask it."""
    probe = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10).read(1)"
    asked = subprocess.run([sys.executable, "-c", probe, f"{index}/torch/"], capture_output=True, check=False)
    return asked.returncode == 0


def announce(venv: Path, index: str) -> None:
    """Say what will be fetched and what it takes; raises Failed where the disk is too small for it."""
    cpu = answers(index)
    fetched, disk = (CPU_GB, CPU_DISK_GB) if cpu else (ORDINARY_GB, ORDINARY_DISK_GB)
    if cpu:
        print(f"torch comes from {index}, which has its CPU build", file=sys.stderr)
    else:
        print(
            f"{index} can't be reached: the ordinary torch is taken, with CUDA that nothing here uses", file=sys.stderr
        )
    print(
        f"setting up {venv.name}: {fetched + REST_GB:.1f} GB to fetch unless they are cached, {disk:g} GB on disk, "
        "a few minutes",
        file=sys.stderr,
        flush=True,
    )
    free_gb = shutil.disk_usage(venv.parent).free / 1e9
    if free_gb < disk:
        raise Failed(f"{venv.parent} has {free_gb:.1f} GB free, and the environment takes {disk:g} GB")


class Installer:
    """Installs with uv for as long as that works, and with pip from then on."""

    def __init__(self, venv: Path, progress: Progress) -> None:
        self.python, self.progress = str(venv / "bin/python"), progress
        self.env = {
            **os.environ,
            "VIRTUAL_ENV": str(venv),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # As pip does. A model's process may write no bytecode, and would compile all of torch each time.
            "UV_COMPILE_BYTECODE": "1",
        }
        self.pip = [self.python, "-m", "pip"]
        self.uv = [uv, "pip"] if (uv := shutil.which("uv") or self._own_uv(venv)) else None

    def _own_uv(self, venv: Path) -> str | None:
        with contextlib.suppress(Failed):
            run([*self.pip, "install", "--require-hashes", "-r", str(LOCKS / "uv.txt")], self.progress, self.env)
            return str(venv / "bin/uv")
        return None

    def install(self, *words: str) -> None:
        """Raises Failed."""
        self._run(lambda pip: [*pip, "install", *words])

    def install_torch(self, index: str) -> None:
        """Raises Failed."""
        self._run(lambda pip: [str(LOCKS / "install-torch.sh"), index, *pip])

    def _run(self, command: Callable[[list[str]], list[str]]) -> None:
        if self.uv:
            try:
                run(command(self.uv), self.progress, self.env)
                return
            except Failed:
                # A mirror that only pip is told of, or none for it: pip says what is wrong.
                self.uv = None
        run(command(self.pip), self.progress, self.env)


def make(venv: Path, index: str) -> None:
    """Raises Failed."""
    announce(venv, index)
    progress = Progress(5)
    with progress.step(f"virtual environment for Python {sys.version_info.major}.{sys.version_info.minor}"):
        run([sys.executable, "-m", "venv", str(venv)], progress, dict(os.environ))
        installer = Installer(venv, progress)
    with progress.step("dependencies, by hash"):
        locked = [word for name in ("requirements", "dev") for word in ("-r", str(LOCKS / f"{name}.txt"))]
        installer.install("--require-hashes", *locked)
    with progress.step("torch and torchvision"):
        installer.install_torch(index)
    with progress.step("executorch"):
        installer.install("--no-deps", "--require-hashes", "-r", str(LOCKS / "executorch.txt"))
    with progress.step("pocketfit"):
        installer.install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def main(words: Sequence[str]) -> int:
    try:
        make(Path(words[0]).resolve(), words[1])
    except Failed as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
