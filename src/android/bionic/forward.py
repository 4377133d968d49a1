"""Writes the forwards to glibc, and refuses libraries that need what nobody has looked at.

    forward.py --abi x86_64 --agrees agrees.txt --absent absent.txt --glibc libc.so.6 --glibc libm.so.6 \
        --wrapped stdio.o ... --output forwards.S LIBRARY...

Every function that an Android library imports is either wrapped by hand (its symbol is in a `--wrapped`
object), or listed as agreeing with glibc's, which gives a jump to it, or listed as absent from Android too;
anything else is an error that names the function and the library. Only the standard library and binutils'
readelf are needed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

# bionic's symbols have the first of these versions; what it added in API level 24 (Android N) has the second.
VERSIONS = ("LIBC", "LIBC_N")

# A jump, not a call: the arguments, also variadic ones, stay where they are, and a callee that looks at its
# return address (dlsym) sees the Android library.
# x16 is what AArch64 leaves to such jumps.
JUMPS = {
    "x86_64": "jmp *{name}@GOTPCREL(%rip)",
    "arm64-v8a": "adrp x16, :got:{name}\n\tldr x16, [x16, :got_lo12:{name}]\n\tbr x16",
}


class NotProvided(Exception):
    """What is missing, a line for each symbol."""


@dataclass(frozen=True)
class Symbol:
    name: str
    version: str
    defined: bool
    weak: bool = False


def parse_symbols(readelf: str) -> Iterator[Symbol]:
    """The global symbols in what `readelf --syms --wide` or `--dyn-syms` prints."""
    for line in readelf.splitlines():
        # Num: Value Size Type Bind Vis Ndx Name [(version number)]
        columns = line.split()
        if len(columns) < 8 or columns[4] not in {"GLOBAL", "WEAK"}:
            continue
        name, _, version = columns[7].replace("@@", "@").partition("@")
        yield Symbol(name, version, columns[6] != "UND", columns[4] == "WEAK")


def parse_names(text: str) -> frozenset[str]:
    """The names in agrees.txt or absent.txt: words, with comments from # to the end of the line."""
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())


def choose_forwards(
    imports: Iterable[tuple[str, Symbol]],
    wrapped: frozenset[str],
    agrees: frozenset[str],
    glibc: frozenset[str],
    absent: frozenset[str] = frozenset(),
) -> list[tuple[str, str]]:
    """The names to forward, each with its version, sorted; `imports` are pairs of a library's name and what it needs.

    Raises NotProvided with every symbol that is not provided for.
    """
    forwards: set[tuple[str, str]] = set()
    missing: set[str] = set()
    for library, symbol in imports:
        name = symbol.name
        if symbol.version not in {"", *VERSIONS}:
            missing.add(
                f"{name}: {library} needs its version {symbol.version}, and we provide {' and '.join(VERSIONS)}"
            )
        elif name in wrapped or (symbol.weak and name in absent):
            continue
        elif name not in agrees:
            missing.add(f"{name}: {library} needs it and it is not classified: wrap it, or list it in agrees.txt")
        elif name not in glibc:
            missing.add(f"{name}: {library} needs it, agrees.txt lists it, and this machine's glibc does not have it")
        elif symbol.version:
            # A symbol without a version is found in glibc itself.
            forwards.add((name, symbol.version))
    if missing:
        raise NotProvided("\n".join(sorted(missing)))
    return sorted(forwards)


def render(forwards: Iterable[tuple[str, str]], abi: str) -> str:
    """The forwards as assembler source."""
    functions = [
        f".globl bionic_{name}\n.type bionic_{name}, %function\nbionic_{name}:\n\t{JUMPS[abi].format(name=name)}\n"
        f".symver bionic_{name}, {name}@{version}\n"
        for name, version in forwards
    ]
    return "\n".join([".text\n", *functions, '.section .note.GNU-stack, "", %progbits\n'])


def _read(path: Path, table: str = "--dyn-syms") -> list[Symbol]:
    done = subprocess.run(["readelf", table, "--wide", path], check=True, capture_output=True, text=True)
    return list(parse_symbols(done.stdout))


def _imports(libraries: Iterable[Path]) -> Iterator[tuple[str, Symbol]]:
    """What the libraries need and don't give each other; those in one folder are loaded together."""
    for _, group in groupby(sorted(libraries), key=lambda library: library.parent):
        tables = {library.name: _read(library) for library in group}
        exported = {symbol.name for table in tables.values() for symbol in table if symbol.defined}
        for library, table in tables.items():
            for symbol in table:
                if not symbol.defined and symbol.name not in exported:
                    yield library, symbol


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abi", required=True, choices=JUMPS)
    parser.add_argument("--agrees", required=True, type=Path)
    parser.add_argument("--absent", required=True, type=Path)
    parser.add_argument("--glibc", required=True, type=Path, action="append")
    parser.add_argument("--wrapped", required=True, type=Path, nargs="+")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("libraries", type=Path, nargs="+")
    options = parser.parse_args()

    wrapped = {s.name for path in options.wrapped for s in _read(path, "--syms") if s.defined}
    glibc = {s.name for path in options.glibc for s in _read(path) if s.defined}
    agrees, absent = (parse_names(path.read_text()) for path in (options.agrees, options.absent))
    try:
        forwards = choose_forwards(_imports(options.libraries), frozenset(wrapped), agrees, frozenset(glibc), absent)
    except NotProvided as error:
        sys.exit(f"{parser.prog}: the compatibility layer lacks\n{error}")
    options.output.write_text(render(forwards, options.abi))


if __name__ == "__main__":
    main()
