"""The packages that a model's own code imports, through all files of the repository that it imports in turn."""

from __future__ import annotations

import sys

from pocketfit.survey.code import Code, Source

# What comes with Pocketfit: torch's own, and what it needs itself.
BROUGHT = frozenset({
    "torch", "torchvision", "torchao", "executorch", "functorch", "numpy", "PIL", "scipy", "pydantic",
    "typing_extensions", "networkx", "sympy", "fsspec", "filelock", "jinja2", "requests", "rich", "setuptools",
    "pkg_resources",
})  # fmt: skip


def imported_by(code: Code, source: Source) -> tuple[str, ...]:
    """The packages of others that a file needs to be imported, by the names that they are imported by, sorted."""
    seen: set[str] = set()
    waiting = [source.module.path]
    packages: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        # A package's own file runs before any of its modules.
        waiting += [above for above in _above(name) if above in code.sources]
        for target in _imports(code.sources[name]):
            inside = next((each for each in (target, *_above(target)) if each in code.sources), None)
            if inside is not None:
                waiting.append(inside)
            else:
                packages.add(target.partition(".")[0])
    top_level = {name.partition(".")[0] for name in code.sources}
    return tuple(sorted(packages - BROUGHT - sys.stdlib_module_names - top_level))


def _imports(source: Source) -> list[str]:
    import griffe

    return [member.target_path for member in source.module.members.values() if isinstance(member, griffe.Alias)]


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
