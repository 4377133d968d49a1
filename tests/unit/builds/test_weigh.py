from __future__ import annotations

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pocketfit.builds import weigh as weigh_module
from pocketfit.builds.weigh import CHUNK_BYTES, Weight, know, weigh


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


def test_what_an_earlier_run_compressed_is_not_compressed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(b"kept in the cache")
    known = Weight(17, 19, hashlib.sha256(b"kept in the cache").hexdigest())
    know(known)
    monkeypatch.setattr(weigh_module, "_deflated_bytes", lambda path: pytest.fail("it is compressed"))
    assert weigh(path) == known


def test_what_two_files_both_hold_is_compressed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[Path] = []
    of = weigh_module._deflated_bytes
    monkeypatch.setattr(weigh_module, "_deflated_bytes", lambda path: compressed.append(path) or of(path))
    files = [tmp_path / name for name in ("base", "head", "other")]
    for file, text in zip(files, (b"the same in both", b"the same in both", b"another"), strict=True):
        file.write_bytes(text)
    with ThreadPoolExecutor(3) as pool:
        base, head, other = pool.map(weigh, files)
    assert base == head
    assert other.sha256 != head.sha256
    assert len(compressed) == 2
