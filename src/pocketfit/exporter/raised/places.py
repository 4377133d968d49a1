"""Places in other people's code: which lines are the model's own, and the one that led to an exception."""

from __future__ import annotations

import linecache
import re
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.exporter.importing.finder import places

STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]
POCKETFIT = str(Path(__file__).resolve().parents[2])
# Where TorchScript, and torch.jit.script, put theirs.
IN_MESSAGE = re.compile(r'File "([^"]+)", line (\d+)(?:, in (\w+))?')
LONGEST_CODE = 80


@dataclass(frozen=True)
class Place:
    """A line of a file, in a function where that is known."""

    file: str
    line: int
    function: str = ""

    @property
    def code(self) -> str:
        """The line itself."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        # A module's own level, a lambda or a comprehension has no name that anybody gave it.
        inside = f", in {self.function}" if self.function.isidentifier() else ""
        return f"{shown(self.file)}:{self.line}{inside}"


def installed(file: str) -> str:
    """The path of a file in the folder of installed packages; "" where it is not there."""
    return file.partition("site-packages/")[2]


def is_the_models(file: str) -> bool:
    """Not Python's own, nor generated, nor ours, nor installed: nobody can mend that in a pull request."""
    return not file.startswith((STANDARD_LIBRARY, POCKETFIT, "<")) and not installed(file)


def shown(file: str) -> str:
    """A file as a reader knows it: from the repository's root, or from the folder of installed packages."""
    return installed(file) or _in_repository(file) or "/".join(file.split("/")[-2:])


def _in_repository(file: str) -> str:
    """The path of a file from the repository's root; "" where it is not in that."""
    for root in places()[:1]:
        for folder in (root, root.resolve()):
            if Path(file).is_relative_to(folder):
                return str(Path(file).relative_to(folder))
    return ""


def place_of(error: BaseException) -> Place | None:
    """The innermost line of the model's own code that led to an exception, or of a library's where there is none.

    None where torch and Python alone were at work.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(error.filename, error.lineno)
    frames = list(_frames(error))
    others = [place for place in frames if is_the_models(place.file)]
    # What is neither the repository's nor installed may be a library all the same.
    own = [place for place in others if _in_repository(place.file)] or others
    if own:
        return own[-1]
    said = [place for place in _in_message(error) if is_the_models(place.file)]
    if said:
        return said[-1]
    return next((place for place in reversed(frames) if _library(place.file) not in ("", "torch")), None)


def at(error: BaseException) -> str:
    """ " at net.py:9, in forward", or nothing where no line is known; of a syntax error the line itself too."""
    place = place_of(error)
    if place is None:
        return ""
    code = f", `{place.code[:LONGEST_CODE]}`" if isinstance(error, SyntaxError) and place.code else ""
    return f" at {place}{code}"


def innermost(error: BaseException) -> Place | None:
    """The line of Python that raised, whoever wrote it."""
    frames = list(_frames(error))
    return frames[-1] if frames else None


def passes(error: BaseException, *files: str) -> bool:
    """True where an exception came through one of these files of Python's own, each by the end of its path."""
    return any(place.file.endswith(files) for place in _frames(error))


def _frames(error: BaseException) -> Iterator[Place]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield Place(frame.f_code.co_filename, line, frame.f_code.co_name)


def _in_message(error: BaseException) -> Iterator[Place]:
    for file, line, function in IN_MESSAGE.findall(str(error)):
        yield Place(file, int(line), function)


def _library(file: str) -> str:
    return installed(file).partition("/")[0]
