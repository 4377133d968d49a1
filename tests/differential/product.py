"""Pocketfit's side: the exporter's own child, forked instead of started. `python -P -m tests.differential.product`."""

from __future__ import annotations

import gc
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from pocketfit.config import read_config
from pocketfit.exporter.executorch.patterns import make_patterns
from pocketfit.exporter.main import main
from pocketfit.job import JOB_FILE, RESULT_FILE, Job, to_json
from pocketfit.records import Variant
from pocketfit.runtimes.library import library_for
from tests.differential.forks import serve

# What a child of the exporter imports anyway, most of its seconds.
SLOW = (
    "torch", "torch._dynamo", "torch.export", "torch.ao.quantization.quantize_fx", "torch.utils.mobile_optimizer",
    "torchao.quantization.pt2e", "executorch.exir", "executorch.backends.xnnpack.partition.xnnpack_partitioner",
    "executorch.backends.xnnpack.quantizer.xnnpack_quantizer", "executorch.runtime",
)  # fmt: skip


def build(job: dict[str, Any]) -> dict[str, Any]:
    """What `python -P -m pocketfit.exporter JOB_FILE FOLDER` does with this variant; its result as it is in the file."""
    root, folder = Path(job["root"]), Path(job["folder"])
    spec = read_config(root / "pocketfit.toml").models[0]
    variant = Variant(spec.name, job["format"], job["precision"])
    task = Job(variant, spec, str(root), str(folder), None, library_for(variant.format))
    (folder / JOB_FILE).write_text(to_json(task))
    os.chdir(root)
    main(folder / JOB_FILE, folder)
    return dict(json.loads((folder / RESULT_FILE).read_text()))


if __name__ == "__main__":
    for name in SLOW:
        import_module(name)
    make_patterns()
    gc.freeze()
    serve(build)
