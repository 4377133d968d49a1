"""A file's size, its size in a download, and its hash."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
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
    """Weigh a file, exact to the byte; raises OSError."""
    digest, deflate = hashlib.sha256(), zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    size_bytes = download_bytes = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if were_stopped():
                raise InterruptedError("stopped")
            size_bytes += len(chunk)
            digest.update(chunk)
            download_bytes += len(deflate.compress(chunk))
    return Weight(size_bytes, download_bytes + len(deflate.flush()), digest.hexdigest())
