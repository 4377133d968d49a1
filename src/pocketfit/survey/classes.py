"""Which classes of a repository are modules, and where their methods are, through bases in other files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pocketfit.survey.code import Code
from pocketfit.survey.libraries import BASES, LOSS, PART, TARGETS, is_module_class
from pocketfit.survey.values import parameters

if TYPE_CHECKING:
    import griffe

# What an abstract base or a module that only others call has not.
FORWARD = "forward"


def bases_of(code: Code, found: griffe.Class) -> Iterator[griffe.Class | str]:
    """The direct bases: classes of the repository, and the dotted names of others."""
    import griffe

    definition, source = code.definition(found), code.source_of(found)
    for node in definition.bases if isinstance(definition, ast.ClassDef) else ():
        base = node.value if isinstance(node, ast.Subscript) else node
        meaning = code.meaning(base, source)
        if isinstance(meaning, (griffe.Class, str)):
            yield meaning
        elif isinstance(base, ast.Name) and base.id in BASES:
            # From a wildcard import of what is not here.
            yield f"torch.nn.{base.id}"


def lineage(code: Code, found: griffe.Class) -> tuple[list[griffe.Class], list[str]]:
    """The class and its bases, nearest first: those of the repository, and the dotted names of others."""
    import griffe

    classes: list[griffe.Class] = []
    others: list[str] = []
    waiting: list[griffe.Class | str] = [found]
    while waiting:
        first = waiting.pop(0)
        if isinstance(first, griffe.Class):
            if first not in classes:
                classes.append(first)
                waiting += bases_of(code, first)
        else:
            others.append(first)
    return classes, others


def method_of(code: Code, found: griffe.Class, name: str) -> tuple[griffe.Class, ast.FunctionDef] | None:
    """A method by its name, with the class of the repository that defines it."""
    for owner in lineage(code, found)[0]:
        definition = code.definition(owner)
        for part in definition.body if definition else ():
            if isinstance(part, ast.FunctionDef) and part.name == name:
                return owner, part
    return None


def constructor(code: Code, found: griffe.Class) -> tuple[griffe.Class, ast.FunctionDef] | None:
    """The __init__ of a class, where that is the repository's."""
    return method_of(code, found, "__init__")


def is_module(code: Code, found: griffe.Class) -> bool:
    """Whether it is a module by its bases; one with a base that nobody knows is, where it has a forward."""
    classes, others = lineage(code, found)
    if any(map(is_module_class, others)):
        return True
    unknown = [name for name in others if name.partition(".")[0] not in ("torch", "abc", "typing", "enum")]
    return bool(unknown) and method_of(code, found, FORWARD) is not None and _has_layers(code, classes)


def _has_layers(code: Code, classes: list[griffe.Class]) -> bool:
    """Whether a method makes a layer of torch's."""
    for found in classes:
        definition, source = code.definition(found), code.source_of(found)
        for node in ast.walk(definition) if definition else ():
            if isinstance(node, ast.Call):
                meaning = code.meaning(node.func, source)
                if isinstance(meaning, str) and is_module_class(meaning):
                    return True
    return False


def can_run(code: Code, found: griffe.Class) -> bool:
    """Whether it has a forward, of its own or by a class of a library that has one."""
    if method_of(code, found, FORWARD):
        return True
    return any(
        is_module_class(name) and name.rpartition(".")[2] not in BASES - {"Sequential"}
        for name in lineage(code, found)[1]
    )


def is_loss_class(code: Code, found: griffe.Class) -> bool:
    """Whether it takes what is right beside what was computed, or is called a loss."""
    if LOSS.search(found.name) or any(LOSS.search(name) for name in lineage(code, found)[1]):
        return True
    forward = method_of(code, found, FORWARD)
    needed = [name for name, default in parameters(forward[1]) if default is None] if forward else []
    return bool(TARGETS & set(needed[2:]))


def is_named_like_a_part(found: griffe.Class) -> bool:
    return found.name.startswith("_") or PART.search(found.name) is not None
