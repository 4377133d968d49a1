"""How tests are dealt out to the processes of `make test` (pytest-xdist)."""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

# They look at every container of ours that runs, and most of their time is waiting: one process, and first.
WITH_CONTAINERS = ("tests/integration/devices/emulator/", "tests/integration/test_run_devices.py")


# What an earlier test built is no result of this one's, and the user's own cache is not for tests.
os.environ["POCKETFIT_NO_CACHE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(WITH_CONTAINERS))


class ByFile(LoadScopeScheduling):
    """A file's tests stay together, for its fixtures; the files with containers stay together too."""

    def _split_scope(self, nodeid: str) -> str:
        return "containers" if nodeid.startswith(WITH_CONTAINERS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return ByFile(config, log)
