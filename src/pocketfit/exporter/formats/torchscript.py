from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.calls import calls_of
from pocketfit.exporter.builder import Rules
from pocketfit.exporter.importing.plain import unreadable
from pocketfit.exporter.tensors import ModelProblem, no_forward
from pocketfit.exporter.torchscript import recipe
from pocketfit.exporter.torchscript.archive import drop_debug_files, read_code
from pocketfit.exporter.torchscript.from_java import arguments_of
from pocketfit.runtimes.compatibility import Problem, check_calls, full_refusal
from pocketfit.runtimes.operators import OperatorList
from pocketfit.runtimes.schema import Argument

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder, Check, Layers, Optimized
    from pocketfit.exporter.tensors import Inputs


def _check(_path: Path, module: Any, runtime: OperatorList, layers: Layers) -> tuple[Problem | str, ...]:
    return check_calls(calls_of(module), runtime, layers) if module is not None else ()


class TorchScript:
    """.pt for org.pytorch:pytorch_android, which holds the whole TorchScript interpreter."""

    name = "torchscript"
    rules: Rules | None = Rules(full_refusal, _check, by_module=True)

    def unfit(self) -> str | None:
        return recipe.unfit()

    def optimize(self, order: BuildOrder, check: Check) -> Optimized:
        return recipe.optimize(order, check)

    def save(self, optimized: Optimized, path: Path) -> int:
        import torch

        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / path.name
            torch.jit.save(optimized.module, whole)
            if problem := unreadable(read_code(whole), optimized.odd_names):
                raise ModelProblem(problem)
            return drop_debug_files(whole, path)

    def load(self, path: Path) -> Callable[..., Any]:
        import torch

        return torch.jit.load(path)  # type: ignore[no-any-return]

    def root_operators(self, module: Any) -> tuple[str, ...]:
        return recipe.root_operators(module)

    def operator_times(self, path: Path, inputs: Inputs, enter: Callable[[str], None]) -> None:
        """Give none: neither runtime tells them."""

    def arguments(self, path: Path) -> tuple[Argument, ...] | None:
        module: Any = self.load(path)
        if "forward" not in (names := module._c._method_names()):
            raise no_forward(names)
        return arguments_of(module.forward)
