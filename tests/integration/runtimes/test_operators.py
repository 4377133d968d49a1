"""The operators that are kept as data are those of the libraries that were built."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pocketfit.records import RuntimeName
from pocketfit.runtimes.library import find_android
from tests.integration.conftest import require

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    spec = importlib.util.spec_from_file_location("read_operators", TOOLS / "read_operators.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("runtime", "operators"), [("lite", 3431), ("full", 3955)])
def test_reading_again_gives_the_same(tool: ModuleType, runtime: RuntimeName, operators: int) -> None:
    android = find_android()
    library = android.runtimes[runtime]
    kept = json.loads((tool.DATA / f"{library.artifact}-{library.version}.json").read_text())

    assert json.loads(json.dumps(tool.read(android, runtime))) == kept
    assert len(kept["schemas"]) == operators
    assert kept["bytecode_versions"] == [4, 9]


def test_reading_executorchs_kernels_again_gives_the_same(tool: ModuleType) -> None:
    android = find_android()
    library = android.runtimes["executorch"]
    kept = json.loads((tool.DATA / f"{library.artifact}-{library.version}.json").read_text())

    assert tool.read_kernels(android) == kept
    assert len(kept["kernels"]) == 261


@pytest.mark.parametrize(("version", "kernels", "nodes"), [("1.0", 253, 44), ("1.1", 258, 47)])
def test_reading_an_older_executorch_again_gives_the_same(
    tool: ModuleType, version: str, kernels: int, nodes: int
) -> None:
    android = find_android().at(version)
    require(android, "built without older ExecuTorchs: make android OLDER=1")
    assert android
    library = android.runtimes["executorch"]
    kept = json.loads((tool.DATA / f"{library.artifact}-{library.version}.json").read_text())

    assert tool.read_kernels(android) == kept
    assert (len(kept["kernels"]), len(kept["xnnpack_nodes"])) == (kernels, nodes)
