"""What is attached to a release: the packages, their checksums and the notes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.files.written import write_text_atomically
from tools.release.notes import notes_of
from tools.release.wheel import build


def make_files(root: Path, out: Path, version: str, wheels: Iterable[Path] = ()) -> list[Path]:
    """Build the wheel for any machine into the folder `out`, and write SHA256SUMS and notes.md beside it.

    `wheels` are those for one kind of machine, which are put beside it; returns all of them. Raises ConfigError for a
    wheel of another version.
    """
    notes = notes_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    given = {path.name: path.read_bytes() for path in wheels}
    for name in given:
        if not name.startswith(f"pocketfit-{version}-py3-none-manylinux_"):
            raise ConfigError(f"--wheels {name}: it is no wheel of pocketfit {version} for one kind of machine")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    # setuptools would take along what an earlier build left in build/lib.
    shutil.rmtree(root / "build/lib", ignore_errors=True)
    made = build(root, out)
    if made.name != f"pocketfit-{version}-py3-none-any.whl":
        raise ConfigError(f"{made.name} was built, not a wheel of pocketfit {version}")
    for name, content in given.items():
        (out / name).write_bytes(content)
    packages = sorted(out.glob("*.whl"))
    write_text_atomically(out / "SHA256SUMS", checksums(packages))
    write_text_atomically(out / "notes.md", notes)
    return [*packages, out / "SHA256SUMS", out / "notes.md"]


def checksums(files: list[Path]) -> str:
    """Return the lines that `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
