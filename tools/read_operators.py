"""Writes which operators, with which schemas, the Android libraries in build/android have: `make operators`.

The running library is asked (running_library.py), and what it says is held against the schemas that stand in the text
of its file, and against what the loader for bytecode lacks. Only x86_64's libraries run here; arm64-v8a's must hold
the same schemas as text.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pocketfit.devices.jvm import FLAGS
from pocketfit.devices.program import here, parse_answer, words
from pocketfit.devices.reason import missing_operators
from pocketfit.process import finish
from pocketfit.records import RuntimeName, SmokeInput
from pocketfit.runtimes.library import AndroidSide, find_android
from pocketfit.runtimes.schema import Schema, parse_schema

DATA = Path(__file__).resolve().parent.parent / "src" / "pocketfit" / "runtimes" / "data"
LIBRARY: Mapping[RuntimeName, str] = {"lite": "libpytorch_jni_lite.so", "full": "libpytorch_jni.so"}
OTHER_ABI = "arm64-v8a"
SCHEMA_TEXT = re.compile(rb"[A-Za-z_][\w:.]*\([^\0\n]*\) *-> *[^\0\n]*")
NAME_TEXT = re.compile(rb"(?<=\0)[a-z_]\w*::\w+(?:\.\w+)?(?=\0)")

# What operators of linear algebra say where LAPACK was not compiled in; elsewhere the sentence isn't in the library.
NO_LAPACK = b": LAPACK library not found in compilation"

# A control: the loader must not lack them.
SURELY_THERE = ("aten::conv2d", "prim::TupleIndex")

# The bits of c10::DynamicType, by which mobile builds name types.
TYPES = {
    1: "Tensor", 4: "bool", 8: "int", 16: "float", 32: "complex", 56: "Scalar", 64: "str", 4096: "Device",
    8192: "Stream", 32768: "Generator", 65536: "Storage", 1048576: "AnyEnumType", 8388608: "int", 4294967295: "Any",
}  # fmt: skip


def read(android: AndroidSide, runtime: RuntimeName) -> dict[str, Any]:
    """Read one runtime's libraries, as the data file describes them."""
    folder = android.libraries(runtime, android.desktop_abi)
    program = Path(__file__).with_name("running_library.py")
    command: list[str | Path] = [sys.executable, program, android.shim, folder, LIBRARY[runtime]]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    schemas = sorted({_render(operator) for operator in answer["schemas"]})
    texts = {
        abi: (android.libraries(runtime, abi) / LIBRARY[runtime]).read_bytes()
        for abi in (android.desktop_abi, OTHER_ABI)
    }
    if runtime == "lite":
        _ask_the_loader(android, texts[android.desktop_abi], schemas)
    unseen = {abi: _not_in_text(schemas, text) for abi, text in texts.items()}
    if unseen[android.desktop_abi] != unseen[OTHER_ABI]:
        raise SystemExit(f"{runtime}: {OTHER_ABI} has other operators than {android.desktop_abi}: {unseen}")
    return {
        "artifact": android.runtimes[runtime].artifact,
        "version": android.runtimes[runtime].version,
        "read_by": "make operators (tools/read_operators.py), in the running x86_64 library",
        "sha256": {abi: hashlib.sha256(text).hexdigest() for abi, text in texts.items()},
        "bytecode_versions": answer["bytecode_versions"],
        "file_versions": answer["file_versions"],
        "has_lapack": NO_LAPACK not in texts[android.desktop_abi],
        "without_text": unseen[OTHER_ABI],
        "schemas": schemas,
    }


def read_kernels(android: AndroidSide) -> dict[str, Any]:
    """Read ExecuTorch's library: it lists by itself what registered in it, so all that is to do is to start it.

    Which nodes its XNNPACK knows is in its text alone: their names, in the order of their numbers.
    """
    library, abi = android.runtimes["executorch"], android.desktop_abi
    folder = android.libraries("executorch", abi)
    command = ["java", *FLAGS, "-cp", android.desktop_classpath("executorch"), "dev.pocketfit.Registered"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    done = finish([*command, str(folder), str(android.shim)], timeout=120, env=environment)
    if done.code:
        raise SystemExit(f"ExecuTorch's library does not start: {done.stdout}{done.stderr}")
    registered = json.loads(done.stdout.splitlines()[-1])
    contents = {
        name: (android.libraries("executorch", name) / "libexecutorch.so").read_bytes() for name in (abi, OTHER_ABI)
    }
    for name, content in contents.items():
        if lacking := [text for text in (*registered["kernels"], *registered["backends"]) if not _holds(content, text)]:
            raise SystemExit(f"{name}: the library's text lacks {', '.join(lacking)}")
    nodes = {name: _xnnpack_nodes(content) for name, content in contents.items()}
    if nodes[abi] != nodes[OTHER_ABI]:
        raise SystemExit(f"{OTHER_ABI}'s XNNPACK knows other nodes than {abi}'s: {nodes}")
    return {
        "artifact": library.artifact,
        "version": library.version,
        "read_by": "make operators (tools/read_operators.py), in the running x86_64 library",
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "identifier": _identifier(contents[abi]),
        "backends": sorted(registered["backends"]),
        "kernels": sorted(registered["kernels"]),
        "xnnpack_nodes": nodes[abi],
    }


def _xnnpack_nodes(content: bytes) -> list[str]:
    """The nodes of the exporter's schema whose names stand in a library: a version adds some at the end.

    The library has a name for each that it can be given, to say so where it fails (EnumNameXNodeUnion).
    """
    schema = files("executorch.backends.xnnpack.serialization").joinpath("schema.fbs").read_text()
    union = re.search(r"^union XNodeUnion \{(.*?)^\}", schema, re.DOTALL | re.MULTILINE)
    if union is None:
        raise SystemExit("the schema of XNNPACK's programs has no XNodeUnion any more")
    names = re.findall(r"^ *(\w+)[^/\n]*,", union[1], re.MULTILINE)
    known = [name for name in names if _holds(content, name)]
    if known != names[: len(known)]:
        raise SystemExit(f"the library lacks nodes between others: {sorted(set(names) - set(known))}")
    return known


def _holds(content: bytes, text: str) -> bool:
    """Whether a name stands in a library; a linker lets one text end another, so it can begin anywhere."""
    return f"{text}\0".encode() in content


def _identifier(content: bytes) -> str:
    """The one of the programs that a library reads, which is compiled into it as a text of its own."""
    found = set(re.findall(rb"(?<=\0)ET[0-9]{2}(?=\0)", content))
    if len(found) != 1:
        raise SystemExit(f"the library has not one identifier of programs, but {sorted(found)}")
    return str(found.pop(), "ascii")


def _render(operator: Mapping[str, Any]) -> str:
    """One schema as text; a default's value is written as `...`, since nobody needs it."""
    canonical = parse_schema(_decode(operator["canonical"]))
    if len(canonical.arguments) != len(operator["arguments"]):
        raise SystemExit(f"{operator['canonical']}: the layout of c10::Argument has changed")
    parts, keyword = [], False
    for declared, argument in zip(canonical.arguments, operator["arguments"], strict=True):
        if argument["keyword"] and not keyword:
            parts.append("*")
            keyword = True
        type_text = declared.type
        if argument["length"] is not None:
            type_text = type_text.replace("[]", f"[{argument['length']}]", 1)
        parts.append(f"{type_text} {argument['name']}" + ("=..." if argument["default"] else ""))
    overload = f".{operator['overload']}" if operator["overload"] else ""
    returned = _decode(operator["canonical"]).rpartition(" -> ")[2]
    return f"{operator['name']}{overload}({', '.join(parts)}) -> {returned}"


def _decode(text: str) -> str:
    """`Dynamic<2147485698>[Dynamic<8>,]` is `int?`."""
    text = re.sub(r"Dynamic<(\d+)>(?!\[[^\]])", lambda found: TYPES.get(int(found[1]), found[0]), text)
    inner = r"((?:[^\[\](),<>]|\[\]|\([^()]*\))*)"
    while True:
        shorter = re.sub(rf"Dynamic<2147485698>\[{inner},\]", r"\1?", text)
        shorter = re.sub(rf"Dynamic<128>\[{inner},\]", r"\1[]", shorter)
        shorter = re.sub(rf"Dynamic<512>\[{inner},{inner},\]", r"Dict(\1, \2)", shorter)
        shorter = re.sub(rf"Dynamic<4194304>\[{inner},\]", r"Future(\1)", shorter)
        shorter = re.sub(
            r"Dynamic<2147483904>\[((?:[^\[\]<>]|\[\])*),\]", lambda found: f"({found[1].replace(',', ', ')})", shorter
        )
        if shorter == text:
            return text
        text = shorter


def _not_in_text(schemas: Iterable[str], library: bytes) -> list[str]:
    """The operators for which no text in the library has the same arguments with the same defaults."""
    texts: dict[str, set[str]] = defaultdict(set)
    for found in SCHEMA_TEXT.finditer(library):
        text = found.group().decode(errors="replace")
        # A linker lets one text end another, so a name can begin anywhere.
        for start in range(text.index("(")):
            texts[text[start : text.index("(")]].add(text[start:])
    missing = []
    for line in schemas:
        schema = parse_schema(line)
        namespace, _, short = schema.full_name.partition("::")
        same = texts.get(schema.full_name, set()) | {f"{namespace}::{text}" for text in texts.get(short, ())}
        if not any(_agrees(schema, text) for text in same):
            missing.append(schema.full_name)
    return missing


def _agrees(schema: Schema, text: str) -> bool:
    try:
        other = parse_schema(text)
    except ValueError:
        return False
    shape = [[(one.name, one.has_default, one.keyword_only) for one in it.arguments] for it in (schema, other)]
    return shape[0] == shape[1]


def _ask_the_loader(android: AndroidSide, library: bytes, schemas: Iterable[str]) -> None:
    """The interpreter for bytecode has a table of its own besides, of which nothing but its answers can be seen.

    It is asked about every name in the library's text and every operator of the torch that exports.
    """
    import torch

    known = {parse_schema(line).full_name for line in schemas}
    in_text = {found.group().decode() for found in NAME_TEXT.finditer(library)}
    of_torch = {f"{one.name}.{one.overload_name}".rstrip(".") for one in torch._C._jit_get_all_schemas()}
    names = [*SURELY_THERE, *sorted((in_text | of_torch) - known)]
    has = [name for name, missing in zip(names, _missing(android, names), strict=True) if not missing]
    if has != list(SURELY_THERE):
        raise SystemExit(f"the loader for bytecode also has {', '.join(has)}, of which the library says nothing")


def _missing(android: AndroidSide, names: Sequence[str]) -> list[bool]:
    """Whether the loader for bytecode says that it lacks an operator: it stops at the first, so each gets a file."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-operators-") as folder:
        files = [Path(folder) / f"{index}.ptl" for index in range(len(names))]
        for path, name in zip(files, names, strict=True):
            with zipfile.ZipFile(path, "w") as archive:
                for record, content in _records(name).items():
                    archive.writestr(f"{path.stem}/{record}", content)
        arguments = words(
            [SmokeInput("lite", path, (), Path(folder)) for path in files],
            here,
            runtime="lite",
            threads=1,
            libraries=str(android.libraries("lite", android.desktop_abi)),
            shim=str(android.shim),
        )
        command = ["java", *FLAGS, "-cp", android.desktop_classpath("lite"), "dev.pocketfit.Desktop", *arguments]
        done = finish(command, timeout=120, cwd=Path(folder), env={**os.environ, "LC_ALL": "C.UTF-8"})
    answer = parse_answer(done.stdout, artifacts=len(names))
    if answer is None or answer.error:
        raise SystemExit(f"the loader gave no answer: {answer or done.stdout + done.stderr}")
    return [bool(one.error and missing_operators(one.error.message)) for one in answer.artifacts]


def _records(name: str) -> dict[str, bytes]:
    """A file for the loader whose one method returns None, and has an operator of this name in its table."""
    operator, _, overload = name.partition(".")
    code = (
        ("instructions", (("LOADC", 0, 0), ("RET", 0, 0))),
        ("operators", ((operator, overload),)),
        ("constants", (None,)),
        ("types", ()),
        ("register_size", 1),
    )
    return {
        "version": b"3\n",
        "data.pkl": b"\x80\x02c__torch__\nNames\n)\x81}b.",
        "constants.pkl": pickle.dumps((), 2),
        "bytecode.pkl": pickle.dumps((4, ("__torch__.Names.forward", code)), 2),
    }


def main() -> None:
    android = find_android()
    DATA.mkdir(parents=True, exist_ok=True)
    sides = [(android, runtime) for runtime in android.runtimes]
    sides += [(older, "executorch") for version in android.older if (older := android.at(version))]
    for side, runtime in sides:
        data = read_kernels(side) if runtime == "executorch" else read(side, runtime)
        library = side.runtimes[runtime]
        path = DATA / f"{library.artifact}-{library.version}.json"
        path.write_text(json.dumps(data, indent=0) + "\n")
        print(f"{path.name}: {len(data.get('schemas') or data['kernels'])} operators")


if __name__ == "__main__":
    main()
