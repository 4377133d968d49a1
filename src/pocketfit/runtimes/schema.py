"""Operator schemas as text, `aten::add.Tensor(Tensor self, *, Scalar alpha=1) -> Tensor`, read without torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = re.compile(r"^(\w+::\w+)(?:\.(\w+))?\((.*)\)\s*->\s*(.*)$", re.DOTALL)
# `Tensor(a!)`, `Tensor(b -> *)`: what an argument aliases says nothing about what can be passed.
_ALIAS = re.compile(r"\((?:[a-z*]\S*?!?|[a-z]!? ?-> ?[^()]*)\)")


@dataclass(frozen=True)
class Argument:
    """`type` is TorchScript's own name for it, without lengths and aliases: `int[]`, `Tensor?`.

    `spreads` where a length stands in the schema: a single value is then taken for a list of that many.
    """

    type: str
    name: str
    has_default: bool = False
    keyword_only: bool = False
    spreads: bool = False


@dataclass(frozen=True)
class Overload:
    """One of the operators of a `name`, which has its namespace: `aten::add`, and `Tensor` or ""."""

    name: str
    overload: str

    @property
    def full_name(self) -> str:
        """Both as torch writes them: `aten::add.Tensor`."""
        return f"{self.name}.{self.overload}" if self.overload else self.name


@dataclass(frozen=True)
class Schema(Overload):
    """An operator and its arguments; `returns` are types, and with `takes_more` it takes any others after them."""

    arguments: tuple[Argument, ...]
    returns: tuple[str, ...]
    takes_more: bool = False


def parse_schema(text: str) -> Schema:
    """Raises ValueError where the text is no schema."""
    match = _HEAD.match(text)
    if not match:
        raise ValueError(f"{text!r} is no operator schema")
    name, overload, taken, back = match.groups()
    keyword_only, takes_more, arguments = False, False, []
    for part in split_at_commas(taken):
        if part == "*":
            keyword_only = True
        elif part == "...":
            takes_more = True
        else:
            arguments.append(_argument(part, keyword_only))
    returned = back.strip()
    inner = returned[1:-1] if returned.startswith("(") and returned.endswith(")") else returned
    returns = tuple(_argument(part, False).type for part in split_at_commas(inner) if part != "...")
    return Schema(name, overload or "", tuple(arguments), returns, takes_more)


def _argument(text: str, keyword_only: bool) -> Argument:
    declared, equals, _ = _ALIAS.sub("", text).partition("=")
    type_text, _, name = declared.strip().rpartition(" ")
    if not type_text:
        type_text, name = name, ""
    plain = re.sub(r"\[\d+\]", "[]", type_text.strip())
    return Argument(plain, name.strip(), bool(equals), keyword_only, spreads=plain != type_text.strip())


def split_at_commas(text: str) -> Iterator[str]:
    """At commas that stand in no brackets and no quotes."""
    depth, quoted, start = 0, False, 0
    for index, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += letter in "([{"
            depth -= letter in ")]}"
            if letter == "," and depth == 0:
                yield text[start:index].strip()
                start = index + 1
    if rest := text[start:].strip():
        yield rest
