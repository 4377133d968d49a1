"""`python -m tests.cases.eager agreement|buffers JOB`: a case's model in plain torch beside the file. No Pocketfit here."""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from tests import plain

# As in pocketfit.judge.golden: weights that the source makes up are made from it.
SEED = 0
CALLS = 3


def main(what: str, job: dict[str, Any]) -> None:
    found = buffers(Path(job["file"])) if what == "buffers" else agreement(job).as_dict()
    print(json.dumps(found))


def buffers(file: Path) -> dict[str, float]:
    """The sum of each buffer in a TorchScript file."""
    module = torch.jit.load(str(file))
    return {name: float(buffer.double().abs().sum()) for name, buffer in module.named_buffers()}


def agreement(job: dict[str, Any]) -> plain.Agreement:
    """Eager against the file on fresh inputs, over several calls; raises ValueError where the weights are others."""
    root, name, artifacts = Path(job["root"]), job["model"], Path(job["artifacts"])
    golden = _tensors(job["inputs"], artifacts)
    _same_weights(_model(root, name), golden, _tensors(job["outputs"], artifacts))
    model = _model(root, name)
    calls = list(_fresh_calls(root, name, golden))
    return plain.compare(model, plain.load(Path(job["file"]), job["format"]), calls)


def _same_weights(model: torch.nn.Module, golden: plain.Inputs, outputs: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        found = [[one.clone() for one in plain.flatten(model(*plain.copies(golden)))]]
    seen = plain.agreement(found, [outputs])
    if seen.problem or (seen.sqnr_db is not None and seen.sqnr_db < 100):
        raise ValueError(f"eager gives other golden outputs here ({seen.problem or seen.sqnr_db})")


def _model(root: Path, name: str) -> torch.nn.Module:
    table = tomllib.loads((root / "pocketfit.toml").read_text())["models"][name]
    file, _, function = table["source"].rpartition(":")
    sys.path.insert(0, str(root))
    torch.manual_seed(SEED)
    made = _function(root / file, function)(**table.get("arguments", {}))
    return (made[0] if isinstance(made, tuple) else made).eval()


def _function(file: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def _fresh_calls(root: Path, name: str, golden: plain.Inputs) -> Iterator[plain.Inputs]:
    """Those that fresh.py of the case has for this model, else the golden values in other orders."""
    if (root / "fresh.py").exists():
        yield from _function(root / "fresh.py", "calls")(name)
        return
    for seed in range(CALLS):
        yield plain.shuffled(golden, seed)


def _tensors(files: Sequence[dict[str, Any]], folder: Path) -> plain.Inputs:
    import numpy as np

    return tuple(
        torch.from_numpy(np.fromfile(folder / one["file"], dtype=one["dtype"]).reshape(one["shape"])) for one in files
    )


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
