"""Scripted models as Java can call them, with tensors of its own types: uint8 for bool, and tensors for numbers.

See exporter/java_types.py for the others. Python makes a number of a tensor where a script declares one, and Java does
not: the lite interpreter ends by a signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import describe
from pocketfit.exporter.java_types import script_around
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.runtimes.schema import Argument
from pocketfit.runtimes.signature import mismatch

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs

NUMBERS = ("int", "float", "bool")
TO_BOOL = "{}.to(torch.bool)"


def scripted_from_java(module: Any, inputs: Inputs, methods: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """TorchScript that takes tensors of Java's types where `inputs` are others, and a reason for each number.

    In a method, an argument is bool where forward's of the same name is: TorchScript does not say what a tensor holds.
    Raises ModelProblem for what can't be called with tensors, or not from outside of its module.
    """
    import torch

    taken = arguments_of(module.forward)
    given = [Argument("Tensor" if _number(one) else one.type, one.name, one.has_default) for one in taken]
    if problem := mismatch(given, len(inputs)):
        raise ModelProblem(f"the script can't be called with these inputs: {problem}")
    bools = {one.name for one, value in zip(taken, inputs, strict=False) if value.dtype == torch.bool}
    taken = taken[: len(inputs)]
    reasons = tuple(
        f"input {index} is declared as {one.type}: the artifact takes a tensor of one value for it"
        for index, one in enumerate(taken)
        if _number(one)
    )
    if not bools and not reasons:
        return module, ()

    wrapper = script_around(module, _forward(taken, bools))
    for name in methods:
        try:
            wrapper.define(_method(name, getattr(module, name), bools))
        except RuntimeError as error:
            # A class of the model's own, for one, has no name out here.
            raise ModelProblem(
                f"preserve_methods: {name} can't be reached beside bool or number inputs, which need a module around "
                f"it ({describe(error)}): take uint8 and tensors in forward and in {name}, and convert them there"
            ) from error
    return wrapper, reasons


def arguments_of(method: Any) -> tuple[Argument, ...]:
    """List what a method of a script takes after self."""
    _self, *taken = method.schema.arguments
    return tuple(Argument(str(one.type), one.name, one.has_default_value()) for one in taken)


def _number(argument: Argument) -> str | None:
    """The type of number that an argument is declared as, or None."""
    plain = argument.type.removeprefix("Optional[").removesuffix("]")
    return plain if plain in NUMBERS else None


def _forward(taken: Sequence[Argument], bools: set[str]) -> str:
    """The code of a forward that takes a tensor for each of these."""

    def passed(one: Argument) -> str:
        number = _number(one)
        return f"{number}({one.name})" if number else TO_BOOL.format(one.name) if one.name in bools else one.name

    return _code("forward", "".join(f", {one.name}: Tensor" for one in taken), ", ".join(map(passed, taken)))


def _method(name: str, method: Any, bools: set[str]) -> str:
    """The code of a method that takes what the model's own does."""
    _self, *raw = method.schema.arguments
    declared = "".join(
        f", {one.name}: {one.type}" + (f" = {one.default_value!r}" if one.has_default_value() else "") for one in raw
    )
    passed = [_from_uint8(one) if one.name in bools else one.name for one in arguments_of(method)]
    return _code(name, declared, ", ".join(passed))


def _code(name: str, declared: str, passed: str) -> str:
    return f"def {name}(self{declared}):\n    return self.model.{name}({passed})\n"


def _from_uint8(argument: Argument) -> str:
    converted = TO_BOOL.format(argument.name)
    return f"None if {argument.name} is None else {converted}" if "Optional" in argument.type else converted
