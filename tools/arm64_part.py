"""Writes what a phone's ABI takes in the image into docs/performance.md: `make sizes`, of what `make android` built.

A layer of an image is a tar, which a registry keeps compressed: so are these measured, by gzip's level 6.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pocketfit.devices.java import EMULATOR
from pocketfit.records import PHONE_ABI
from pocketfit.runtimes.library import AndroidSide, find_android
from tools.documents import write_between

PAGE = Path(__file__).parents[1] / "docs/performance.md"
BEGIN, END = "<!-- arm64 -->", "<!-- end of arm64 -->"
LEVEL = 6


class _Counted(io.RawIOBase):
    """Takes bytes and keeps their number alone."""

    size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size_bytes += len(data)
        return len(data)


def parts(android: AndroidSide, emulator: Path) -> dict[str, list[Path]]:
    """What there is for the ABI, by what it is called; ExecuTorch's older versions are in no image that is released."""
    libraries = [android.libraries(name, PHONE_ABI) for name in android.runtimes]
    return {
        "QEMU for arm64 (`qemu-aarch64`)": [emulator],
        "a JVM for arm64, with its C library": [android.jvm(PHONE_ABI)],
        "the layer, and the plugin that counts": [android.layer(PHONE_ABI), android.work_plugin],
        "Android's arm64 libraries": [folder for folder in libraries if folder.is_dir()],
    }


def weigh(paths: Sequence[Path]) -> tuple[int, int]:
    """The bytes of all files in `paths`, and of a compressed tar of them."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    counted = _Counted()
    with (
        gzip.GzipFile(fileobj=counted, mode="wb", compresslevel=LEVEL) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        for file in files:
            tar.add(file, recursive=False)
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink()), counted.size_bytes


def table(sizes: Mapping[str, tuple[int, int]]) -> str:
    total = tuple(sum(size[index] for size in sizes.values()) for index in (0, 1))
    rows = [
        f"| {name} | {size / 1e6:,.2f} MB | {packed / 1e6:,.2f} MB |"
        for name, (size, packed) in {**sizes, "all of it": total}.items()
    ]
    return "\n".join(["| for a phone's ABI | as files | compressed |", "| :-- | --: | --: |", *rows])


def main() -> None:
    emulator = shutil.which(EMULATOR)
    android = find_android()
    if emulator is None or not android.jvm(PHONE_ABI).is_dir():
        raise SystemExit(f"{PHONE_ABI} was not measured: it takes qemu-user, and `make android` with a JVM for it")
    made = table({name: weigh(paths) for name, paths in parts(android, Path(emulator)).items()})
    write_between(PAGE, BEGIN, END, made)
    print(made)


if __name__ == "__main__":
    main()
