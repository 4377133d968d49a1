"""The builders of the formats. To add one, write a module and list it here, and its facts in pocketfit/formats.py."""

from __future__ import annotations

from pocketfit.exporter.builder import Builder
from pocketfit.exporter.formats.executorch import ExecuTorch
from pocketfit.exporter.formats.lite import Lite
from pocketfit.exporter.formats.torchscript import TorchScript

BUILDERS: dict[str, Builder] = {builder.name: builder for builder in (Lite(), TorchScript(), ExecuTorch())}
