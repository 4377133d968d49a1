"""A key: the hash of all that determines a result, and what is said of its parts (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pocketfit.cache.tree import digest_of
from pocketfit.text import clean

SHOWN = 12
MOST_NAMES = 10


@dataclass(frozen=True)
class Looked:
    """A look into the cache: the name of what was looked for, the parts of its key, and what came of it.

    `before` are the parts when this was looked for last, None where it never was; `changed` are names of files.
    """

    name: str
    parts: Mapping[str, str]
    outcome: str
    before: Mapping[str, str] | None = None
    changed: Sequence[str] = ()


def key_of(parts: Mapping[str, str]) -> str:
    return digest_of(parts)


def changed_names(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names that are new, gone or other than they were."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def explain(looks: Iterable[Looked]) -> list[str]:
    """Say of each look what went into its key, and what of it changed since the last one."""
    lines = []
    for look in looks:
        lines.append(f"{look.name}: {look.outcome}")
        lines += [f"  key {key_of(look.parts)[:SHOWN]}"] if look.parts else []
        for part, value in look.parts.items():
            lines.append(f"    {part}: {_short(value)}{_since(look, part)}")
    return [_indented(line) for line in lines]


def _indented(line: str) -> str:
    """Cleaned, with the spaces that it begins with."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + clean(text)


def _short(value: str) -> str:
    return value[:SHOWN] if re.fullmatch(r"[0-9a-f]{64}", value) else value


def _since(look: Looked, part: str) -> str:
    """What became of a part since the last look."""
    if look.before is None or look.before.get(part) == look.parts[part]:
        return ""
    if part not in look.before:
        return " (new)"
    if part != "tree" or not look.changed:
        return " (changed)"
    more = f" and {len(look.changed) - MOST_NAMES} more" if len(look.changed) > MOST_NAMES else ""
    return f" (changed: {', '.join(look.changed[:MOST_NAMES])}{more})"
