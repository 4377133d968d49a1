from __future__ import annotations

import subprocess
import sys

import pytest

from pocketfit.devices import DEVICES
from pocketfit.devices.base import DeviceOptions
from pocketfit.records import DeviceSpec


@pytest.mark.parametrize("kind", DEVICES)
def test_a_device_has_the_kind_that_it_is_listed_under(kind: str) -> None:
    assert DEVICES[kind](DeviceSpec(), DeviceOptions("not built")).kind == kind


def test_listing_devices_loads_nothing_heavy() -> None:
    code = "import sys, pocketfit.devices; sys.exit(bool({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
