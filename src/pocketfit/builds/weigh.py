"""A file's size, its size in a download, and its hash."""

from __future__ import annotations

import hashlib
import threading
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from pocketfit.process import were_stopped

CHUNK_BYTES = 1 << 20
# Release builds of Android apps deflate at the highest level (AGP's BestAndDefaultDeflateExecutorCompressor).
DEFLATE_LEVEL = 9


@dataclass(frozen=True)
class Weight:
    """A file's size, and its size after DEFLATE (raw, level 9), by which the download of an APK grows."""

    size_bytes: int
    download_bytes: int
    sha256: str


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weigh(path: Path) -> Weight:
    """Weigh a file, exact to the byte; raises OSError. What base and head both have is compressed once."""
    sha256 = sha256_of(path)
    with _lock:
        known = _compressed.setdefault(sha256, _Compressed())
    with known.lock:
        if known.size_bytes is None:
            known.size_bytes = _deflated_bytes(path)
        return Weight(path.stat().st_size, known.size_bytes, sha256)


def know(weight: Weight) -> None:
    """Take the word of an earlier run for a content's size in a download: it is not compressed again."""
    with _lock:
        _compressed.setdefault(weight.sha256, _Compressed(size_bytes=weight.download_bytes))


@dataclass
class _Compressed:
    """What is known of one content; whoever finds its lock taken waits for the answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    size_bytes: int | None = None


_lock = threading.Lock()
_compressed: dict[str, _Compressed] = {}


def _deflated_bytes(path: Path) -> int:
    deflate = zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    download_bytes = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if were_stopped():
                raise InterruptedError("stopped")
            download_bytes += len(deflate.compress(chunk))
    return download_bytes + len(deflate.flush())
