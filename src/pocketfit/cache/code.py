"""Reads a model's code for what could make it answer otherwise the next time, though nothing that it reads changed.

Whoever draws from the system's entropy or asks the clock says so in a name: such a model is believed only when it came
out twice alike. Names that code makes up as it runs are not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

# What code names that looks at more than its inputs and files: entropy, clocks, the process, the order of folders,
# times of files, other programs, and code that is made as it runs.
UNSTEADY = frozenset({
    "random", "urandom", "getrandom", "secrets", "uuid", "uuid1", "uuid4", "SystemRandom", "default_rng", "seed",
    "time", "time_ns", "datetime", "date", "today", "now", "utcnow", "perf_counter", "perf_counter_ns", "monotonic",
    "monotonic_ns", "process_time", "clock", "clock_gettime", "times", "getpid", "getppid", "gettempdir", "mkdtemp",
    "psutil", "gethostname", "uname", "subprocess", "system", "popen", "Popen", "fork", "spawn", "ctypes",
    "threading", "multiprocessing", "listdir", "scandir", "iterdir", "glob", "rglob", "walk", "stat", "lstat", "fstat",
    "getmtime", "getctime", "getatime", "st_mtime", "st_ctime", "st_atime", "st_ino", "__import__", "importlib",
    "import_module", "runpy", "pkgutil", "cpp_extension", "load_inline", "virtual_memory",
})  # fmt: skip
# What is unsteady where it stands alone: a model has methods of such names too.
UNSTEADY_ALONE = frozenset({"eval", "exec", "compile", "id", "globals", "open_code"})
# Modules whose answers follow from what they are given. torch draws from a seed that is always the same.
STEADY_MODULES = frozenset({
    "torch", "torchvision", "numpy", "executorch", "torchao", "__future__", "abc", "argparse", "array", "ast", "base64",
    "bisect", "collections", "contextlib", "copy", "csv", "dataclasses", "decimal", "enum", "fractions", "functools",
    "gzip", "hashlib", "heapq", "inspect", "io", "itertools", "json", "logging", "math", "numbers", "operator", "os",
    "pathlib", "re", "statistics", "string", "struct", "sys", "textwrap", "tomllib", "types", "typing", "unicodedata",
    "warnings", "zipfile", "zlib",
})  # fmt: skip
# Files that are called as their folder is.
ENTRIES = ("__init__", "__main__")


Rule = Callable[[str, ast.AST], str | None]


def doubt_of_model(
    sources: Iterable[str],
    files: Iterable[str],
    read: Callable[[str], str],
    rule: Rule | None = None,
    modules: frozenset[str] = STEADY_MODULES,
) -> str | None:
    """Say why a model may come out otherwise the next time, or None.

    `sources` are what its configuration names (`file.py:callable`, `module:callable`, a saved file), `files` the paths
    of the repository's Python files, and `read` gives the text of one. Code is followed through its imports. `rule`
    says what is wrong with a file, and `modules` are those of others that may be imported.
    """
    rule = rule or _doubt
    by_name = _by_name(files)
    waiting, done = [], set[str]()
    for source in sources:
        place, callable_, _ = source.partition(":")
        if not callable_:
            continue
        is_file = place.endswith(".py")
        # The packages that a file lies in are imported with it.
        found = (
            [place, *_own(PurePosixPath(place).parent.parts, by_name)] if is_file else _own(place.split("."), by_name)
        )
        if not found and place.partition(".")[0] not in modules:
            return f"{place} is no file of the repository"
        waiting += found
    while waiting:
        file = waiting.pop()
        if file in done:
            continue
        done.add(file)
        try:
            tree = ast.parse(read(file))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            return f"{file} can't be read"
        if doubt := rule(file, tree):
            return doubt
        for words in _imports(tree):
            own = _own(words, by_name)
            if words[0] not in modules and not own:
                return f"{file} imports {words[0]}"
            waiting += own
    return None


def _by_name(files: Iterable[str]) -> Mapping[str, list[str]]:
    """The repository's Python files by the last word of their modules' names."""
    found: dict[str, list[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        if path.suffix == ".py":
            found.setdefault(path.parent.name if path.stem in ENTRIES else path.stem, []).append(file)
    return found


def _own(words: Iterable[str], by_name: Mapping[str, list[str]]) -> list[str]:
    """All files that one of these words may mean, wherever they lie: too many rather than too few."""
    return [file for word in words for file in by_name.get(word, ())]


def _doubt(file: str, tree: ast.AST) -> str | None:
    """The first name in a file that is unsteady."""
    for node in ast.walk(tree):
        names: tuple[str, ...] = ()
        match node:
            case ast.Name(id=name) if name in UNSTEADY_ALONE:
                return f"{file} names {name}"
            case ast.Name(id=name) | ast.Attribute(attr=name):
                names = (name,)
            case ast.alias(name=name):
                names = tuple(name.split("."))
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str() as word), *_]):
                names = (word,)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, made, *_]) if not isinstance(made, ast.Name):
                return f"{file} makes up a name as it runs"
        if found := next((name for name in names if name in UNSTEADY), None):
            return f"{file} names {found}"
    return None


def _imports(tree: ast.AST) -> Iterator[list[str]]:
    """The words of each import: those of the module, and the names taken from it, which may be modules too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.split(".") for alias in names)
            case ast.ImportFrom(module=module, names=names, level=0) if module:
                yield [*module.split("."), *(alias.name for alias in names)]
            case ast.ImportFrom(module=module, names=names):
                # Of its own package: whatever is not found there is a name of a module that is.
                yield ["__future__", *(module or "").split("."), *(alias.name for alias in names)]
