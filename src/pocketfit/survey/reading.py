"""Reads a repository's Python files into modules, with each import pointed at the file that Python would find."""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pocketfit.survey.code import Code, Definition, Source

if TYPE_CHECKING:
    import griffe

log = logging.getLogger(__name__)

LAYOUT = "src"
# A source file of more is no model's.
FILE_LIMIT_BYTES = 1_000_000


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
    code.sources[name] = Source(path, module, tree, dict(_definitions(tree, "")), dict(_nested(tree, module)), text)


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
    code.sources[source.module.path] = replace(source, nested=nested)


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
