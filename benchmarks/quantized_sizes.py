"""What quantizing and pruning do to a file, its download, its outputs and its time, for resnet18 and mobilenet_v2.

    .venv/bin/python -m benchmarks.quantized_sizes

Torchvision's models with made-up weights and batch-norm statistics (examples/models), calibrated on random inputs, on
device jvm. Latency is of one run beside fp32 without pruning, taken in turn: x86_64 kernels are not a phone's.
Exits with 1 where int8 takes more than 0.26 (resnet18) or 0.29 (mobilenet_v2) of fp32's bytes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build
from pocketfit.devices.base import Running
from pocketfit.devices.jvm import JvmDevice
from pocketfit.judge.latency import judge
from pocketfit.records import Built, DeviceSpec, InputSpec, Limits, ModelSpec, Prune, Variant
from pocketfit.runtimes.library import find_android
from pocketfit.trial.smoke import smoke, smoke_input
from pocketfit.trial.timing import Effort, OneByOne, Place, time_pair
from pocketfit.units import format_sqnr

MODELS = Path(__file__).resolve().parents[1] / "examples" / "models"
ALLOWED = {"resnet18": 0.26, "mobilenet_v2": 0.29}
CASES: dict[str, tuple[str, Prune | None]] = {
    "fp32": ("fp32", None),
    "int8": ("int8", None),
    "int8-dynamic": ("int8-dynamic", None),
    "fp32, 0.3 unstructured": ("fp32", Prune(0.3, "unstructured")),
    "fp32, 0.3 structured": ("fp32", Prune(0.3, "structured")),
    "int8, 0.3 unstructured": ("int8", Prune(0.3, "unstructured")),
}


def main() -> int:
    with JvmDevice(DeviceSpec(), find_android()).up() as device:
        return measure(device)


def measure(device: Running) -> int:
    """Print the table; returns how many files are larger than allowed."""
    beyond = 0
    print("| variant | file (B) | of fp32 | download (B) | of fp32 | host | device | latency (ms) | ratio |")
    print("| :-- | --: | --: | --: | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory(prefix="pocketfit-sizes-") as name:
        for model, allowed in ALLOWED.items():
            for format_name in ("lite", "torchscript"):
                fp32: tuple[Built, Path] | None = None
                for index, case in enumerate(CASES):
                    # Base and head have folders of their own, since an artifact's name is the variant's.
                    folder = Path(name) / f"{model}-{format_name}-{index}"
                    built = make(model, format_name, case, folder)
                    fp32 = fp32 or (built, folder)
                    print(line(device, case, built, folder, *fp32), flush=True)
                    beyond += case == "int8" and built.size_bytes > allowed * fp32[0].size_bytes
    return int(beyond > 0)


def make(model: str, format_name: str, case: str, folder: Path) -> Built:
    precision, prune = CASES[case]
    spec = ModelSpec(model, f"classify.py:{model}", inputs=(InputSpec((1, 3, 224, 224)),), prune=prune)
    built, _ = build(Variant(model, format_name, precision), spec, MODELS, folder, folder / "child.log", Sandbox())
    if not isinstance(built, Built):
        sys.exit(f"{built.variant}: {built.reason}")
    return built


def line(device: Running, case: str, built: Built, folder: Path, fp32: Built, fp32_folder: Path) -> str:
    given = smoke_input(built, folder)
    tried = smoke(device, built.variant, given, (built.export.outputs,), Limits())
    place, base = Place.of(device.info), smoke_input(fp32, fp32_folder)
    latency = judge(time_pair(OneByOne(device), place, base, given, 0, Effort()), identical=False)
    variant = f"{built.variant.model}/{built.variant.format}/{case}"
    ratio = "" if latency.ratio is None else f"{latency.ratio:.2f} ({latency.verdict})"
    return " | ".join(
        [
            f"| {variant}",
            f"{built.size_bytes:,}",
            f"{built.size_bytes / fp32.size_bytes:.4f}",
            f"{built.download_bytes:,}",
            f"{built.download_bytes / fp32.download_bytes:.4f}",
            format_sqnr(built.export.parity.sqnr_db or 0),
            tried.status if tried.parity.sqnr_db is None else f"{tried.status}, {format_sqnr(tried.parity.sqnr_db)}",
            "" if latency.head_ms is None else f"{latency.head_ms:.1f}",
            f"{ratio} |",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
