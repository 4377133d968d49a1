"""What a file weighs, exact to the byte."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

CHUNK_BYTES = 1 << 20
# Release builds of Android apps deflate at the highest level (AGP's BestAndDefaultDeflateExecutorCompressor).
DEFLATE_LEVEL = 9


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weigh(path: Path) -> tuple[int, int, str]:
    """Size in bytes, size in bytes after DEFLATE (raw, level 9: what an APK's download grows by), and SHA-256."""
    digest, deflate = hashlib.sha256(), zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    size_bytes = download_bytes = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            size_bytes += len(chunk)
            digest.update(chunk)
            download_bytes += len(deflate.compress(chunk))
    return size_bytes, download_bytes + len(deflate.flush()), digest.hexdigest()
