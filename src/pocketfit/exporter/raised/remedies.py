"""What to do about an exception of model code, in words that follow its sentence; empty where nobody can know."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pocketfit.exporter.described import CLOSED, WEIGHTS_ONLY, keys_of
from pocketfit.exporter.importing.finder import hidden_by, places
from pocketfit.exporter.importing.search import lying, project_of, similar
from pocketfit.exporter.raised.places import innermost, passes
from pocketfit.files.saved import LFS_REMEDY

CUDA = re.compile(
    r"Found no NVIDIA driver|not compiled with CUDA|No CUDA GPUs|CUDA driver|on a CUDA device|CUDA error|"
    r"requires? (?:a )?(?:CUDA|GPU)|torch\.cuda\.is_available\(\) is False"
)
METAL = re.compile(r"not linked with MPS|MPS backend|on an? MPS device|with MPS support")
STORED_THERE = re.compile(r"deserialize object|map_location")
NO_PHONE = "which no phone and no runner has"
# What a wrapper puts before the names of what it wraps.
WRAPPERS = {"module.": "nn.DataParallel", "_orig_mod.": "torch.compile", "model.": "a LightningModule"}
# Where checkpoints of training scripts keep the weights.
INSIDE = ("state_dict", "model_state_dict", "model", "net", "module", "weights", "ema", "params")
# Packages whose name on PyPI is another than the one that is imported.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "PyYAML",
    "skimage": "scikit-image", "pytorch_lightning": "pytorch-lightning", "attr": "attrs",
}  # fmt: skip


def remedy(error: BaseException) -> str:
    """What to do, as the end of a sentence: ": load it with ...", or "" where nobody can know."""
    for one in REMEDIES:
        if said := one(error):
            return said
    return ""


def _hidden(error: BaseException) -> str:
    name = error.name if isinstance(error, ImportError) else None
    hidden = _first(lambda root: hidden_by(root, name)) if name else None
    return f" ({hidden} has the name of a package that exporting needs, which comes first: rename it)" if hidden else ""


def _environment(error: BaseException) -> str:
    place = innermost(error)
    # Python's own os is frozen: it has a name and no file.
    if isinstance(error, KeyError) and place and Path(place.file.strip("<>")).stem in ("os", f"frozen {os.__name__}"):
        return ": a model's process gets no such environment variable; give it in [models.NAME.env]"
    return ""


def _pointer(error: BaseException) -> str:
    # torch.load on a pointer complains about its first letter, in words that help nobody.
    pointer = "invalid load key, 'v'" in str(error) or "Unsupported operand 118" in str(error)
    return f" (the file {LFS_REMEDY})" if pointer else ""


def _device(error: BaseException) -> str:
    text = str(error)
    for name, words in (("CUDA", CUDA), ("MPS", METAL)):
        if words.search(text):
            load = 'load it with map_location="cpu"' if STORED_THERE.search(text) else "leave it on the CPU"
            return f": it asks for {name}, {NO_PHONE}: {load}"
    return ""


def _state_dict(error: BaseException) -> str:
    missing, unexpected = keys_of(error)
    if prefix := _prefix(unexpected, missing):
        whose = f" of {WRAPPERS[prefix]}" if prefix in WRAPPERS else ""
        return (
            f': the checkpoint\'s keys have the prefix "{prefix}"{whose}: '
            f'load {{key.removeprefix("{prefix}"): value for key, value in checkpoint.items()}}'
        )
    if prefix := _prefix(missing, unexpected):
        inner = f"model.{prefix.rstrip('.')}"
        return f': the model\'s own keys have the prefix "{prefix}", which the checkpoint lacks: load it into {inner}'
    if missing and (inside := next((key for key in INSIDE if key in unexpected), None)):
        return f': the checkpoint is a dict that holds the weights: load checkpoint["{inside}"]'
    return ""


def _prefix(longer: Sequence[str], keys: Sequence[str]) -> str:
    """What the keys of one side begin with, and those of the other side don't; "" where they differ otherwise."""
    if not longer or not keys:
        return ""
    parts = longer[0].split(".")
    for count in range(len(parts) - 1, 0, -1):
        prefix = f"{'.'.join(parts[:count])}."
        if all(key.startswith(prefix) for key in longer) and {key.removeprefix(prefix) for key in longer} & set(keys):
            return prefix
    return ""


def _pickled(error: BaseException) -> str:
    text = str(error)
    if WEIGHTS_ONLY in text:
        return ": save its state_dict, or read it with torch.load(..., weights_only=False) if you trust who made it"
    if "on <module '__main__'" in text:
        return ": the file is a whole model, pickled by a script: save its state_dict instead"
    return ""


def _module(error: BaseException) -> str:
    """Where a module that is missing comes from: the repository itself, or a package that has to be installed."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    top, _, rest = error.name.partition(".")
    if rest and lying(places(), top):
        near = similar(places(), error.name)
        return f": did you mean {near!r}?" if near else ""
    folder = next(iter(lying(places(), top)), None)
    if folder is None:
        return (
            f": put {DISTRIBUTIONS.get(top, top)} into a requirements file and name that by --requirements "
            "(in the action: requirements)"
        )
    return f": it lies in {folder}/, where Python does not look: {_how_to_look(folder)}"


def _how_to_look(folder: str) -> str:
    project = _first(lambda root: project_of(root, folder))
    if project is not None:
        return f"add `-e {project}` to a requirements file (--requirements)"
    return "put that on sys.path in the file of `source`, or name it in a pyproject.toml (package-dir)"


def _processes(error: BaseException) -> str:
    shares = passes(error, "multiprocessing/managers.py", "multiprocessing/shared_memory.py")
    if shares or "shared memory object" in str(error):
        return f": {CLOSED}"
    if "init_process_group" in str(error):
        return ": a model's process is alone: return the module inside, without DistributedDataParallel"
    return ""


def _file(error: BaseException) -> str:
    """A relative path is looked for in the repository's root, and nothing is read outside of it."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str | bytes) or not places():
        return ""
    name, root = os.fsdecode(error.filename), places()[0]
    if isinstance(error, PermissionError):
        return ": a model's process reads its repository and writes into its $TMPDIR; --readable opens more"
    if not isinstance(error, FileNotFoundError) or os.path.isabs(name):
        return ""
    found = sorted(str(path.parent.relative_to(root)) for path in root.glob(f"*/{name}"))
    if found and found[0] != ".":
        return f": paths are relative to the repository's root, and it lies in {found[0]}/: use Path(__file__).parent"
    return ""


def _first(look: Callable[[Path], str | None]) -> str | None:
    return next((found for root in places() if (found := look(root)) is not None), None)


REMEDIES: tuple[Callable[[BaseException], str], ...] = (
    _hidden,
    _environment,
    _pointer,
    _device,
    _state_dict,
    _pickled,
    _module,
    _processes,
    _file,
)
