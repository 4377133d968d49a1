"""The real Android libraries in a real JVM, and tiny models that torch exports for them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.records import DeviceSpec, SmokeInput, TensorFile
from pocketfit.runtimes.library import android_or_why

MakeDevice = Callable[..., RunningJvm]
Export = Callable[..., SmokeInput]
FakeJava = Callable[[str], None]


@pytest.fixture(scope="session")
def make_device() -> Iterator[MakeDevice]:
    """A device with its own limits. Where CI has none that is a failure, elsewhere the tests are skipped."""
    android = android_or_why()
    reason = JvmDevice(DeviceSpec(), android).unavailable()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with contextlib.ExitStack() as stack:
        yield lambda **limits: stack.enter_context(JvmDevice(DeviceSpec(), android, **limits).up())


@pytest.fixture(scope="session")
def device(make_device: MakeDevice) -> RunningJvm:
    return make_device()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Write a module in a format, and its inputs beside it."""

    def write(format: str, module: Any, *inputs: Any, name: str = "model") -> SmokeInput:
        import torch

        scripted = module
        if not isinstance(module, torch.jit.ScriptModule):
            with torch.no_grad():
                scripted = torch.jit.freeze(torch.jit.trace(module.eval(), inputs, strict=False))
        path = tmp_path / f"{name}.{format}"
        if format == "lite":
            scripted._save_for_lite_interpreter(str(path))
        else:
            scripted.save(str(path))
        return SmokeInput(format, path, write_inputs(tmp_path, *inputs), tmp_path)

    return write


@pytest.fixture
def fake_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeJava:
    """Put a shell script first on PATH as java."""

    def install(script: str) -> None:
        java = tmp_path / "bin" / "java"
        java.parent.mkdir()
        java.write_text(f"#!/bin/sh\n{script}\n")
        java.chmod(0o755)
        monkeypatch.setenv("PATH", str(java.parent), prepend=":")

    return install


def write_inputs(folder: Path, *inputs: Any) -> tuple[TensorFile, ...]:
    files = []
    for index, tensor in enumerate(inputs):
        array = np.ascontiguousarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor)
        array.tofile(folder / f"input{index}.bin")
        files.append(TensorFile(f"[{index}]", str(array.dtype), tuple(tensor.shape), f"input{index}.bin"))
    return tuple(files)


def read_output(tensor: TensorFile, folder: Path) -> np.ndarray[Any, Any]:
    return np.fromfile(folder / tensor.file, tensor.dtype).reshape(tensor.shape)
