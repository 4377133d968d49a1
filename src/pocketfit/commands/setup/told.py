"""What `pocketfit setup` says: what it will take, and what is missing beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from pocketfit.commands.setup import phone_jvm
from pocketfit.commands.setup.planned import Plan
from pocketfit.devices.java import EMULATOR
from pocketfit.formats import listed
from pocketfit.installed import without_torch
from pocketfit.records import PHONE_ABI
from pocketfit.runtimes.library import RUNTIMES_FILE
from pocketfit.units import format_bytes


def announced(made: Plan) -> Iterator[str]:
    """What it will take, a line each."""
    yield f"the Android side for {listed(made.abis, 'and')} takes"
    width = max(len(archive.name) for archive in made.archives)
    for archive in made.archives:
        by = f"from {made.given}" if made.given_file(archive) else f"by {archive.client}"
        yield f"  {archive.name:<{width}}  {format_bytes(archive.size_bytes)}, {by}"
    size = f"up to {phone_jvm.FETCHED_BYTES // 1_000_000} MB"
    if made.jvm:
        yield f"  a JVM for {PHONE_ABI}, out of Debian's packages: {size}, by apt-get"
    yield from made.without
    fetched = format_bytes(sum(archive.size_bytes for archive in made.fetched))
    clients = tuple(sorted({f"{archive.client}'s" for archive in made.fetched}))
    kept = f" (and to keep, in {listed(clients, 'and')} own caches)" if clients else ""
    jvm = f" and {size} for the JVM" if made.jvm else ""
    yield f"{fetched} to fetch{kept}{jvm}, {format_bytes(made.files_bytes)} on disk in {made.folder}"
    if made.others:
        others = (f"--abi {abi} ({format_bytes(size)} on disk)" for abi, size in made.others.items())
        yield f"left out, as phones and other emulators have them: {', '.join(others)}"


def of_no_use(made: Plan) -> Iterator[str]:
    """The folders that other versions left beside this one's, a line each."""
    for folder in sorted(made.folder.parent.iterdir()):
        if (folder / RUNTIMES_FILE).is_file() and folder != made.folder:
            yield f"of another version, and of no use to this one: {folder}"


def missing_beside(made: Plan) -> Iterator[str]:
    """What else a run needs and this machine lacks, each with how it is had."""
    if not shutil.which("java"):
        yield "still missing: java is not on PATH: apt-get install default-jre-headless"
    if made.jvm and not shutil.which(EMULATOR):
        yield f"still missing: {EMULATOR} is not on PATH, and runs {PHONE_ABI} here: apt-get install qemu-user"
    if lacking := without_torch():
        yield f"still missing: {lacking}"
