"""Which torch and executorch tests run with: ours, or the second pair of `make test-pte`."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from pocketfit.exporter.executorch.pairs import PAIRS

OURS = PAIRS[0].torch == version("torch").partition("+")[0]
needs_torchscript = pytest.mark.skipif(not OURS, reason="torch 2.12.1 is the last with XNNPACK for TorchScript")
