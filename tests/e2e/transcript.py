"""Transcripts in docs/quickstart.md: made of real runs, and held against them by their words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pocketfit.process import finish

COLUMNS = 100
TIMEOUT_S = 900
# What another machine, or another load on it, says of latency.
VERDICTS = {
    "slower", "faster", "same", "unclear", "between", "and", "latency", "ran", "out", "of", "time", "still", "after",
    "fresh", "loads", "it", "takes", "tell", "with", "MACs", "more",
}  # fmt: skip
# Where model code is held by other layers than here.
LAYERS = {"own", "user", "Landlock", "ABI", "seccomp", "bubblewrap"}
PROCESSOR = re.compile(r"\b(AMD|EPYC|Intel|Xeon|Platinum|CPU|Processor|Neoverse|Core|Ryzen)\b")


@dataclass(frozen=True)
class Shell:
    """Runs commands in a folder as somebody would type them; `env` is all that they see."""

    folder: Path
    env: dict[str, str]

    def transcript(self, commands: Iterable[str]) -> str:
        """What the commands print, each after its own words; progress, which they tell by stderr, is left out."""
        said = []
        for command in commands:
            done = finish(["sh", "-c", command], timeout=TIMEOUT_S, cwd=self.folder, env=self.env)
            assert done.code == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
            said.append(f"$ {command}\n{done.stdout.rstrip()}".rstrip())
        return "\n".join(said)


@dataclass(frozen=True)
class Page:
    """A page with blocks between `<!-- NAME: ... -->` and `<!-- end -->`."""

    path: Path

    def block(self, name: str) -> str:
        return self._found(name)[2]

    def write(self, name: str, text: str) -> None:
        found = self._found(name)
        page = self.path.read_text()
        self.path.write_text(page[: found.start(2)] + text + page[found.end(2) :])

    def _found(self, name: str) -> re.Match[str]:
        pattern = rf"<!-- ({name}): [^\n]* -->\n(.*?)<!-- end -->"
        found = re.search(pattern, self.path.read_text(), re.DOTALL)
        assert found is not None, f"{self.path} has no block {name}"
        return found


def fenced(text: str) -> str:
    return f"```console\n{textwrap.dedent(text).rstrip()}\n```\n"


def quoted(comment: str) -> str:
    """A comment as a quotation, without the mark that only machines read."""
    lines = comment.partition("-->\n")[2].rstrip().splitlines()
    return "".join(f"> {line}".rstrip() + "\n" for line in lines)


def words(text: str) -> set[str]:
    """The words of a transcript, without numbers, verdicts on latency and the processor's name."""
    parts = [part for line in text.splitlines() for part in re.split(r" · ", line) if not PROCESSOR.search(part)]
    found = {word.strip("*`|,.:;()<>") for part in parts for word in re.split(r"[\s|]|<br>", part)}
    return {word for word in found if word and not re.search(r"\d", word)} - VERDICTS - LAYERS
