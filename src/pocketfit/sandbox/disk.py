"""Counts what a program keeps on disk: the files in its folders, and those without a name that it holds open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

# Beyond it a path may be too long to be looked at.
DEEPEST = 100
BLOCK_BYTES = 512


def usage(folders: Iterable[str], most_files: int) -> tuple[int, int]:
    """The files and folders in these, and the bytes that they take on disk.

    Counting ends with the first file too many. What can't be looked into is one too many: it may hold anything.
    """
    files = total_bytes = 0
    linked: set[tuple[int, int]] = set()
    waiting = [(folder, 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    files += 1
                    if files > most_files:
                        return files, total_bytes
                    if status.st_nlink == 1 or (status.st_dev, status.st_ino) not in linked:
                        total_bytes += status.st_blocks * BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
                    elif status.st_nlink > 1:
                        linked.add((status.st_dev, status.st_ino))
        except FileNotFoundError:
            # Gone since it was listed.
            continue
        except OSError:
            return most_files + 1, total_bytes
        if depth > DEEPEST:
            return most_files + 1, total_bytes
    return files, total_bytes


def nameless_bytes(pids: Iterable[int], become: Callable[[], None] | None) -> int:
    """The bytes on disk of open files that have no name any more.

    `become` makes a child of ours one that may look at these processes, where we may not.
    """
    if become is None:
        return _sum(pids)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become()
            os.write(writing, str(_sum(pids)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    return int(said or 0)


def _sum(pids: Iterable[int]) -> int:
    found = {(status.st_dev, status.st_ino): status.st_blocks for pid in pids for status in _nameless(pid)}
    return sum(found.values()) * BLOCK_BYTES


def _nameless(pid: int) -> Iterator[os.stat_result]:
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for name in names:
        try:
            status = os.stat(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if status.st_nlink == 0:
            yield status
