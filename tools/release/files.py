"""What is attached to a release: the packages, their checksums and the notes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from pocketfit.errors import EnvironmentProblem
from pocketfit.files.written import write_text_atomically
from pocketfit.process import run
from tools.release.notes import notes_of

BUILD_TIMEOUT_S = 600


def make_files(root: Path, out: Path, version: str) -> list[Path]:
    """Build the wheel into the folder `out` and write SHA256SUMS and notes.md beside it; return all of them."""
    notes = notes_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    # setuptools would take along what an earlier build left in build/lib.
    shutil.rmtree(root / "build/lib", ignore_errors=True)
    words = ("--no-deps", "--no-build-isolation", "--wheel-dir", str(out))
    run(*builder(), "wheel", "--quiet", *words, root, timeout=BUILD_TIMEOUT_S)
    packages = sorted(out.glob(f"pocketfit-{version}-*.whl"))
    if not packages:
        raise EnvironmentProblem(f"no wheel of pocketfit {version} was built in {out}")
    write_text_atomically(out / "SHA256SUMS", checksums(packages))
    write_text_atomically(out / "notes.md", notes)
    return [*packages, out / "SHA256SUMS", out / "notes.md"]


def builder() -> list[str]:
    return [sys.executable, "-m", "pip"]


def checksums(files: list[Path]) -> str:
    """Return the lines that `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
