"""Lists the operators that files ask of their runtime, as the runtimes' own selective builds take them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pocketfit.records import Built, Outcome
from pocketfit.text import clean

FILE = "selected_operators.{}.yaml"
# Names come from models' processes, and a build script reads them.
NAME = re.compile(r"[A-Za-z_]\w*::\w+(\.\w+)?", re.ASCII)
# The option that takes the list, and how a line of it is written.
TAKEN_BY = {
    "lite": ("SELECTED_OP_LIST of PyTorch's scripts/build_pytorch_android.sh", "- {}"),
    "torchscript": ("SELECTED_OP_LIST of PyTorch's scripts/build_pytorch_android.sh, BUILD_LITE_INTERPRETER=0", "- {}"),
    "executorch": ("EXECUTORCH_SELECT_OPS_YAML of ExecuTorch's CMake", "- op: {}"),
}


def selections(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Give each format's list, by the name of its file: what all of its files need, since one runtime runs them.

    There is none for a format of which one file's operators are not known: a build without them would not run it.
    """
    built: dict[str, list[Built]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Built) and outcome.variant.format in TAKEN_BY:
            built.setdefault(outcome.variant.format, []).append(outcome)
    return {FILE.format(name): _text(name, files) for name, files in built.items() if all(map(_is_known, files))}


def _is_known(built: Built) -> bool:
    names = built.export.root_operators
    return names is not None and all(NAME.fullmatch(name) for name in names)


def _text(format_name: str, files: list[Built]) -> str:
    option, line = TAKEN_BY[format_name]
    names = sorted({name for built in files for name in built.export.root_operators or ()})
    return "\n".join(
        [
            "# What a runtime must have to run these files, for a smaller build of it (docs/app-size.md of Pocketfit).",
            f"# {option} takes it.",
            *(f"# {clean(str(built.variant))}" for built in files),
            *([line.format(name) for name in names] or ["[]"]),
            "",
        ]
    )
