"""Asks a PyTorch library that is loaded in this process what operators it has. Started by read_operators.py.

`python running_library.py SHIM FOLDER NAME` loads the compatibility layer and Android's library, x86_64's, as the
device `jvm` does, calls C++ functions that the library exports, and prints what they say as one JSON object. Values of
C++ types are read where libc++ keeps them, and each is checked: a schema begins with its operator's name, an argument
with an identifier. read_operators.py compares the result with the schemas that stand in the library's text.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAYER = ("libc.so", "libm.so", "libdl.so", "liblog.so", "libandroid.so")
LONGEST_STRING_BYTES = 100_000
# Whole names only: the bytes of a pointer can hold `::`, which they did once in some hundred runs.
NAME, OVERLOAD = re.compile(r"[A-Za-z_]\w*::\w+", re.ASCII), re.compile(r"\w*", re.ASCII)

SINGLETON = "_ZN3c1010Dispatcher13realSingletonEv"
ALL_NAMES = "_ZN3c1010Dispatcher13getAllOpNamesEv"
FIND_SCHEMA = "_ZN3c1010Dispatcher10findSchemaERKNS_12OperatorNameE"
ALL_OPERATORS = "_ZN5torch3jit15getAllOperatorsEv"
CANONICAL = "_ZN5torch3jit21canonicalSchemaStringERKN3c1014FunctionSchemaE"
BYTECODE_VERSIONS = "_ZN5torch3jit38_get_runtime_bytecode_min_max_versionsEv"
FILE_VERSIONS = "_ZN5torch3jit39_get_runtime_operators_min_max_versionsEv"

# libc++ on a 64-bit little-endian machine.
POINTER = 8
STRING = 24
OPERATOR_NAME = 2 * STRING
SHARED_POINTER = 16
# c10::Argument of 1.12 and 1.13: name, type twice, optional length, optional default, alias, then flags.
ARGUMENT, LENGTH, DEFAULT, KEYWORD = 104, 56, 64, 96
# A schema stands within this many bytes of the object that owns it.
SEARCHED_BYTES = 256

Name = tuple[str, str]


class _Versions(ctypes.Structure):
    _fields_ = (("low", ctypes.c_uint64), ("high", ctypes.c_uint64))


class Memory:
    """This process's memory, read so that a wrong address is an empty answer and not a crash."""

    def __init__(self) -> None:
        self.file = os.open("/proc/self/mem", os.O_RDONLY)

    def read(self, address: int, size_bytes: int) -> bytes:
        try:
            return os.pread(self.file, size_bytes, address)
        except (OSError, OverflowError):
            return b""

    def pointer(self, address: int) -> int:
        return int.from_bytes(self.read(address, POINTER), "little")

    def string(self, address: int) -> str | None:
        """A std::string of libc++: 22 bytes inline, or capacity (odd), size and pointer."""
        raw = self.read(address, STRING)
        if len(raw) < STRING:
            return None
        if raw[0] & 1:
            size_bytes = int.from_bytes(raw[8:16], "little")
            if size_bytes > LONGEST_STRING_BYTES:
                return None
            text = self.read(int.from_bytes(raw[16:24], "little"), size_bytes)
        else:
            size_bytes = raw[0] >> 1
            text = raw[1 : 1 + size_bytes]
        return text.decode("ascii", errors="replace") if len(text) == size_bytes else None

    def name(self, address: int) -> Name | None:
        """An OperatorName: `ns::name` and the overload's."""
        name, overload = self.string(address), self.string(address + STRING)
        if name is None or overload is None or not NAME.fullmatch(name) or not OVERLOAD.fullmatch(overload):
            return None
        return name, overload


class RunningLibrary:
    def __init__(self, shim: Path, folder: Path, name: str) -> None:
        for layer in LAYER:
            ctypes.CDLL(str(shim / layer), os.RTLD_NOW | os.RTLD_GLOBAL)
        for library in ("libc++_shared.so", "libfbjni.so", name):
            self.library = ctypes.CDLL(str(folder / library), os.RTLD_NOW | os.RTLD_GLOBAL | os.RTLD_DEEPBIND)
        self.memory = Memory()
        self.buffers: list[ctypes.Array[ctypes.c_char]] = []

    def call(self, symbol: str, *arguments: int) -> int:
        function = ctypes.CFUNCTYPE(ctypes.c_void_p, *[ctypes.c_void_p] * len(arguments))((symbol, self.library))
        return function(*arguments) or 0

    def returned(self, symbol: str, *arguments: int) -> int:
        """Where the object is that a function returns by value; the process ends before it need be freed."""
        buffer = ctypes.create_string_buffer(64)
        self.buffers.append(buffer)
        self.call(symbol, ctypes.addressof(buffer), *arguments)
        return ctypes.addressof(buffer)

    def elements(self, vector: int, size_bytes: int) -> range:
        return range(self.memory.pointer(vector), self.memory.pointer(vector + POINTER), size_bytes)

    def versions(self, symbol: str) -> tuple[int, int]:
        pair = ctypes.CFUNCTYPE(_Versions)((symbol, self.library))()
        return pair.low, pair.high

    def schemas(self) -> Iterator[dict[str, Any]]:
        """Every operator with a schema: the dispatcher's, then the interpreter's own."""
        dispatcher = self.call(SINGLETON)
        for address in self.elements(self.returned(ALL_NAMES, dispatcher), OPERATOR_NAME):
            name = self.memory.name(address)
            handle = self.returned(FIND_SCHEMA, dispatcher, address)
            # An optional: its flag, then the handle. What has no schema can't be called by a model.
            if name and self.memory.read(handle, 1) == b"\1":
                # The entry begins with the name alone; the schema comes after it, and begins with the name again.
                yield self._schema(name, self.memory.pointer(handle + POINTER) + OPERATOR_NAME)
        for address in self.elements(self.returned(ALL_OPERATORS), SHARED_POINTER):
            operator = self.memory.pointer(address)
            # An operator of the interpreter begins with its schema; the dispatcher's came above.
            if name := self.memory.name(operator):
                yield self._schema(name, operator)

    def _schema(self, name: Name, start: int) -> dict[str, Any]:
        places = (at for at in range(start, start + SEARCHED_BYTES, POINTER) if self.memory.name(at) == name)
        place = next(places, None)
        if place is None:
            raise SystemExit(f"the schema of {name} is not where 1.12 and 1.13 have it: the layout has changed")
        arguments = [self._argument(at) for at in self.elements(place + OPERATOR_NAME, ARGUMENT)]
        canonical = self.memory.string(self.returned(CANONICAL, place))
        return {"name": name[0], "overload": name[1], "canonical": canonical, "arguments": arguments}

    def _argument(self, address: int) -> dict[str, Any]:
        name = self.memory.string(address)
        if name is None or (name and not name.isidentifier()):
            raise SystemExit(f"no argument at {address:#x}: the layout of c10::Argument has changed")
        raw = self.memory.read(address, ARGUMENT)
        length = int.from_bytes(raw[LENGTH + 4 : LENGTH + 8], "little") if raw[LENGTH] else None
        return {"name": name, "length": length, "default": bool(raw[DEFAULT]), "keyword": bool(raw[KEYWORD])}


def main(shim: str, folder: str, name: str) -> None:
    library = RunningLibrary(Path(shim), Path(folder), name)
    print(
        json.dumps(
            {
                "bytecode_versions": library.versions(BYTECODE_VERSIONS),
                "file_versions": library.versions(FILE_VERSIONS),
                "schemas": list(library.schemas()),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # Its threads and its destructors are Android's.
    os._exit(0)
