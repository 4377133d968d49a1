"""TorchScript archives as files."""

from __future__ import annotations

import zipfile
from pathlib import Path

# The file format's version; from 6 on, which newer operators (gelu) ask for, it stands under the second name.
VERSIONS = ("version", ".data/version")


def drop_debug_files(source: Path, target: Path) -> int:
    """Copy a TorchScript archive without its `.debug_pkl` records.

    They hold paths and line numbers of the machine that exported it: of no use on a phone, and the only bytes that
    differ between two trees of the same commit. The file's name is part of its bytes (the archive's root folder).
    Returns how many bytes they are.
    """
    import torch

    reader = torch._C.PyTorchFileReader(str(source))
    writer = torch._C.PyTorchFileWriter(str(target))
    names = reader.get_all_records()
    writer.set_min_version(int(reader.get_record(next(name for name in VERSIONS if name in names))))
    dropped_bytes = 0
    for name in names:
        record = reader.get_record(name)
        if name.endswith(".debug_pkl"):
            dropped_bytes += len(record)
        # The writer makes these itself, the last from the contents.
        elif name not in (*VERSIONS, ".data/serialization_id"):
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()
    return dropped_bytes


def read_code(path: Path) -> str:
    """All of an archive's code, as torch prints it."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
        return "\n".join(archive.read(name).decode() for name in names)
