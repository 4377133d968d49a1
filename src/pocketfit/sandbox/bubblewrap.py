"""bubblewrap: a program in namespaces of its own, where nothing is but what its walls name. For ordinary users."""

from __future__ import annotations

import os
import sys

from pocketfit.sandbox import landlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pocketfit.sandbox.order import Order, WallsOrder

# The first process is ours (inside.py): it tells how the program ended, which bwrap itself would only hint at.
FLAGS = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent",
    "--as-pid-1",
)  # fmt: skip
# bwrap takes 9000 words, and each mount costs. A folder with more names shows none of those that are closed, and one
# that gives more of its own is mounted whole, with what is hidden in it covered.
MOST_CLOSED, MOST_CLOSED_IN_ALL = 300, 1200
MOST_SHOWN = 200
# Into this folder, which nobody may enter, lead the names of files that are closed: a folder in their place would be
# refused to whoever writes in other words.
CLOSED = "/.closed"
# As the kernel has it.
MOST_LINKS = 40


def command(order: Order, inside: str, descriptors: Iterable[int]) -> list[str]:
    """The words that start bwrap with `inside`, a program for our interpreter, in what these walls leave."""
    walls = order["walls"]
    assert walls is not None
    python = os.path.realpath(sys.executable)
    # What our own step needs; Landlock then closes it to the program.
    room = os.path.dirname(os.path.abspath(inside))
    package = os.path.dirname(room)
    prefixes = [path for path in (sys.base_prefix, sys.base_exec_prefix) if path != "/"]
    readable = [python, *prefixes, os.path.dirname(os.__file__), room, os.path.join(package, "__init__.py")]
    shown: WallsOrder = {
        **walls,
        "readable": [*walls["readable"], *readable],
        "listable": [*walls["listable"], package, os.path.dirname(package)],
    }
    return [
        order["bubblewrap"],
        *flags(network=walls["network"]),
        *mounts(shown, order["cwd"]),
        "--",
        *(python, "-I", "-S", inside, *map(str, descriptors)),
    ]


def flags(*, network: bool) -> tuple[str, ...]:
    return FLAGS if network else (*FLAGS, "--unshare-net")


def mounts(walls: WallsOrder, cwd: str) -> list[str]:
    """The words for a root that holds what the walls name, at the same paths, and is itself read-only.

    What is there and not named is closed: whoever asks is refused, as by Landlock, and not told that it
    is missing.
    """
    links: dict[str, str] = {}
    writable = _outermost(_found(walls["writable"], links))
    readable = [path for path in _found(walls["readable"], links) if not _is_in(path, [*writable, "/proc"])]
    readable = _outermost(readable)
    listable = [path for path in _found([*walls["listable"], cwd], links) if not _is_in(path, [*readable, *writable])]
    crowded = [folder for folder in listable if sum(os.path.dirname(one) == folder for one in readable) > MOST_SHOWN]
    covers = [word for folder in crowded for word in _covered(folder, readable)]
    readable = _outermost([*readable, *crowded])
    listable = [folder for folder in listable if folder not in crowded]
    given = sorted([*readable, *writable])
    folders = _folders_above([*given, *listable, *landlock.DEVICES, *links], [*given, "/proc"])
    words = ["--perms", "0000", "--dir", CLOSED]
    for folder in sorted({*folders, *listable}):
        if folder != "/":
            words += ["--perms", "0755" if folder in listable else "0111", "--dir", folder]
    made = {*folders, *listable, *given, *landlock.DEVICES, "/proc", *links}
    closed = [
        one
        for folder in sorted({"/", *folders, *listable})
        if len(others := _others(folder, made)) <= MOST_CLOSED
        for one in others
    ]
    for name, target in closed[:MOST_CLOSED_IN_ALL]:
        words += ["--symlink", target, name] if target else ["--perms", "0000", "--dir", name]
    for link, target in links.items():
        if not _is_in(link, [*given, "/proc"]):
            words += ["--symlink", target, link]
    for path in given:
        words += ["--bind-try" if path in writable else "--ro-bind-try", path, path]
    words += covers
    for device in landlock.DEVICES:
        words += ["--dev-bind-try", device, device]
    return [*words, "--proc", "/proc", "--remount-ro", "/"]


def _found(paths: Iterable[str], links: dict[str, str]) -> list[str]:
    """Where those paths that are there really are; the links on the way are added to `links`."""
    found = [_real(os.path.abspath(path), links) for path in paths if os.path.exists(path)]
    return list(dict.fromkeys(path for path in found if path != "/"))


def _real(path: str, links: dict[str, str]) -> str:
    current, waiting, hops = "/", path.split("/")[::-1], 0
    while waiting:
        name = waiting.pop()
        if name in ("", "."):
            continue
        if name == "..":
            current = os.path.dirname(current)
            continue
        here = os.path.join(current, name)
        try:
            target = os.readlink(here)
        except OSError:
            current = here
            continue
        hops += 1
        if hops > MOST_LINKS:
            return here
        links[here] = target
        current = "/" if target.startswith("/") else current
        waiting += target.split("/")[::-1]
    return current


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _outermost(paths: list[str]) -> list[str]:
    """Those that lie in no other of them."""
    kept: list[str] = []
    for path in sorted(paths, key=len):
        if not _is_in(path, kept):
            kept.append(path)
    return kept


def _folders_above(paths: Iterable[str], given: list[str]) -> set[str]:
    """The folders on the way to these paths that no mount brings."""
    above: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder != "/" and folder not in above:
            if not _is_in(folder, given):
                above.add(folder)
            folder = os.path.dirname(folder)
    return above


def _others(folder: str, made: set[str]) -> list[tuple[str, str]]:
    """What else a folder has, each with where it shall lead: a link where it does, a file nowhere, "" for a folder."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.path in made:
                    continue
                if entry.is_symlink():
                    found.append((entry.path, os.readlink(entry.path)))
                elif entry.is_dir(follow_symlinks=False):
                    found.append((entry.path, ""))
                else:
                    found.append((entry.path, f"{CLOSED}/file"))
    except OSError:
        return []
    return sorted(found)


def _covered(folder: str, readable: list[str]) -> Iterator[str]:
    """The words that close what is hidden in a folder that is mounted whole, but for what of it is to be read."""
    deeper = [path for path in readable if _is_in(path, [folder]) and os.path.dirname(path) != folder]
    for path, target in _others(folder, {*readable}):
        if os.path.islink(path):
            continue
        if not target:
            way = any(_is_in(one, [path]) for one in deeper)
            yield from ("--perms", "0111" if way else "0000", "--tmpfs", path)
        else:
            # bwrap mounts it without devices, so whoever opens it is refused.
            yield from ("--ro-bind", "/dev/null", path)
    for path in deeper:
        yield from ("--ro-bind-try", path, path)
