"""A repository's Python files as griffe reads them, and what names in them stand for. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import griffe

    # What a name stands for: something of the repository, or the dotted name of what is not in it.
    Meaning = griffe.Object | str

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Far more than any chain of imports has.
MOST_STEPS = 50


@dataclass(frozen=True)
class Source:
    """One Python file: its place in the repository, griffe's module, and its syntax.

    `definitions` are its classes, methods and functions by their dotted names inside the file, `nested` what imports
    inside functions bring in.
    """

    path: PurePosixPath
    module: griffe.Module
    tree: ast.Module
    definitions: Mapping[str, Definition]
    nested: Mapping[str, str]
    text: str = ""

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes that are read."""
        return frozenset(node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))

    @cached_property
    def calls(self) -> tuple[tuple[ast.Call, ast.FunctionDef | ast.AsyncFunctionDef | None], ...]:
        """Every call, with the function around it."""
        found: dict[int, tuple[ast.Call, ast.FunctionDef | ast.AsyncFunctionDef | None]] = {}
        for definition in self.definitions.values():
            if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for node in ast.walk(definition):
                    if isinstance(node, ast.Call):
                        found.setdefault(id(node), (node, definition))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                found.setdefault(id(node), (node, None))
        return tuple(found.values())


@dataclass
class Code:
    """All files that could be read. A module is known by its place: `src.pkg.model` is src/pkg/model.py."""

    modules: griffe.ModulesCollection
    sources: dict[str, Source] = field(default_factory=dict)

    def source_of(self, found: griffe.Object) -> Source:
        return self.sources[found.module.path]

    def definition(self, found: griffe.Object) -> Definition | None:
        """The syntax of a class or function."""
        source = self.sources.get(found.module.path)
        return source.definitions.get(found.path.removeprefix(f"{found.module.path}.")) if source else None

    def follow(self, dotted: str) -> Meaning:
        """What a dotted name stands for, through every import on the way."""
        import griffe

        for _ in range(MOST_STEPS):
            parts = dotted.split(".")
            here: griffe.Object | griffe.Alias | None = self.modules.members.get(parts[0])
            moved = False
            for index, part in enumerate(parts[1:], 1):
                if here is None:
                    return dotted
                here = here.members.get(part)
                if isinstance(here, griffe.Alias):
                    dotted, moved = ".".join((here.target_path, *parts[index + 1 :])), True
                    break
            if not moved:
                return dotted if here is None else here  # type: ignore[return-value]
        return dotted

    def meaning(self, node: ast.AST, source: Source) -> Meaning | None:
        """What a name or a chain of attributes in a file stands for; None where it is neither, or a local variable."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        if node.id in source.module.members:
            first = f"{source.module.path}.{node.id}"
        elif node.id in source.nested:
            first = source.nested[node.id]
        else:
            return None
        return self.follow(".".join((first, *reversed(parts))))
