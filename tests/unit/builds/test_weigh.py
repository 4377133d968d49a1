from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from pocketfit.builds.weigh import CHUNK_BYTES, Weight, weigh


def test_a_file_has_its_size_its_download_and_its_hash(tmp_path: Path) -> None:
    text = b"pocketfit " * (CHUNK_BYTES // 5)
    path = tmp_path / "artifact"
    path.write_bytes(text)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    download = len(deflate.compress(text) + deflate.flush())
    assert weigh(path) == Weight(len(text), download, hashlib.sha256(text).hexdigest())


def test_an_empty_file_has_a_weight(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.touch()
    assert weigh(path) == Weight(0, 2, hashlib.sha256(b"").hexdigest())
