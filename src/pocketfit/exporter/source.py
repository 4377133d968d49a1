"""From `source` in the configuration to a module in eager mode and its golden inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.importing.finder import install
from pocketfit.exporter.importing.modules import find_file, import_module, not_the_file
from pocketfit.exporter.importing.plain import rename_modules
from pocketfit.exporter.importing.saved import load_saved
from pocketfit.exporter.importing.workers import let_start
from pocketfit.exporter.plain_model import check_forward, training_mode
from pocketfit.exporter.raised.sentences import raised
from pocketfit.exporter.raised.wrapping import wrapper
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.files.saved import SAVED_SUFFIXES, is_saved
from pocketfit.judge.golden import SEED, seeded_arrays
from pocketfit.records import InputSpec, ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs


def load_model(spec: ModelSpec, root: Path) -> tuple[torch.nn.Module, Inputs, tuple[str, ...]]:
    """The model, in evaluation mode, its golden inputs, and what to say of the mode it came in; raises ModelProblem."""
    import torch

    install(root, root / spec.folder if spec.folder else None)
    let_start()
    torch.manual_seed(SEED)
    if is_saved(spec.source):
        module, example = load_saved(find_file(spec.source, root), spec), None
    else:
        made = _call(spec.source, spec.arguments, root)
        module, example = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    _check_module(module, spec.source)
    check_forward(module)
    mode = training_mode(module)
    _set_eval(module)
    rename_modules(root, module)
    return module, _golden_inputs(spec, example, root), mode


def _check_module(module: Any, source: str) -> None:
    import torch

    if isinstance(module, torch.nn.Module):
        return
    if isinstance(module, dict):
        raise ModelProblem(
            f"{source} gives a state_dict of {len(module)} entries, not a model: "
            "build the module and call load_state_dict on it"
        )
    raise ModelProblem(
        f"{source} returns a {type(module).__name__}, not a torch.nn.Module (nor a pair of module and inputs)"
    )


def _set_eval(module: torch.nn.Module) -> None:
    # A loaded .pt2 refuses: it was exported in the mode that it stays in.
    with contextlib.suppress(NotImplementedError):
        module.eval()


def _call(source: str, arguments: Any, root: Path) -> Any:
    function = find_callable(source, root)
    try:
        return function(**arguments)
    except (Exception, SystemExit) as error:
        raise ModelProblem(raised(source, error)) from error


def find_callable(source: str, root: Path) -> Callable[..., Any]:
    """The object that `module:callable` or `file.py:callable` names; raises ModelProblem."""
    module, colon, name = source.rpartition(":")
    if not colon or not module or not name:
        raise ModelProblem(
            f"{source!r} is no source: write module:callable, path/to/file.py:callable, "
            f"or a saved file ({', '.join(SAVED_SUFFIXES)})"
        )
    value: Any = _import(module, root)
    for part in name.split("."):
        if not hasattr(value, part):
            near = get_close_matches(part, dir(value), 1)
            meant = f": did you mean {near[0]!r}?" if near else not_the_file(module, root)
            raise ModelProblem(f"{module} has no {part!r}{meant}")
        value = getattr(value, part)
    if not callable(value):
        raise ModelProblem(f"{source} is a {type(value).__name__}, which can't be called")
    return value  # type: ignore[no-any-return]


def _import(module: str, root: Path) -> ModuleType:
    try:
        return import_module(module, root)
    except ModelProblem:
        raise
    except (Exception, SystemExit) as error:
        raise ModelProblem(raised(module, error, "can't be imported:")) from error


def _golden_inputs(spec: ModelSpec, example: Any, root: Path) -> Inputs:
    if isinstance(spec.inputs, str):
        return given_inputs(spec.inputs, root)
    if spec.inputs is not None:
        return seeded_inputs(spec.inputs)
    if example is None:
        table = f"inputs = [{{ shape = [1, 3, 224, 224] }}] to [models.{spec.name}]"
        option = "--shape 1,3,224,224, once for each (in a workflow: input-shape)"
        raise ModelProblem(f"no inputs: add {option if spec.by_options else table}, or return a pair (module, inputs)")
    return _check_inputs(example, spec.source)


def given_inputs(source: str, root: Path) -> Inputs:
    """The tensors that `module:callable` returns; raises ModelProblem."""
    return _check_inputs(_call(source, {}, root), source)


def _check_inputs(value: Any, where: str) -> Inputs:
    import torch

    inputs = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for index, tensor in enumerate(inputs):
        if not isinstance(tensor, torch.Tensor):
            kind = "None" if tensor is None else f"a {type(tensor).__name__}"
            raise ModelProblem(
                f"{where}: input {index} is {kind}, and inputs are tensors: wrap the model and give tensors alone: "
                f"{wrapper(value)}"
            )
    return tuple(tensor.detach() for tensor in inputs)


def seeded_inputs(specs: tuple[InputSpec, ...], seed: int = SEED) -> Inputs:
    import torch

    return tuple(torch.from_numpy(array) for array in seeded_arrays(specs, seed))
