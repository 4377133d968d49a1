"""The formats we export to. To add one, write a module and list it here."""

from __future__ import annotations

from pocketfit.backends.base import Backend
from pocketfit.backends.executorch import ExecuTorch
from pocketfit.backends.lite import Lite
from pocketfit.backends.torchscript import TorchScript

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (Lite(), TorchScript(), ExecuTorch())}
