"""The formats we export to. To add one, write a module and list it here."""

from __future__ import annotations

from pocketfit.exporter.formats.base import Backend
from pocketfit.exporter.formats.executorch import ExecuTorch
from pocketfit.exporter.formats.lite import Lite
from pocketfit.exporter.formats.torchscript import TorchScript

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (Lite(), TorchScript(), ExecuTorch())}
