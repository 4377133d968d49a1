"""Writes how large the native libraries of each Android archive are and how aligned, by ABI: `make sizes`.

An app that is installed keeps them as they are; a download has them deflated. Measured are those in build/android,
which `make android` unpacked from the archives unchanged. What is not there keeps its numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketfit.builds.weigh import weigh
from pocketfit.runtimes.elf import load_alignment_bytes
from pocketfit.runtimes.library import find_android
from pocketfit.runtimes.sizes import SIZES_FILE

DATA = Path(__file__).resolve().parent.parent / "src" / "pocketfit" / "runtimes" / "data" / SIZES_FILE
READ_BY = "make sizes (tools/measure_runtimes.py), of the archives that make android fetched"


def measure(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Weigh all libraries in `folder`/ABI: bytes as a file, after DEFLATE, SHA-256 and alignment of segments."""
    return {
        abi.name: {
            path.name: {
                "size_bytes": (weight := weigh(path)).size_bytes,
                "download_bytes": weight.download_bytes,
                "sha256": weight.sha256,
                "alignment_bytes": load_alignment_bytes(path),
            }
            for path in sorted(abi.glob("*.so"))
        }
        for abi in sorted(folder.iterdir())
    }


def write(measured: Mapping[str, Any], path: Path) -> None:
    """Replace what `path` says of the libraries that were measured, and keep the others."""
    before = json.loads(path.read_text())["libraries"] if path.is_file() else {}
    data = {"read_by": READ_BY, "libraries": dict(sorted({**before, **measured}.items()))}
    path.write_text(json.dumps(data, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the Android runtimes' libraries.")
    parser.add_argument(
        "--also", nargs=2, action="append", default=[], metavar=("NAME", "FOLDER"),
        help='libraries of another archive, unpacked in FOLDER/ABI: --also "executorch-android 1.3.1" jni',
    )  # fmt: skip
    options = parser.parse_args()
    android = find_android()
    folders = {
        f"{library.artifact} {library.version}": android.folder / name / "jni"
        for name, library in android.runtimes.items()
    }
    folders |= {name: Path(folder) for name, folder in options.also}
    measured = {name: measure(folder) for name, folder in folders.items()}
    write(measured, DATA)
    for name, by_abi in measured.items():
        for abi, libraries in by_abi.items():
            total = [sum(one[key] for one in libraries.values()) for key in ("size_bytes", "download_bytes")]
            print(f"{name} {abi}: {total[0]:,} bytes, {total[1]:,} deflated")


if __name__ == "__main__":
    main()
