"""Fetches an archive by the client that knows its registry: Maven and npm, with the user's own settings and mirrors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.process import finish
from pocketfit.runtimes.archives import Archive, Client, file_name
from pocketfit.text import clean

# The same plugin as in src/android/pom.xml, which copies an artifact out of Maven's cache.
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
TIMEOUT_S = 1800
LONGEST_REASON = 300
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ClientFacts:
    """`package` is Debian's, and `words` what fetches NAME into FOLDER, in which it is started."""

    package: str
    words: Callable[[str, Path], tuple[str, ...]]


CLIENTS: Mapping[Client, ClientFacts] = {
    "mvn": ClientFacts(
        "maven",
        lambda name, folder: (
            "mvn", "-B", "-q", "-Dstyle.color=never", COPY, f"-Dartifact={name}", f"-DoutputDirectory={folder}",
        ),
    ),
    "npm": ClientFacts(
        "npm", lambda name, folder: ("npm", "pack", "--loglevel=error", "--ignore-scripts", name)
    ),
}  # fmt: skip


def fetch(client: Client, name: str, folder: Path) -> Path:
    """Fetch an archive into a folder and return its file; raises EnvironmentProblem, with the client's own reason."""
    words = CLIENTS[client].words(name, folder)
    try:
        # Not where the user stands, whose files could tell a client other places.
        done = finish(words, timeout=TIMEOUT_S, cwd=folder)
    except CommandError as error:
        raise EnvironmentProblem(f"{client} can't be started: apt-get install {CLIENTS[client].package}") from error
    file = folder / file_name(client, name)
    if done.timed_out:
        raise EnvironmentProblem(f"{client} has not fetched {name} in {TIMEOUT_S} s")
    if done.code or not file.is_file():
        reason = clean(what_it_said(done.stdout + "\n" + done.stderr), LONGEST_REASON)
        raise EnvironmentProblem(f"{client} can't fetch {name}: {reason}")
    return file


def what_it_said(output: str) -> str:
    """The first line in which Maven or npm says what is wrong, without the names of what it was doing."""
    lines = [line.strip() for line in output.splitlines()]
    errors = [line for line in lines if re.match(r"\[ERROR\] \S|npm (ERR!|error) (?!code|errno|syscall)", line)]
    if not errors:
        return next((line for line in reversed(lines) if line), "it printed nothing")
    line = re.sub(r"^(\[ERROR\]|npm (ERR!|error)) ", "", errors[0])
    line = re.sub(r"^Failed to execute goal .* on project \S+: ", "", line)
    return re.sub(r" -> \[Help \d+\]$", "", line)


def check(archive: Archive, file: Path, given: Path | None = None) -> None:
    """Raise EnvironmentProblem where a file, fetched or from the folder `given`, is not what the wheel names."""
    kept = given or f"{archive.client}'s cache"
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != archive.sha256:
        raise EnvironmentProblem(
            f"{archive.file_name} is not the file that this Pocketfit is made for: its SHA-256 is {found}, not "
            f"{archive.sha256}: remove it from {kept}, or ask who keeps your mirror"
        )
