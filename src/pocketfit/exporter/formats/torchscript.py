from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.torchscript import recipe
from pocketfit.exporter.torchscript.archive import drop_debug_files

if TYPE_CHECKING:
    from pocketfit.exporter.formats.base import Check, Optimized, Wanted


class TorchScript:
    """.pt for org.pytorch:pytorch_android, which holds the whole TorchScript interpreter."""

    name = "torchscript"

    def unfit(self) -> str | None:
        return recipe.unfit()

    def optimize(self, wanted: Wanted, check: Check) -> Optimized:
        return recipe.optimize(wanted, check)

    def save(self, optimized: Optimized, path: Path) -> int:
        import torch

        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / path.name
            torch.jit.save(optimized.module, whole)
            return drop_debug_files(whole, path)

    def load(self, path: Path) -> Callable[..., Any]:
        import torch

        return torch.jit.load(path)  # type: ignore[no-any-return]
