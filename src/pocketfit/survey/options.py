"""The defaults of a script's command-line options."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pocketfit.survey.code import Source

# Stands for a value that can't be known.
UNKNOWN = object()
# What a flag that stores no value has before anybody gives it.
FLAGS = {"store_true": False, "store_false": True}


def options_of(source: Source) -> dict[str, Any]:
    """The defaults of a script's command-line options, by the names that its code reads; argparse and click."""
    return _options(source.tree)


@lru_cache(maxsize=10_000)
def _options(tree: ast.Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _called(call) not in ("add_argument", "option", "argument"):
            continue
        words = [word.value for word in call.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        if not words:
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name = given.get("dest")
        long = next((word for word in words if word.startswith("--")), words[0])
        dest = name.value if isinstance(name, ast.Constant) else long.lstrip("-").replace("-", "_")
        value = _default(given, long.startswith("-"))
        if value is not UNKNOWN:
            found[str(dest)] = value
    return found


def _default(given: Mapping[str | None, ast.expr], optional: bool) -> Any:
    for key in ("default", "choices"):
        try:
            value = ast.literal_eval(given[key])
        except (KeyError, ValueError):
            continue
        if key == "default":
            return value
        return next(iter(value), UNKNOWN) if isinstance(value, (list, tuple)) else UNKNOWN
    action = given.get("action")
    if isinstance(action, ast.Constant):
        return FLAGS.get(str(action.value), UNKNOWN)
    # As argparse has it, unless a default is there that is not known.
    return UNKNOWN if "default" in given or not optional else None


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))
