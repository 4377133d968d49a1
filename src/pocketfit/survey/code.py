"""A repository's Python files as griffe reads them, and what names in them stand for. Nothing is imported or run."""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import griffe

    # What a name stands for: something of the repository, or the dotted name of what is not in it.
    Meaning = griffe.Object | str

log = logging.getLogger(__name__)

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# A source file of more is no model's.
FILE_LIMIT_BYTES = 1_000_000
# Far more than any chain of imports has.
MOST_STEPS = 50
LAYOUT = "src"


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


def read_code(root: Path, paths: Sequence[PurePosixPath]) -> Code:
    """Read these files of `root`; one that can't be read is told of in the log, and left out."""
    import griffe

    code = Code(griffe.ModulesCollection())
    # A package before its modules.
    for path in sorted(paths, key=lambda path: (path.parent.parts, path.name != "__init__.py", path.name)):
        try:
            if (root / path).stat().st_size > FILE_LIMIT_BYTES:
                continue
            text = (root / path).read_text("utf-8")
            _add(code, path, text, ast.parse(text))
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            log.info("not looked at: %s (%s)", path, error)
    for source in code.sources.values():
        _point(code, source)
    _expand_wildcards(code)
    return code


def dotted_name(path: PurePosixPath) -> str:
    """A file's name among the modules of the repository, by its place."""
    parts = [part.replace(".", "_") for part in path.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _add(code: Code, path: PurePosixPath, text: str, tree: ast.Module) -> None:
    import griffe

    name = dotted_name(path)
    above, _, last = name.rpartition(".")
    parent = _folder(code, above, path.parent) if above else None
    module = griffe.visit(last, Path(path), text, parent=parent, modules_collection=code.modules)
    if parent is None:
        code.modules.members[last] = module
    else:
        parent.set_member(last, module)
    code.sources[name] = Source(path, module, tree, dict(_definitions(tree, "")), dict(_nested(tree, module)))


def _folder(code: Code, dotted: str, path: PurePosixPath) -> griffe.Module:
    """The module of a folder, which is made where it has no __init__.py."""
    import griffe

    above, _, last = dotted.rpartition(".")
    parent = _folder(code, above, path.parent) if above else None
    members = parent.members if parent else code.modules.members
    if last not in members:
        made = griffe.Module(last, filepath=[Path(path)], parent=parent, modules_collection=code.modules)
        if parent:
            parent.set_member(last, made)
        else:
            members[last] = made
    return members[last]  # type: ignore[return-value]


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield f"{prefix}{child.name}", child
        if isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{prefix}{child.name}.")
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            yield from _definitions(child, prefix)


def _nested(tree: ast.Module, module: griffe.Module) -> Iterator[tuple[str, str]]:
    """What imports inside functions bring in, as absolute names."""
    import griffe

    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for node in ast.walk(function):
            for name in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
                if isinstance(node, ast.ImportFrom):
                    if name.name != "*":
                        yield name.asname or name.name, griffe.relative_to_absolute(node, name, module)
                else:
                    yield (
                        name.asname or name.name.partition(".")[0],
                        (name.name if name.asname else name.name.partition(".")[0]),
                    )


def _point(code: Code, source: Source) -> None:
    """Point a file's imports at the repository's own files, from wherever Python would look for them."""
    import griffe

    for member in source.module.members.values():
        if isinstance(member, griffe.Alias):
            member.target_path = _placed(code, source, member.target_path)
    nested = {name: _placed(code, source, target) for name, target in source.nested.items()}
    code.sources[source.module.path] = Source(source.path, source.module, source.tree, source.definitions, nested)


def _placed(code: Code, source: Source, target: str) -> str:
    """The place of what a file imports, where that is in the repository; else the name as it is."""
    top = target.partition(".")[0]
    if top in sys.stdlib_module_names:
        return target
    if target in code.sources or target.rpartition(".")[0] in code.sources:
        # A relative import, or a file at the root.
        return target
    folder = source.path.parent
    above = [folder, *folder.parents]
    for place in (*above, *(outer / LAYOUT for outer in above)):
        prefix = ".".join(part.replace(".", "_") for part in place.parts)
        if prefix == "":
            known = top in code.modules.members
        else:
            known = f"{prefix}.{top}" in code.sources or any(
                name.startswith(f"{prefix}.{top}.") for name in code.sources
            )
        if known:
            return f"{prefix}.{target}" if prefix else target
    return target


def _expand_wildcards(code: Code) -> None:
    import griffe

    loader = griffe.GriffeLoader(modules_collection=code.modules, allow_inspection=False)
    for module in list(code.modules.members.values()):
        loader.expand_exports(module)
        loader.expand_wildcards(module, external=False)
