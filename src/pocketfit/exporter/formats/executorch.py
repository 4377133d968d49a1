from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.executorch import lowering
from pocketfit.exporter.executorch.pairs import unknown_pair
from pocketfit.exporter.executorch.problems import stopped
from pocketfit.exporter.executorch.times import operator_times
from pocketfit.exporter.tensors import ModelProblem, no_forward
from pocketfit.runtimes.pte import varying_inputs

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder, Check, Optimized, Rules
    from pocketfit.exporter.tensors import Inputs
    from pocketfit.records import OperatorTimes
    from pocketfit.runtimes.schema import Argument


class ExecuTorch:
    """.pte for org.pytorch:executorch-android, which runs a planned program, most of it by XNNPACK."""

    name = "executorch"
    # Lowering fails for an operator that the runtime has no kernel for.
    rules: Rules | None = None

    def unfit(self) -> str | None:
        missing = [name for name in ("executorch", "torchao") if find_spec(name) is None]
        # The lowering starts this program, which is installed with executorch; a child's PATH begins beside Python.
        beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        missing += [] if shutil.which("flatc", path=beside) else ["flatc (a program of executorch)"]
        if not missing:
            return unknown_pair()
        return (
            f"{missing[0]} is not installed here, which format executorch needs: "
            "pip install --no-deps -r requirements/executorch.txt"
        )

    def optimize(self, order: BuildOrder, check: Check) -> Optimized:
        return lowering.optimize(order, check)

    def save(self, optimized: Optimized, path: Path) -> None:
        path.write_bytes(optimized.module)

    def load(self, path: Path) -> Callable[..., Any]:
        import torch
        from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
        from executorch.runtime import Runtime

        # ExecuTorch has threads of its own, as many as there are cores unless told.
        _unsafe_reset_threadpool(torch.get_num_threads())
        program = Runtime.get().load_program(path)
        if "forward" not in program.method_names:
            raise no_forward(program.method_names)
        method: Any = program.load_method("forward")
        planned = [_sizes(method.metadata, index) for index in range(method.metadata.num_inputs())]
        varies = varying_inputs(path)

        def run(*inputs: torch.Tensor) -> Any:
            # The program's memory is a part of what is run: it must live as long.
            assert program
            shapes = [list(tensor.shape) for tensor in inputs]
            if not _fit(shapes, planned, varies):
                most = " at most" if any(varies) else ""
                raise ModelProblem(
                    f"{path.name} takes inputs of {_shown(planned)}{most}, and was given {_shown(shapes)}"
                )
            # Strides other than the planned ones are refused.
            taken = [tensor.contiguous() for tensor in inputs]
            try:
                return tuple(method.execute(taken))
            except RuntimeError as error:
                raise stopped(error, lambda: method.execute(taken)) from error

        return run

    def root_operators(self, module: Any) -> tuple[str, ...]:
        from executorch.codegen.tools import selective_build

        program = selective_build._get_program_from_buffer(module)
        return tuple(sorted(set(selective_build._get_program_operators(program))))

    def operator_times(self, path: Path, inputs: Inputs, enter: Callable[[str], None]) -> OperatorTimes:
        return operator_times(path, inputs, enter)

    def arguments(self, path: Path) -> tuple[Argument, ...] | None:
        from pocketfit.runtimes.pte import read_program
        from pocketfit.runtimes.schema import Argument

        return tuple(Argument("Tensor", f"input {index}") for index in range(read_program(path).inputs))


def _sizes(metadata: Any, index: int) -> list[int]:
    return list(metadata.input_tensor_meta(index).sizes())


def _fit(shapes: list[list[int]], planned: list[list[int]], varies: tuple[bool, ...]) -> bool:
    """Say whether inputs have the shapes that are planned, or smaller ones where a program takes such."""
    if [len(shape) for shape in shapes] != [len(shape) for shape in planned]:
        return False
    return all(
        shape == most or (may_vary and all(length <= bound for length, bound in zip(shape, most, strict=True)))
        for shape, most, may_vary in zip(shapes, planned, varies, strict=True)
    )


def _shown(shapes: list[list[int]]) -> str:
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in shapes) or "nothing"
