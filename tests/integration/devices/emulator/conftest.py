"""A real dockerd, images for it, and an eye on what is left behind."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pocketfit.docker import CREATED_LABEL, RUN_LABEL, Docker, connect
from pocketfit.errors import CommandError, EnvironmentProblem
from tests.e2e.standin import ensure_base_image
from tests.integration.conftest import require
from tests.integration.devices.emulator.siblings import build_layer, import_image
from tests.standin.fixture import adb_server
from tests.standin.image import BASE, build_image

StandInImage = Callable[[str], str]


@pytest.fixture(scope="session")
def docker() -> Docker:
    try:
        return connect()
    except EnvironmentProblem as problem:
        require(False, str(problem))
        raise


@pytest.fixture(scope="session")
def api(docker: Docker) -> Any:
    import docker as sdk

    return sdk.from_env().api


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


@pytest.fixture(scope="session")
def standin_image(api: Any) -> Iterator[StandInImage]:
    """The stand-in device as an image that misbehaves as it is told."""
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    try:
        ensure_base_image(BASE)
    except CommandError as problem:
        require(False, f"no {BASE} to build the stand-in on: {problem}")
    good = build_image(tag="pocketfit-test-standin:1")
    made = [good]

    def build(faults: str = "") -> str:
        if not faults:
            return good
        text = f'FROM {good}\nENV POCKETFIT_STANDIN_FAULTS="{faults}"\n'
        made.append(f"pocketfit-test-standin:{len(made) + 1}")
        list(api.build(fileobj=io.BytesIO(text.encode()), tag=made[-1], rm=True))
        return made[-1]

    yield build
    for image in reversed(made):
        api.remove_image(image, force=True)


@pytest.fixture
def own_adb_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with adb_server(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield
