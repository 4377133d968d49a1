"""Which torch and executorch tests run with: ours, or the second pair of `make test-pte`."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from pocketfit.exporter.executorch.pairs import PAIRS

OURS = PAIRS[0].torch == version("torch").partition("+")[0]
# Left out by `make test-pte`, so that nothing is skipped: torch 2.12.1 is the last with XNNPACK for TorchScript.
needs_torchscript = pytest.mark.torchscript
