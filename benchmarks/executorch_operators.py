"""Holds what is predicted of programs of one operator against what each version of ExecuTorch makes of them.

    make android OLDER=1
    .venv/bin/python -m benchmarks.executorch_operators [--kept]

The programs are lowered by executorch itself, without Pocketfit's recipe, and loaded and run in one JVM for each
version. They are kept in build/versions/operators; with --kept none is built. They are chosen near to where versions
are known to differ: pools, resizing, and what XNNPACK has learned.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.devices.jvm import FLAGS
from pocketfit.devices.program import here, parse_answer, words
from pocketfit.process import finish
from pocketfit.records import SmokeInput, TensorFile
from pocketfit.runtimes.library import AndroidSide, find_android
from pocketfit.runtimes.predicted import predict
from pocketfit.runtimes.versions import VERSIONS

if TYPE_CHECKING:
    import torch

KEPT = Path(__file__).resolve().parent.parent / "build" / "versions" / "operators"
SHAPES: Mapping[str, tuple[int, ...]] = {"row": (1, 4, 4), "image": (1, 2, 8, 8)}


def operators() -> dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]]:
    """Each with the name of its input's shape."""
    import torch
    import torch.nn.functional as F

    of_rows: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sin": torch.sin,
        "cos": torch.cos,
        "clone": lambda x: x.clone() + 1,
        "copy_perm": lambda x: x.permute(0, 2, 1).contiguous() * 2,
        "slice": lambda x: x[:, 1:3] + 1,
        "cat": lambda x: torch.cat([x, x], 1),
        "expand": lambda x: x.expand(3, 4, 4) * 2,
        "repeat": lambda x: x.repeat(2, 1, 1) * 2,
        "view": lambda x: x.view(1, 16) * 2,
        "gelu": F.gelu,
        "tanh": torch.tanh,
        "exp": torch.exp,
        "log": torch.log,
        "rsqrt": torch.rsqrt,
        "sigmoid": torch.sigmoid,
        "softmax": lambda x: torch.softmax(x, -1),
        "bmm": lambda x: torch.bmm(x, x),
        "sdpa": lambda x: F.scaled_dot_product_attention(x, x, x),
        "var": lambda x: torch.var(x, -1),
        "and": lambda x: (x * 10).to(torch.int64) & 3,
        "layernorm": lambda x: F.layer_norm(x, (4,)),
        "cumsum": lambda x: torch.cumsum(x, -1),
    }
    of_images: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "adaptive": lambda x: F.adaptive_avg_pool2d(x, (3, 5)),
        "gap": lambda x: F.adaptive_avg_pool2d(x, 1),
        "avgpool": lambda x: F.avg_pool2d(x, 2),
        "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
        "bilinear_aa": lambda x: F.interpolate(x, size=(4, 4), mode="bilinear", antialias=True),
        "nearest": lambda x: F.interpolate(x, scale_factor=2),
    }
    return {name: ("row", one) for name, one in of_rows.items()} | {
        name: ("image", one) for name, one in of_images.items()
    }


def lower(shape: tuple[int, ...], operator: Callable[[torch.Tensor], torch.Tensor]) -> bytes:
    """One program of one operator."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    class One(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return operator(x)

    exported = torch.export.export(One().eval(), (torch.full(shape, 0.5),))
    return bytes(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch().buffer)


def build() -> None:
    """Lower those that are not there; what executorch does not lower is said and left out."""
    import torch

    KEPT.mkdir(parents=True, exist_ok=True)
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for name, (shape, operator) in operators().items():
        path = KEPT / f"{name}.{shape}.pte"
        if path.is_file():
            continue
        try:
            with torch.no_grad():
                path.write_bytes(lower(SHAPES[shape], operator))
        except Exception as error:  # whatever executorch says of it
            print(f"{name} is not lowered: {type(error).__name__}")


def errors(android: AndroidSide, programs: list[Path], folder: Path) -> list[str]:
    """What a version says of each program, in one JVM; "" where it runs."""
    import numpy as np

    for shape, size in SHAPES.items():
        np.full(size, 0.5, np.float32).tofile(folder / shape)
    given = [
        SmokeInput("executorch", path, (TensorFile("[0]", "float32", SHAPES[shape], shape),), folder)
        for path in programs
        for shape in [path.suffixes[0].removeprefix(".")]
    ]
    libraries = str(android.libraries("executorch", android.desktop_abi))
    arguments = words(given, here, runtime="executorch", threads=1, libraries=libraries, shim=str(android.shim))
    command = ["java", *FLAGS, "-cp", android.desktop_classpath("executorch"), "dev.pocketfit.Desktop", *arguments]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": libraries}
    done = finish(command, timeout=600, cwd=folder, env=environment)
    answer = parse_answer(done.stdout, artifacts=len(given))
    if answer is None or answer.error:
        sys.exit(f"no answer: {done.code} {(done.stdout + done.stderr)[-500:]}")
    return [one.error.message.splitlines()[-1] if one.error else "" for one in answer.artifacts]


def outcomes(android: AndroidSide, version: str, programs: list[Path], folder: Path) -> Iterator[str]:
    """Hold each prediction against the truth; what is refused, or was predicted wrongly, is printed."""
    side = android.at(version) or android
    for path, said in zip(programs, errors(side, programs, folder), strict=True):
        predicted = predict(path, "executorch", [version])[version]
        truth = "refused" if said else "runs"
        wrong = "false fine" if said else "false alarm"
        outcome = f"right ({truth})" if predicted.status == truth else wrong
        if said or predicted.status != truth:
            print(f"{version} {path.name.partition('.')[0]}: {outcome}: {', '.join(predicted.lacks) or said}")
        yield outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", action="store_true", help="build nothing, and take what there is")
    if not parser.parse_args().kept:
        build()
    android, programs = find_android(), sorted(KEPT.glob("*.pte"))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="pocketfit-operators-") as folder:
        for version in VERSIONS:
            counts.update(outcomes(android, version, programs, Path(folder)))
    print(f"{len(programs)} programs: " + ", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    return 1 if counts["false fine"] or counts["false alarm"] else 0


if __name__ == "__main__":
    sys.exit(main())
