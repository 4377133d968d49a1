"""Reads bytecode.pkl of a file for the lite interpreter: which operators its methods call, and how. Runs none of it.

The layout is torch/csrc/jit/serialization/export_module.cpp's: (version, method, method, …); a method is its name, a
tuple of named tables, of which `operators` holds (name, overload, number of arguments given), and since version 5 a
tuple with its schema.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.files.saved import BROKEN_ARCHIVE
from pocketfit.runtimes.inert import InertUnpickler
from pocketfit.runtimes.schema import Argument, Overload

LARGEST_BYTES = 50_000_000
# Opcodes of a pickle that torch writes; more would be somebody's attack, not a larger model.
MOST_OPCODES = 5_000_000

# Values that an instruction takes from the stack and puts on it; what depends on the instruction is in _Stack.step.
EFFECTS: Mapping[str, tuple[int, int]] = {
    "DROP": (1, 0), "STORE": (1, 0), "LOAD": (0, 1), "MOVE": (0, 1), "LOADC": (0, 1), "GET_ATTR": (1, 1),
    "SET_ATTR": (2, 0), "DROPR": (0, 0), "CREATE_OBJECT": (0, 1), "ISINSTANCE": (1, 1),
}  # fmt: skip
UNKNOWN = object()
TAKES_COUNTED = ("LIST_CONSTRUCT", "DICT_CONSTRUCT", "TUPLE_CONSTRUCT", "NAMED_TUPLE_CONSTRUCT")


class UnreadableFile(Exception):
    """A file can't be an artifact: why, in one sentence."""


@dataclass(frozen=True)
class TableEntry(Overload):
    """An operator of a method's table. `given` is how many arguments come with each call, where the file says.

    `nones` and `trues` are the positions at which some call surely passes None or True.
    """

    given: int | None = None
    nones: frozenset[int] = frozenset()
    trues: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Bytecode:
    """`methods` are names; `forward` is what that one takes, without self, and None where the file does not say."""

    version: int
    operators: tuple[TableEntry, ...]
    methods: tuple[str, ...] = ()
    forward: tuple[Argument, ...] | None = None


def record(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """A file of the archive by its name below the root folder, or None.

    Raises UnreadableFile where it is damaged, or larger than any exporter writes.
    """
    entry = next((info for info in archive.infolist() if info.filename.partition("/")[2] == name), None)
    if entry is None:
        return None
    try:
        with archive.open(entry) as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except BROKEN_ARCHIVE as error:
        raise UnreadableFile(f"its {name} is damaged: copy or export it again") from error
    if len(content) > LARGEST_BYTES:
        raise UnreadableFile(f"its {name} is larger than {LARGEST_BYTES // 1_000_000} MB: no exporter writes that")
    return content


def open_archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except BROKEN_ARCHIVE as error:
        raise UnreadableFile("it is no zip archive, or a truncated one: copy or export it again") from error


def read_bytecode(path: Path) -> Bytecode | None:
    """None where the archive has no bytecode.pkl; raises UnreadableFile where it is damaged or hostile."""
    with open_archive(path) as archive:
        content = record(archive, "bytecode.pkl")
    if content is None:
        return None
    _check_opcodes(content)
    try:
        version, *methods = InertUnpickler(content).load()
        entries = [entry for method in methods for entry in _method(method)]
        named = {str(method[0]).rpartition(".")[2]: method for method in methods}
        forward = _arguments(named["forward"]) if "forward" in named else None
        return Bytecode(int(version), tuple(dict.fromkeys(entries)), tuple(named), forward)
    except Exception as error:
        # A pickle can raise anything, and none of it means more than that the file is not what an exporter writes.
        raise UnreadableFile("its bytecode.pkl is not what torch writes: export it again") from error


def _check_opcodes(content: bytes) -> None:
    """Refuse what makes an unpickler ask for memory without bounds: memo places far beyond what was memoized."""
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if count > MOST_OPCODES or (opcode.name in ("PUT", "LONG_BINPUT") and int(str(argument)) > count):
                raise UnreadableFile("its bytecode.pkl is not what torch writes: export it again")
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile("its bytecode.pkl is not what torch writes: export it again") from error


def _method(method: tuple[Any, ...]) -> list[TableEntry]:
    tables = dict(method[1])
    operators = [
        (str(entry[0]), str(entry[1]), int(entry[2]) if len(entry) > 2 else None) for entry in tables["operators"]
    ]
    stack = _Stack(tables["constants"], operators)
    stored = Counter(instruction[1] for instruction in tables["instructions"] if instruction[0] == "STORE")
    for code, first, second in tables["instructions"]:
        stack.step(code, int(first), int(second), once=stored[first] == 1)
    return [
        TableEntry(name, overload, given, stack.places(index, None), stack.places(index, True))
        for index, (name, overload, given) in enumerate(operators)
    ]


def _arguments(method: tuple[Any, ...]) -> tuple[Argument, ...] | None:
    """What a method takes after self; a default of None is written like none at all."""
    if len(method) < 3 or not method[2]:
        return None
    _self, *taken = (dict(argument) for argument in dict(method[2])["arguments"])
    return tuple(
        Argument(kind := str(one["type"]), str(one["name"]), one["default_value"] is not None or "Optional" in kind[:8])
        for one in taken
    )


class _Stack:
    """Follows constants None and True through straight code. Where it can't follow it forgets, and never guesses."""

    def __init__(self, constants: Sequence[Any], operators: Sequence[tuple[str, str, int | None]]) -> None:
        self.constants, self.operators = constants, operators
        self.values: list[Any] = []
        self.registers: dict[int, Any] = {}
        self.passed: set[tuple[int, int, Any]] = set()

    def places(self, operator: int, value: bool | None) -> frozenset[int]:
        return frozenset(place for index, place, passed in self.passed if index == operator and passed is value)

    def step(self, code: str, first: int, second: int, *, once: bool) -> None:
        if code == "OP":
            given = self.operators[first][2]
            if given is None:
                self.values.clear()
                return
            taken = self._pop(given)
            self.passed.update((first, place, value) for place, value in enumerate(taken) if value is not UNKNOWN)
            # How many it returns is its schema's affair; calls within an expression return one.
            self.values.append(UNKNOWN)
        elif code in TAKES_COUNTED:
            self._pop(second)
            self.values.append(UNKNOWN)
        elif code == "STOREN":
            self._pop(second)
        elif code in EFFECTS:
            takes, puts = EFFECTS[code]
            taken = self._pop(takes)
            if code == "STORE":
                self.registers[first] = taken[0] if once else UNKNOWN
            self.values += [self._loaded(code, first)] * puts
        else:
            self.values.clear()

    def _loaded(self, code: str, index: int) -> Any:
        if code == "LOADC":
            constant = self.constants[index]
            return constant if constant is None or constant is True else UNKNOWN
        return self.registers.get(index, UNKNOWN) if code in ("LOAD", "MOVE") else UNKNOWN

    def _pop(self, count: int) -> list[Any]:
        known = self.values[max(0, len(self.values) - count) :] if count else []
        del self.values[len(self.values) - len(known) :]
        return [UNKNOWN] * (count - len(known)) + known
