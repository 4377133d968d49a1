"""Files on the device, on inputs that nobody has seen and on the golden ones, against eager's outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.devices.base import Running
from pocketfit.records import SmokeInput, TensorFile
from tests.differential.classify import FLOOR_DB, LUCK_DB


@dataclass(frozen=True)
class Trial:
    """A variant on a device: `calls` are the golden set and a fresh one, each with files of inputs and of eager's
    outputs (see truth.py), `work` a folder for what the device answers.
    """

    device: Running
    format: str
    precision: str
    calls: Sequence[Any]
    work: Path

    def fails_afresh(self, file: Path) -> str | None:
        """What is wrong with a file that is right on the golden set, where Pocketfit tries it itself, or None."""
        golden, fresh = self.calls
        problem = self._problem(file, fresh)
        return problem if problem and not self._problem(file, golden) else None

    def fails(self, file: Path) -> str | None:
        """What is wrong with a file on the golden set, or None."""
        return self._problem(file, self.calls[0])

    def _problem(self, file: Path, call: Any) -> str | None:
        folder = Path(call["folder"])
        inputs, expected = _files(call["inputs"]), _files(call["outputs"])
        out = self.work / "device"
        out.mkdir(parents=True, exist_ok=True)
        run = self.device.smoke(SmokeInput(self.format, file, inputs, folder), out)
        if run.status == "skipped":
            return None
        if run.status != "passed":
            return f"{run.status}: {run.reason}"
        if [one.shape for one in run.outputs] != [one.shape for one in expected]:
            return f"outputs of {[one.shape for one in run.outputs]} where eager has {[one.shape for one in expected]}"
        lowest = min(
            (_sqnr_db(_read(one, folder), _read(other, out)) for one, other in zip(expected, run.outputs, strict=True)),
            default=300.0,
        )
        return f"{lowest:.1f} dB" if lowest < FLOOR_DB[self.precision] - LUCK_DB[self.precision] else None


def _files(tensors: Sequence[Any]) -> tuple[TensorFile, ...]:
    return tuple(TensorFile(one["path"], one["dtype"], tuple(one["shape"]), one["file"]) for one in tensors)


def _read(tensor: TensorFile, folder: Path) -> Any:
    import numpy as np

    return np.fromfile(folder / tensor.file, dtype=tensor.dtype).astype(np.float64)


def _sqnr_db(ours: Any, theirs: Any) -> float:
    import numpy as np

    noise, signal = float(np.square(ours - theirs).sum()), float(np.square(ours).sum())
    if math.isnan(noise):
        return 300.0 if np.array_equal(ours, theirs, equal_nan=True) else -300.0
    return 300.0 if noise <= 1e-20 else 10 * math.log10(signal / noise) if signal else -300.0
