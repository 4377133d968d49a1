from __future__ import annotations

from pathlib import Path

from pocketfit.process import run
from tools.release.files import checksums


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    file = tmp_path / "pocketfit-1.0-py3-none-any.whl"
    file.write_bytes(b"wheel")
    (tmp_path / "SHA256SUMS").write_text(checksums([file]))
    assert run("sha256sum", "--check", "SHA256SUMS", timeout=60, cwd=tmp_path) == f"{file.name}: OK\n"
