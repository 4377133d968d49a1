"""Puts words on lines and columns beside each other so that no word is cut or broken. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# A number stays with its unit.
UNITS = re.compile(r"(?<=\d) (?=(?:[kMG]?B|dB|ms|%)(?![\w]))")
JOINED = "\N{NO-BREAK SPACE}"


def wrap(text: str, width: int) -> list[str]:
    """Break a line between words; a word that is longer than `width` after a slash, and anywhere only without one."""
    lines = [""]
    for word in UNITS.sub(JOINED, text).split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _cells(joined) <= width:
            lines[-1] = joined
        else:
            lines += _pieces(word, width)
    lines = lines[1:] if len(lines) > 1 and not lines[0] else lines
    return [_no_command(line.replace(JOINED, " ")) for line in lines]


def _no_command(line: str) -> str:
    """The line, of whose colons one is left where it begins with two: GitHub's runner would take it for a command."""
    return f":{line.lstrip(':')}" if line.startswith("::") else line


def wrap_hanging(text: str, width: int, indent: int) -> list[str]:
    """Break a line like `wrap`, and indent all lines but the first."""
    first, *rest = wrap(text, width)
    if not rest:
        return [first]
    left = text[len(first) :].lstrip(" ")
    return [first, *(" " * indent + line for line in wrap(left, max(width - indent, 1)))]


def wrap_name(name: str, width: int) -> list[str]:
    """Break the name of a variant after its slashes, after the model's first."""
    if _cells(name) <= width or "/" not in name:
        return wrap(name, width)
    model, _, rest = name.partition("/")
    return [*wrap(f"{model}/", width), *wrap(rest, width)]


def least_width(text: str) -> int:
    """The width that the longest word needs, or the longest part of one that has slashes."""
    return max(_cells(part) for word in UNITS.sub(JOINED, text).split(" ") for part in _parts(word))


def natural_width(text: str) -> int:
    """The width of a text that is not broken."""
    return _cells(text)


def fit(least: Sequence[int], preferred: Sequence[int], natural: Sequence[int], width: int) -> tuple[int, ...] | None:
    """The widths of columns that have `width` together; None where not even the longest words of each fit.

    Beyond what it needs at `least`, each column gets what it prefers, the first ones first, and then up to its widest
    line, the last ones first: a name can be broken after its slashes.
    """
    widths = list(least)
    left = width - sum(widths)
    if left < 0:
        return None
    forwards, backwards = range(len(widths)), reversed(range(len(widths)))
    for order, wanted in ((forwards, preferred), (backwards, natural)):
        for index in order:
            more = max(0, min(left, min(wanted[index], natural[index]) - widths[index]))
            widths[index] += more
            left -= more
    return tuple(widths)


def _parts(word: str) -> list[str]:
    """A word with a break after each slash, or pair of them, but not after one that it begins with."""
    return re.split(r"(?<=[^/]/)(?=[^/])|(?<=//)(?=[^/])", word)


def _pieces(word: str, width: int) -> Iterator[str]:
    if _cells(word) <= width:
        yield word
        return
    line = ""
    for part in _parts(word):
        if line and _cells(line + part) > width:
            yield line
            line = ""
        line += part
        while _cells(line) > width:
            taken = _head(line, width)
            yield taken
            line = line[len(taken) :]
    yield line


def _head(text: str, width: int) -> str:
    """As much of the beginning as fits, and one character at the least."""
    for length in range(len(text), 1, -1):
        if _cells(text[:length]) <= width:
            return text[:length]
    return text[:1]


def _cells(text: str) -> int:
    """The columns of a terminal that text takes: some characters take two."""
    from rich.cells import cell_len

    return cell_len(text)
