"""The truth, in a process that imports nothing of Pocketfit. `python -P -m tests.differential.truth`.

For a file that Pocketfit made: does it answer as eager does, on inputs that nobody has seen, from a fresh load? For
a variant that it refused: would torch's documented way have given a file that does?
"""

from __future__ import annotations

import gc
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from tests import plain
from tests.differential import documented
from tests.differential.forks import serve

# Far from those that model.py gives Pocketfit (0, 1 and 10 to 25). A loop that ends at a value may take another turn on
# one in ten.
FRESH = range(101, 113)


def judge(job: dict[str, Any]) -> dict[str, Any]:
    """`file` is what Pocketfit made, or None."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    module = load_source(Path(job["root"]) / "model.py")
    calls = [module.inputs(), *(module.draw(seed) for seed in FRESH)]
    if not _repeats(module, calls):
        return {"random": True}
    file = Path(job["file"] or Path(job["folder"]) / "documented")
    try:
        if not job["file"]:
            documented.export(module, job["format"], job["precision"], file)
        run = plain.load(file, job["format"])
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        answer = {"error": (lines or [type(error).__name__])[0]}
    else:
        golden = plain.compare(module.build(), plain.load(file, job["format"]), calls[:1])
        answer = {"agreement": plain.compare(module.build(), run, calls).as_dict(), "golden_db": golden.sqnr_db}
    written = [_write(module, call, Path(job["folder"]) / f"call{number}") for number, call in enumerate(calls[:2])]
    # A file that this host can't load may still have something to say for itself on a device.
    return {**answer, "calls": written, "file": str(file) if file.exists() else None}


def _write(module: Any, call: plain.Inputs, folder: Path) -> dict[str, Any]:
    """The inputs of one call and what a fresh model answers, as files for a device."""
    folder.mkdir()
    with torch.no_grad():
        outputs = [one.clone() for one in plain.flatten(module.build()(*plain.copies(call)))]
    return {
        "folder": str(folder),
        "inputs": [_file(one, folder, f"input{index}") for index, one in enumerate(call)],
        "outputs": [_file(one, folder, f"output{index}") for index, one in enumerate(outputs)],
    }


def _file(tensor: torch.Tensor, folder: Path, name: str) -> dict[str, Any]:
    array = plain.as_java((tensor,))[0].contiguous().numpy()
    array.tofile(folder / f"{name}.bin")
    return {"path": "", "dtype": array.dtype.name, "shape": array.shape, "file": f"{name}.bin"}


def load_source(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    return module


def _repeats(module: Any, calls: Sequence[plain.Inputs]) -> bool:
    """Two fresh models answer the same sequence alike, whatever torch's generator stands at."""
    answers = []
    for seed in (1, 2):
        model = module.build()
        torch.manual_seed(seed)
        with torch.no_grad():
            answers.append([[one.clone() for one in plain.flatten(model(*plain.copies(call)))] for call in calls])
    found = plain.agreement(answers[0], answers[1])
    return not found.problem and (found.sqnr_db is None or found.sqnr_db > 200)


if __name__ == "__main__":
    for name in ("torch._dynamo", "torch.export", "torch.jit.mobile", "executorch.runtime"):
        import_module(name)
    gc.freeze()
    serve(judge)
