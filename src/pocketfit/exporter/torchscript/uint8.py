"""Scripted models that take bool tensors, as Java can call them: with uint8. See exporter/java_types.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import describe
from pocketfit.exporter.java_types import script_around
from pocketfit.exporter.tensors import ModelProblem

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs


def scripted_with_java_types(module: Any, inputs: Inputs, methods: tuple[str, ...]) -> Any:
    """TorchScript around `module` that takes uint8 where `inputs` are bool, in forward and in `methods`.

    A method's argument is bool where forward's of the same name is: TorchScript does not say what a tensor holds.
    Raises ModelProblem for a method that can't be called from outside of its module.
    """
    import torch

    _self, *taken = module.forward.schema.arguments
    given = taken[: len(inputs)]
    bools = {argument.name for argument, one in zip(given, inputs, strict=False) if one.dtype == torch.bool}
    wrapper = script_around(module, _definition("forward", given, bools))
    for name in methods:
        _self, *arguments = getattr(module, name).schema.arguments
        try:
            wrapper.define(_definition(name, arguments, bools))
        except RuntimeError as error:
            # A class of the model's own, for one, has no name out here.
            raise ModelProblem(
                f"preserve_methods: {name} can't be reached beside bool inputs, which Java has no tensors for "
                f"({describe(error)}): take uint8 in forward and in {name}, and call .bool() on it"
            ) from error
    return wrapper


def _definition(name: str, arguments: list[Any], bools: set[str]) -> str:
    """The code of a method that hands on its arguments."""
    declared = "".join(f", {one.name}: {one.type}{_default(one)}" for one in arguments)
    passed = ", ".join(_converted(one) if one.name in bools else one.name for one in arguments)
    return f"def {name}(self{declared}):\n    return self.model.{name}({passed})\n"


def _default(argument: Any) -> str:
    return f" = {argument.default_value!r}" if argument.has_default_value() else ""


def _converted(argument: Any) -> str:
    converted = f"{argument.name}.to(torch.bool)"
    return converted if str(argument.type) == "Tensor" else f"None if {argument.name} is None else {converted}"
