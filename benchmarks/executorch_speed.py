"""Eager against .pte in fp32 and int8, on this machine: time of a run, and size of the file.

    .venv/bin/python -m benchmarks.executorch_speed

Built by the same child that `pocketfit run` starts, from torchvision's architectures with random weights and batch
norms with statistics. Then one process takes blocks of calls of eager and both .pte in turn, first with one thread
each, then with as many as there are cores. Times are medians: of one thread, of its processor time, which a busy
machine does not stretch; of several, of the clock's. Ratios are medians over the rounds.
"""

from __future__ import annotations

import os
import runpy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.rounds import take_rounds
from pocketfit.formats import FORMATS
from pocketfit.judge.golden import read_tensor
from pocketfit.records import Built, InputSpec, ModelSpec, Variant

MODELS = ("resnet18", "mobilenet_v2")
ROUNDS = 20
SOURCE = """
import torch
import torchvision


def with_statistics(name):
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)()
    norms = [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        for _ in range(4):
            model.train()(torch.randn(8, 3, 224, 224))
    return model
"""


def main() -> None:
    print(f"{cpu()}, {FORMATS['executorch'].host_runtime()}\n")
    print("| model | threads | eager | .pte fp32 | .pte int8 | fp32 | int8 | int8 file of fp32 | int8 SQNR |")
    print("| :-- | --: | --: | --: | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models.py").write_text(SOURCE)
        for model in MODELS:
            fp32, int8 = exported(model, "fp32", folder), exported(model, "int8", folder)
            eager = eager_task(model, folder, fp32)
            for threads in sorted({1, os.cpu_count() or 1}):
                report(model, threads, eager, folder, fp32, int8)


def cpu() -> str:
    """Its name and what decides how fast XNNPACK is on it: AVX-512, and instructions for int8."""
    lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    name, flags = (value.strip() for key, value in lines.items() if key.strip() in ("model name", "flags"))
    known = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8")
    return f"{name} with {', '.join(one for one in known if one in flags.split()) or 'none of ' + ', '.join(known)}"


def exported(model: str, precision: str, folder: Path) -> Built:
    spec = ModelSpec(
        model, "models.py:with_statistics", arguments={"name": model}, inputs=(InputSpec((1, 3, 224, 224)),)
    )
    variant = Variant(model, "executorch", precision)
    outcome, _ = build(variant, spec, folder, folder, folder / f"{variant.stem}.log", Sandbox())
    assert isinstance(outcome, Built), outcome
    return outcome


def report(model: str, threads: int, eager: Callable[[], object], folder: Path, fp32: Built, int8: Built) -> None:
    import torch

    torch.set_num_threads(threads)
    nanos = time.thread_time_ns if threads == 1 else time.perf_counter_ns
    tasks = [eager, pte_task(folder, fp32), pte_task(folder, int8)]
    eager_ms, fp32_ms, int8_ms = take_rounds(tasks, ROUNDS, 120_000, seed=0, nanos=nanos)
    faster = [median(one / other for one, other in zip(eager_ms, pte, strict=True)) for pte in (fp32_ms, int8_ms)]
    print(
        f"| {model} | {threads} | {median(eager_ms):.1f} ms | {median(fp32_ms):.1f} ms | {median(int8_ms):.1f} ms | "
        f"{faster[0]:.1f} times as fast | {faster[1]:.1f} times as fast | "
        f"{int8.size_bytes / fp32.size_bytes:.3f} ({int8.size_bytes:,} of {fp32.size_bytes:,} B) | "
        f"{int8.export.parity.sqnr_db:.1f} dB |",
        flush=True,
    )


def eager_task(model: str, folder: Path, built: Built) -> Callable[[], object]:
    import torch

    module = runpy.run_path(str(folder / "models.py"))["with_statistics"](model).eval()
    given = inputs(folder, built)

    def run() -> object:
        with torch.inference_mode():
            return module(*given)

    return run


def pte_task(folder: Path, built: Built) -> Callable[[], object]:
    run, given = BUILDERS["executorch"].load(folder / built.file), inputs(folder, built)
    return lambda: run(*given)


def inputs(folder: Path, built: Built) -> tuple[object, ...]:
    import torch

    return tuple(torch.from_numpy(read_tensor(one, folder)) for one in built.export.inputs)


if __name__ == "__main__":
    main()
