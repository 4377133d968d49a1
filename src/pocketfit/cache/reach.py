"""Which models' code opens no file but its own modules: then no other file of the tree can decide what it becomes.

That is seen from the names in it alone, and only ever granted: whoever loads weights, looks at a folder or makes up a
name as it runs may read anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import all_suffixes
from pathlib import PurePosixPath

from pocketfit.cache.code import doubt_of_model

# Modules that open nothing unless one of the words below is said.
CLOSED_MODULES = frozenset({
    "torch", "torchvision", "numpy", "__future__", "abc", "collections", "copy", "dataclasses", "decimal", "enum",
    "fractions", "functools", "itertools", "math", "numbers", "re", "statistics", "string", "typing",
})  # fmt: skip
# Parts of names of what opens, looks for, names or runs a file.
OPENING = re.compile(
    r"load|read|open|file|path|dir|hub|pickle|packag|librar|import|save|dump|mmap|memmap|txt|exec|eval_|code|compil"
    r"|stat_|_stat$|^stat$|lstat|fstat|glob|scan|walk|size_of|getsize|url|fetch|download|dataset|^data$|inline|extension"
    r"|attrgetter|methodcaller|globals|locals|^vars$|^dir$|breakpoint|^input$|subclass|frame|^c_|^_c|_c$|ctypes|foreign",
    re.IGNORECASE,
)
# Modules of Python's that others hold as attributes.
HELD = frozenset({
    "os", "sys", "io", "builtins", "posix", "shutil", "tempfile", "inspect", "linecache", "socket", "subprocess",
    "threading", "multiprocessing", "logging", "warnings", "zipfile", "json", "csv", "gzip", "platform", "types",
    "weakref", "gc", "site", "sysconfig", "operator", "random", "time", "ops", "classes", "distributed", "utils",
    "weights", "package", "onnx", "jit", "export", "testing", "backends", "version", "config", "ctypeslib", "f2py",
})  # fmt: skip
# Of a module or class what a class has anyway.
DUNDERS = frozenset({
    "__future__", "__init__", "__call__", "__name__", "__all__", "__len__", "__getitem__", "__iter__", "__repr__",
    "__post_init__", "__version__", "__eq__", "__hash__", "__contains__", "__next__", "__enter__", "__exit__",
})  # fmt: skip
# What torch and others import where it is there: a repository's own module of such a name would be run by them.
OPTIONAL = frozenset({
    "accelerate", "av", "apex", "astor", "cffi", "cupy", "dill", "expecttest", "fairscale", "functorch", "hypothesis",
    "IPython", "jax", "librosa", "lintrunner", "matplotlib", "mkl", "ml_dtypes", "networkx", "numba", "nvfuser", "onnx",
    "onnxruntime", "onnxscript", "opt_einsum", "optree", "pandas", "PIL", "psutil", "pyarrow", "pycocotools", "pydot",
    "pytest", "redis", "requests", "scipy", "sitecustomize", "sklearn", "tabulate", "tensorboard", "tensorflow",
    "timm", "torch_xla", "torchaudio", "torchdata", "torchrec", "torchtext", "tqdm", "transformers", "triton",
    "usercustomize", "xformers", "z3", "zstandard",
})  # fmt: skip
# What Python imports, and where a project says that its packages lie.
SUFFIXES = tuple(all_suffixes())
PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


def may_read(sources: Iterable[str], contents: Mapping[str, str], read: Callable[[str], str]) -> str | None:
    """Say why a model's code may read any file of a tree, or None where it opens none but modules.

    `contents` are the tree's (see tree.Listing); the other arguments are those of doubt_of_model.
    """
    sources, files = list(sources), [name for name in contents if name.endswith(SUFFIXES)]
    if found := next((source for source in sources if ":" not in source), None):
        return f"{found} is a saved file"
    if found := next((file for file in files if not contents[file].startswith("file ")), None):
        return f"{found} is a link"
    if found := next((file for file in files if _modules_of(file) & OPTIONAL), None):
        return f"{found} has the name of a package that torch imports"
    return doubt_of_model(sources, files, read, _opens, CLOSED_MODULES)


def _modules_of(file: str) -> set[str]:
    path = PurePosixPath(file)
    return {path.name.partition(".")[0], *path.parent.parts}


def _opens(file: str, tree: ast.AST) -> str | None:
    """The first thing in a file that may open another."""
    for node in ast.walk(tree):
        for name in _names(node):
            is_dunder = name.startswith("__") and name.endswith("__")
            if name in HELD or (name not in DUNDERS if is_dunder else bool(OPENING.search(name))):
                return f"{file} names {name}"
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str() as word), *_]):
                if word in HELD or OPENING.search(word) or word.startswith("_"):
                    return f"{file} names {word}"
            case ast.Name(id="getattr" | "eval" | "exec" | "compile" | "vars" | "dir" | "type"):
                if not _is_plain_call(tree, node):
                    return f"{file} makes up a name as it runs"
    return None


def _is_plain_call(tree: ast.AST, name: ast.Name) -> bool:
    """Whether `getattr` is called with a word, and so is seen above; nothing else may be said of it."""
    if name.id != "getattr":
        return False
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.func is name)
    call = next(calls, None)
    return call is not None and len(call.args) > 1 and isinstance(call.args[1], ast.Constant)


def _names(node: ast.AST) -> Iterator[str]:
    """What a part of the code names; where it makes names of its own, these are its own."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str() as name):
            yield name
        case ast.alias(name=name):
            yield from name.split(".")
        case ast.ImportFrom(module=str() as module):
            yield from module.split(".")


def reached(contents: Mapping[str, str]) -> dict[str, str]:
    """Of a tree's contents what can decide where no file but modules is opened.

    All that Python can import, whether it is or not; the names of all folders and links, by which modules are found;
    and where projects say that packages lie.
    """
    return {
        name: what
        for name, what in contents.items()
        if not what.startswith("file ") or name.endswith(SUFFIXES) or PurePosixPath(name).name in PROJECT_FILES
    }
