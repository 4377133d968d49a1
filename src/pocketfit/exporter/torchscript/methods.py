"""Compares the methods that `preserve_methods` keeps in a file with the model's own, where there are inputs for them.

What forward takes is all that Pocketfit has: a method is called with those of forward's inputs that it names, with all
of them where it takes as many, or with nothing; what has a default keeps that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import gist
from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.state.eager import Eager, Loaded, answer, copies
from pocketfit.exporter.state.held import is_script
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.verify import as_arrays
from pocketfit.judge.outputs import judge
from pocketfit.records import Limits

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

NOT_COMPARED = "is kept in the file and was not compared with eager"


def compare_methods(
    eager: Eager, file: Loaded, inputs: Inputs, methods: Sequence[str], how: tuple[Limits, str]
) -> tuple[str, tuple[str, ...]]:
    """The first method that differs from eager's by more than `how` allows (limits and a precision), in a sentence that
    is empty where none does; and a reason for each that could not be compared. A .pte keeps none.
    """
    reasons: list[str] = []
    for name in methods if methods and _keeps_methods(file.anew()) else ():
        taken = _taken(eager.model, name, inputs)
        if isinstance(taken, str):
            reasons.append(f"{name} {NOT_COMPARED}: {taken}")
            continue
        answers = _of_eager(eager, name, taken)
        if isinstance(answers, str):
            reasons.append(f"{name} {NOT_COMPARED}: {answers}")
            continue
        if problem := _problem(file, name, taken, answers, how):
            return f"its method {name} does not compute what eager's does: {problem}", tuple(reasons)
    return "", tuple(reasons)


def _problem(file: Loaded, name: str, taken: Inputs, expected: Any, how: tuple[Limits, str]) -> str:
    import torch

    try:
        with torch.no_grad():
            actual = answer(_method(file.anew(), name), java_inputs(taken))
    except Exception as error:
        return f"it raises {gist(error)}"
    limits, precision = how
    return judge(as_arrays(expected), as_arrays(actual), limits, precision).problem


def _of_eager(eager: Eager, name: str, taken: Inputs) -> Any:
    """Eager's answer, flat, or why there is none to compare with."""
    import torch

    answers = []
    for _ in range(2):
        try:
            with torch.no_grad():
                answers.append(answer(getattr(eager.restarted(), name), copies(taken)))
            as_arrays(answers[-1])
        except ModelProblem as problem:
            return str(problem)
        except Exception as error:
            with_what = "without inputs" if not taken else "with forward's inputs"
            return f"it raises {with_what} ({gist(error, 120)})"
        finally:
            eager.reset()
    if not answers[0]:
        return "it returns no tensor"
    one, other = map(as_arrays, answers)
    if judge(one, other, Limits(), "fp32").problem:
        return "it answers differently when asked twice"
    return answers[0]


def _taken(model: torch.nn.Module, name: str, inputs: Inputs) -> Inputs | str:
    """The inputs to call a method with, or why there are none."""
    of_method, of_forward = _parameters(getattr(model, name)), _parameters(model.forward)
    by_name = dict(zip([one for one, _, _ in of_forward], inputs, strict=False))
    required = [(one, is_tensor) for one, is_tensor, has_default in of_method if not has_default]
    if not required:
        return ()
    if any(not is_tensor for _, is_tensor in required):
        return "it needs more than tensors"
    if all(one in by_name for one, _ in required):
        return tuple(by_name[one] for one, _ in required)
    if len(required) == len(inputs):
        return inputs
    return "it takes others than forward's inputs"


def _parameters(method: Callable[..., Any]) -> list[tuple[str, bool, bool]]:
    """Each parameter of a method: its name, whether it can be a tensor, and whether it has a default."""
    schema = getattr(method, "schema", None)
    if schema is not None:
        _self, *declared = schema.arguments
        return [(one.name, "Tensor" in str(one.type), one.has_default_value()) for one in declared]
    empty = inspect.Parameter.empty
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        (one.name, one.annotation is empty or "Tensor" in str(one.annotation), one.default is not empty)
        for one in inspect.signature(method).parameters.values()
        if one.kind in plain
    ]


def _keeps_methods(run: Any) -> bool:
    return is_script(run) or hasattr(run, "run_method")


def _method(run: Any, name: str) -> Callable[..., Any]:
    """A method of a file: the lite interpreter runs them by their names."""
    if is_script(run):
        return getattr(run, name)  # type: ignore[no-any-return]
    return lambda *inputs: run.run_method(name, *inputs)
