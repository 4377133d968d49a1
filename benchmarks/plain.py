"""The plainest script that does what a run does: export both sides, compare with eager, try what changed on Android's
runtime, each file once. No process of its own for a model, no walls, no report, no timing.

`python -m benchmarks.plain BASE HEAD`, two trees of examples/: the yardstick of `benchmarks/bench.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pocketfit import __version__
from pocketfit.runtimes.library import find_android

# Model, module, format: the sample's four variants.
VARIANTS = (
    ("resnet18", "classify", "lite"),
    ("mobilenet_v2", "classify", "lite"),
    ("two_inputs", "two_inputs", "lite"),
    ("two_inputs", "two_inputs", "torchscript"),
)
RELATIVE, ABSOLUTE = 1e-3, 1e-4


def main() -> None:
    if sys.argv[1] == "--export":
        export_side(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory(prefix="plain-") as name:
        sides = [Path(name, side) for side in ("base", "head")]
        place = Path(name, "tree")
        # Both trees have modules of the same names, so each has a process; at one place, whose name is in the files.
        for side, tree in zip(sides, sys.argv[1:], strict=True):
            side.mkdir()
            place.symlink_to(Path(tree).absolute())
            subprocess.run([sys.executable, "-m", "benchmarks.plain", "--export", str(place), str(side)], check=True)
            place.unlink()
        for model, _, form in VARIANTS:
            files = [side / f"{model}.{form}" for side in sides]
            same = len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == 1
            for file in [] if same else files:
                try_on_android(file, form)
            print(f"{model}/{form}: {'identical' if same else ' -> '.join(str(file.stat().st_size) for file in files)}")


def export_side(tree: Path, out: Path) -> None:
    """Make each variant of a tree, compare it with eager, and keep what a device needs to be compared too."""
    from importlib import import_module

    import torch
    from torch.utils.mobile_optimizer import optimize_for_mobile

    sys.path.insert(0, str(tree / "models"))
    torch.set_num_threads(1)
    for model, module, form in VARIANTS:
        torch.manual_seed(0)
        eager = getattr(import_module(module), model)().eval()
        inputs = inputs_of(model)
        with torch.no_grad():
            expected = tensors(eager(*inputs))
            traced = torch.jit.freeze(torch.jit.trace(eager, inputs, strict=False))
        optimized, file = optimize_for_mobile(traced), str(out / f"{model}.{form}")
        if form == "lite":
            optimized._save_for_lite_interpreter(file)
            from torch.jit.mobile import _load_for_lite_interpreter as load
        else:
            optimized.save(file)
            load = torch.jit.load
        with torch.no_grad():
            found = tensors(load(file)(*inputs))
        for one, other in zip(expected, found, strict=True):
            torch.testing.assert_close(other, one, rtol=RELATIVE, atol=ABSOLUTE)
        kept = {}
        for kind, each in (("input", inputs), ("output", expected)):
            for index, tensor in enumerate(each):
                path = out / f"{model}.{form}.{kind}{index}"
                path.write_bytes(tensor.contiguous().numpy().tobytes())
                kept[str(path)] = [kind, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]
        Path(f"{file}.json").write_text(json.dumps(kept))


def inputs_of(model: str) -> tuple[Any, ...]:
    import torch

    if model == "two_inputs":
        return torch.randint(0, 1000, (1, 16)), torch.randn(1, 8)
    return (torch.randn(1, 3, 224, 224),)


def tensors(value: Any) -> list[Any]:
    from torch.utils._pytree import tree_leaves

    return list(tree_leaves(value))


def try_on_android(file: Path, form: str) -> None:
    """Load and run a file on Android's runtime in a JVM, and compare with eager."""
    import numpy as np

    android, runtime = find_android(), {"lite": "lite", "torchscript": "full"}[form]
    kept = json.loads(Path(f"{file}.json").read_text())
    libraries = str(android.libraries(runtime, android.desktop_abi))  # type: ignore[arg-type]
    inputs = [
        f"input={dtype}:{','.join(map(str, shape))}:{path}"
        for path, (kind, dtype, shape) in kept.items()
        if kind == "input"
    ]
    with tempfile.TemporaryDirectory(prefix="plain-device-") as work:
        options = [f"runtime={runtime}", "threads=1", f"libraries={libraries}", f"shim={android.shim}"]
        classes = android.desktop_classpath(runtime)  # type: ignore[arg-type]
        done = subprocess.run(
            [
                *("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classes, "dev.pocketfit.Desktop"),
                *(__version__, *options, f"artifact={file}", *inputs, f"outputs={work}"),
            ],
            env={**os.environ, "LD_LIBRARY_PATH": libraries, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        (answer,) = json.loads(done.stdout.splitlines()[-1])["artifacts"]
        expected = [(path, dtype) for path, (kind, dtype, _) in kept.items() if kind == "output"]
        for (path, dtype), output in zip(expected, answer["outputs"], strict=True):
            found = np.fromfile(Path(work) / output["file"], dtype=dtype)
            np.testing.assert_allclose(found, np.fromfile(path, dtype=dtype), RELATIVE, ABSOLUTE)


if __name__ == "__main__":
    main()
