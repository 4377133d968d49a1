from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.builder import Rules
from pocketfit.exporter.tensors import ModelProblem, no_forward
from pocketfit.exporter.torchscript import recipe
from pocketfit.exporter.torchscript.archive import drop_debug_files
from pocketfit.runtimes.bytecode import read_bytecode
from pocketfit.runtimes.compatibility import Problem, check_bytecode, lite_refusal
from pocketfit.runtimes.operators import OperatorList

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder, Check, Layers, Optimized
    from pocketfit.exporter.tensors import Inputs
    from pocketfit.runtimes.schema import Argument


def _check(path: Path, _module: Any, runtime: OperatorList, layers: Layers) -> tuple[Problem | str, ...]:
    code = read_bytecode(path)
    if code is None:
        return ("it has no bytecode.pkl: save it with _save_for_lite_interpreter, or load it with the full runtime",)
    return check_bytecode(code, runtime, layers)


class Lite:
    """.ptl for org.pytorch:pytorch_android_lite, which interprets bytecode."""

    name = "lite"
    rules: Rules | None = Rules(lite_refusal, _check)

    def unfit(self) -> str | None:
        return recipe.unfit()

    def optimize(self, order: BuildOrder, check: Check) -> Optimized:
        return recipe.optimize(order, check)

    def save(self, optimized: Optimized, path: Path) -> int:
        # A save that raises leaves a broken file of full size behind: it stays in the temporary folder.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            whole = Path(folder) / path.name
            try:
                optimized.module._save_for_lite_interpreter(str(whole))
            except RuntimeError as error:
                raise _not_saved(error) from error
            return drop_debug_files(whole, path)

    def load(self, path: Path) -> Callable[..., Any]:
        from torch.jit.mobile import _load_for_lite_interpreter

        try:
            return _load_for_lite_interpreter(str(path))  # type: ignore[no-any-return]
        except RuntimeError as error:
            raise _not_loaded(error) from error

    def root_operators(self, module: Any) -> tuple[str, ...]:
        return recipe.root_operators(module)

    def operator_times(self, path: Path, inputs: Inputs, enter: Callable[[str], None]) -> None:
        """Give none: neither runtime tells them."""

    def arguments(self, path: Path) -> tuple[Argument, ...] | None:
        code = read_bytecode(path)
        if code and "forward" not in code.methods:
            raise no_forward(code.methods)
        return code.forward if code else None


def _not_saved(error: RuntimeError) -> Exception:
    """What scripts may hold and the lite interpreter does not take; torch's error of a class takes four sentences."""
    if "ENTER is not supported" in str(error):
        return ModelProblem(
            "the lite interpreter has no `with` statement, and the script has one: write forward without it, or set "
            'how = "trace"'
        )
    of_class = re.search(r"The problematic type is: __torch__\.([\w.]+)", str(error))
    if of_class is None:
        return error
    return ModelProblem(
        f"the lite interpreter takes no objects of classes that are no modules, and the model makes a {of_class[1]}: "
        "pass its tensors on instead"
    )


def _not_loaded(error: RuntimeError) -> Exception:
    """What scripting makes of a dict whose values differ in type, the interpreter's parser of types does not know."""
    union = re.search(r"Error when parsing type (.*Union\[.*\]): ", str(error))
    if union is None:
        return error
    return ModelProblem(
        f"the lite interpreter reads no dict whose values are of different types, and forward makes a {union[1]}: "
        'return a tuple, or values of one type, or set how = "trace", whose file has no such type'
    )
