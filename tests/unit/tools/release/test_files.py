from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from pocketfit.process import run
from tools.release.files import checksums, make_files


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    file = tmp_path / "pocketfit-1.0-py3-none-any.whl"
    file.write_bytes(b"wheel")
    (tmp_path / "SHA256SUMS").write_text(checksums([file]))
    assert run("sha256sum", "--check", "SHA256SUMS", timeout=60, cwd=tmp_path) == f"{file.name}: OK\n"


@pytest.mark.parametrize(
    "name",
    ["pocketfit-9.9.9-py3-none-manylinux_2_35_x86_64.whl", "pocketfit-0.1.0-py3-none-any.whl", "other.whl"],
)
def test_a_wheel_that_is_not_of_this_release_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0 (2026-11-27)\n\n- New.\n")
    (tmp_path / name).write_bytes(b"wheel")
    with pytest.raises(ConfigError) as caught:
        make_files(tmp_path, tmp_path / "dist", "0.1.0", [tmp_path / name])
    assert str(caught.value) == f"--wheels {name}: it is no wheel of pocketfit 0.1.0 for one kind of machine"
    assert not (tmp_path / "dist").exists()
