"""A real dockerd, images for it, and an eye on what is left behind."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, Docker
from standin.fixture import adb_server
from tests.integration.devices.emulator.siblings import build_layer, import_image


@pytest.fixture(scope="session")
def layer(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build_layer(tmp_path_factory.mktemp("layer"))


@pytest.fixture(scope="session")
def images(api: Any, layer: bytes) -> Iterator[dict[str, str]]:
    modes = {"exit": ("exit", "3"), "wait": ("wait",), "eat": ("eat",)}
    names = {mode: import_image(api, layer, f"pocketfit-test-{mode}:1", *words) for mode, words in modes.items()}
    yield names
    for name in names.values():
        api.remove_image(name, force=True)


@pytest.fixture
def labels(api: Any) -> Iterator[dict[str, str]]:
    """The labels of a run of its own; what it leaves is a failure, and removed."""
    run = uuid.uuid4().hex[:12]
    yield {RUN_LABEL: run, CREATED_LABEL: str(int(time.time()))}
    left = api.containers(all=True, filters={"label": f"{RUN_LABEL}={run}"})
    for container in left:
        api.remove_container(container["Id"], force=True)
    assert [container["Names"] for container in left] == []


@pytest.fixture
def own_adb_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with adb_server(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield
