"""What is the same for all models of a run: Python's packages, Pocketfit, the system's packages, and the processor."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import platform
import site
import stat
import sys
import sysconfig
from pathlib import Path

from pocketfit.cache.memo import Memo, is_racy, seen_of
from pocketfit.cache.tree import Unknowable, digest_of
from pocketfit.sandbox.layers import layers

# What tells which packages a system has: Debian's and Red Hat's databases, Alpine's; Arch's is a folder of names.
DATABASES = (
    "/var/lib/dpkg/status", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages",
    "/lib/apk/db/installed",
)  # fmt: skip
FOLDER_OF_NAMES = "/var/lib/pacman/local"
LOCAL = "/usr/local"
SYSTEMS_PREFIXES = ("/usr", LOCAL)
SETTINGS = ("/etc/os-release", "/etc/localtime", "/etc/timezone", "/etc/ld.so.preload", "/etc/ld.so.cache")
# Of a processor: what its kernels are chosen by, and how they cut their work.
OF_PROCESSOR = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU implementer", "CPU part", "Features")
CACHES = "/sys/devices/system/cpu/cpu0/cache"
# Python's own copies of what stands beside them.
COPIES = "__pycache__"
# A file's name below the folder that was looked at, its path, and what the kernel says of it.
Found = tuple[str, str, os.stat_result]


def surroundings(memo: Memo) -> dict[str, str]:
    """Each part by name; raises Unknowable where one can't be told, OSError."""
    return {
        "Python and its packages": packages(memo),
        "the system's packages": system(memo),
        "processor": digest_of(processor()),
        "sandbox": str(layers()),
    }


def roots() -> tuple[Path, ...]:
    """The folders that Python finds code and programs in, outermost alone."""
    named = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    prefixes = [prefix for prefix in (sys.prefix, sys.base_prefix) if prefix not in SYSTEMS_PREFIXES]
    # The first is the folder that we were started in.
    found = [*named, *prefixes, *site.getsitepackages(), *sys.path[1:], str(Path(__file__).parents[2])]
    real = dict.fromkeys(Path(os.path.realpath(path)) for path in found if path and os.path.isdir(path))
    system_programs = Path(os.path.realpath("/usr/bin"))
    return tuple(
        path
        for path in real
        # The database says what is in the system's own.
        if path != system_programs and not any(path != other and path.is_relative_to(other) for other in real)
    )


def packages(memo: Memo) -> str:
    """The hash of all that Python runs: its own modules, every installed distribution, and Pocketfit."""
    parts = {"python": sys.version, "binary": _of_file(memo, os.path.realpath(sys.executable))}
    library = Path(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
    if library.is_file():
        parts["library"] = _of_file(memo, os.path.realpath(library))
    for path in sys.path:
        if os.path.isfile(path):
            parts[f"archive {path}"] = _of_file(memo, os.path.realpath(path))
    for number, root in enumerate(roots()):
        parts[f"root {number}"] = folder_digest(root, memo)
    return digest_of(parts)


def folder_digest(root: Path, memo: Memo) -> str:
    """The hash of a folder of code, from what is known where nothing in it changed; raises OSError."""
    found: list[Found] = []
    _walk(str(root), "", set(), found)
    found.sort()
    looked = hashlib.sha256(
        "\n".join(f"{name} {seen_of(status)}" for name, _, status in found).encode("utf-8", "surrogateescape")
    ).hexdigest()
    if known := memo.known(str(root), looked):
        memo.tell(str(root), looked, known)
        return known
    recorded = _recorded(root)
    contents = {}
    for name, path, status in found:
        if stat.S_ISREG(status.st_mode):
            written, sha256, size_bytes = recorded.get(name, (0, "", -1))
            # Whatever was changed after it was installed is read; an installer writes its record last.
            as_installed = size_bytes == status.st_size and status.st_ctime_ns <= written
            contents[name] = f"{stat.S_IMODE(status.st_mode):o} {sha256 if as_installed else _sha256_of(path)}"
        elif stat.S_ISLNK(status.st_mode):
            contents[name] = f"link {os.readlink(path)}"
    digest = digest_of(contents)
    if not is_racy(status for _, _, status in found):
        memo.tell(str(root), looked, digest)
    return digest


def _walk(folder: str, prefix: str, linked: set[str], found: list[Found]) -> None:
    """Add every file below a folder, also through links, but for Python's own copies; `linked` were gone through."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != COPIES:
                    _walk(entry.path, f"{name}/", linked, found)
                continue
            found.append((name, entry.path, entry.stat(follow_symlinks=False)))
            if entry.is_symlink():
                place = os.path.realpath(entry.path)
                if os.path.isfile(place):
                    found.append((f"{name} ->", place, os.stat(place)))
                elif os.path.isdir(place) and place not in linked:
                    linked.add(place)
                    _walk(place, f"{name}/", linked, found)


def _recorded(root: Path) -> dict[str, tuple[int, str, int]]:
    """By name: when the record of a distribution was written (ns), and the hash and size that it has for the file."""
    found = {}
    for record in root.glob("*.dist-info/RECORD"):
        try:
            written = record.stat().st_ctime_ns
            rows = list(csv.reader(record.read_text("utf-8").splitlines()))
        except (OSError, ValueError):
            continue
        for name, digest, size, *_ in (row for row in rows if len(row) >= 3):
            if digest.startswith("sha256=") and size.isdecimal():
                raw = base64.urlsafe_b64decode(digest.removeprefix("sha256=") + "==")
                found[name] = (written, raw.hex(), int(size))
    return found


def system(memo: Memo) -> str:
    """The hash of what the system's packages are, and of what others put beside them."""
    parts = {path: _of_file(memo, os.path.realpath(path)) for path in (*DATABASES, *SETTINGS) if os.path.isfile(path)}
    if os.path.isdir(FOLDER_OF_NAMES):
        parts[FOLDER_OF_NAMES] = "\n".join(sorted(os.listdir(FOLDER_OF_NAMES)))
    if not parts.keys() & {*DATABASES, FOLDER_OF_NAMES}:
        raise Unknowable("nobody here can tell which packages the system has")
    if os.path.isdir(LOCAL):
        parts[LOCAL] = folder_digest(Path(LOCAL), memo)
    return digest_of(parts | {"libc": " ".join(platform.libc_ver())})


def processor() -> dict[str, str]:
    """What of the processor decides which kernels are run, and in what order they add up."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    found = {name: value for name, value in reversed(fields) if name in OF_PROCESSOR}
    for place in sorted(Path(CACHES).glob("index*")):
        found[place.name] = " ".join((place / name).read_text().strip() for name in ("level", "type", "size"))
    return found | {"machine": platform.machine(), "cores": f"{os.cpu_count()} {len(os.sched_getaffinity(0))}"}


def _sha256_of(path: str) -> str:
    """Of one among many, which are remembered together."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_file(memo: Memo, path: str) -> str:
    return memo.sha256(path, os.lstat(path))
