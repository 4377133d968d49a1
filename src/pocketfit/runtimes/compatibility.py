"""Predicts whether a runtime will load and run an artifact, from what the one calls and the other has. Pure.

The two runtimes decide differently, and so do we. The lite one (torch/csrc/jit/mobile/function.cpp of 1.12) looks each
operator up by name and overload and fills arguments that the file does not give from the schema's defaults; types are
seen when the operator runs. The full one (torch/csrc/jit/frontend/schema_matching.cpp of 1.13) compiles the file's code
again: any overload of the name will do that takes the arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pocketfit.runtimes.bytecode import Bytecode, TableEntry
from pocketfit.runtimes.operators import OperatorList
from pocketfit.runtimes.schema import Argument, Overload, Schema

# What is known to help, by operator; what the recipe does by itself (exporter/torchscript/remedies.py) is not here.
TRACE = 'use how = "trace"'
TORCHVISION = "torchvision's own operators are not in the Android runtimes"
REMEDIES: Mapping[str, str] = {
    "aten::scaled_dot_product_attention": f"{TRACE}, under which it is rewritten as matmul and softmax",
    "aten::rms_norm": f"{TRACE}, under which it is rewritten as x * rsqrt(mean(x * x) + eps) * weight",
    "aten::_upsample_lanczos2d_aa": "scripting torchvision's resize brings it in: resize outside of the model",
    "aten::is_autocast_enabled": f"scripting nn.MultiheadAttention brings it in: {TRACE}",
    "aten::_transformer_encoder_layer_fwd": f"{TRACE}, under which this fast path is left out",
    "aten::any": f"{TRACE}, or call it once for each dimension",
    "aten::all": f"{TRACE}, or call it once for each dimension",
    "aten::squeeze": f"{TRACE}, or call it once for each dimension",
    "torchvision::nms": f"{TORCHVISION}: return boxes and scores, and suppress in the app",
    "torchvision::roi_align": f"{TORCHVISION}: split the model before it",
    "quantized::prelu": "use LeakyReLU or ReLU, or leave the layer in fp32",
}

# What a runtime has, and still refuses: (library, operator, argument that is true), as seen on the runtime itself.
REFUSES_TRUE = {("pytorch_android_lite 1.12.2", "aten::_transformer_encoder_layer_fwd", "norm_first")}

# Operators that end in LAPACK, by torch/aten/src/ATen/native/BatchLinearAlgebra.cpp. The runtimes were built without.
NEEDS_LAPACK = re.compile(
    r"^aten::(_?linalg_(inv|inv_ex|solve|solve_ex|svd|svdvals|qr|cholesky|cholesky_ex|lu|lu_factor|lu_factor_ex|lu_solve"
    r"|det|slogdet|eig|eigh|eigvals|eigvalsh|lstsq|pinv|matrix_rank|ldl_factor|ldl_solve|householder_product)"
    r"|inverse|det|logdet|slogdet|svd|qr|cholesky|cholesky_inverse|cholesky_solve|geqrf|ormqr|lstsq|pinverse|_lu_with_info"
    r"|lu_solve|symeig|_symeig_helper|nuclear_norm)$"
)


@dataclass(frozen=True)
class Given:
    """An argument of a call: its type, whether it is surely None or True, or left out of the file as the default."""

    type: str = ""
    is_none: bool = False
    is_default: bool = False
    is_true: bool = False
    keyword: str | None = None


@dataclass(frozen=True)
class Call(Overload):
    """An operator as TorchScript code calls it."""

    arguments: tuple[Given, ...]


@dataclass(frozen=True)
class Problem:
    """An operator that the runtime refuses; `why` completes the sentence that begins with it and its layers."""

    operator: str
    why: str
    layers: tuple[str, ...] = ()
    remedy: str | None = None

    @property
    def sentence(self) -> str:
        where = f" (in {_some(self.layers)})" if self.layers else ""
        return f"{self.operator}{where} {self.why}" + (f": {self.remedy}" if self.remedy else "")


def _some(layers: tuple[str, ...]) -> str:
    return layers[0] + (f", +{len(layers) - 1} more" if len(layers) > 1 else "")


def check_bytecode(
    code: Bytecode, runtime: OperatorList, layers: Mapping[str, tuple[str, ...]]
) -> tuple[Problem | str, ...]:
    """List what the lite runtime will refuse; a string is said of the file as a whole. `layers` is by `aten::sum`."""
    low, high = runtime.bytecode_versions
    if not low <= code.version <= high:
        return (f"its bytecode has version {code.version}, and {runtime.library} reads {low} to {high}",)
    problems = []
    for entry in code.operators:
        if why := _entry_refusal(entry, runtime):
            problems.append(_problem(entry.full_name, entry.name, why, layers))
    return tuple(problems)


def lite_refusal(call: Call, runtime: OperatorList) -> str | None:
    """Say why the lite runtime will refuse a call, once it is bytecode; None where it will not."""
    given = sum(not argument.is_default for argument in call.arguments)
    nones = frozenset(index for index, argument in enumerate(call.arguments) if argument.is_none)
    trues = frozenset(index for index, argument in enumerate(call.arguments) if argument.is_true)
    return _entry_refusal(TableEntry(call.name, call.overload, given, nones, trues), runtime)


def _entry_refusal(entry: TableEntry, runtime: OperatorList) -> str | None:
    schema = runtime.find(entry.name, entry.overload)
    if schema is None:
        return f"is not in {runtime.library}"
    if needs_lapack(entry.name, runtime):
        return f"needs LAPACK, which {runtime.library} was built without"
    arguments = schema.arguments
    if entry.given is not None and not schema.takes_more:
        if entry.given > len(arguments):
            return f"takes {len(arguments)} arguments in {runtime.library}, and the file gives it {entry.given}"
        outs = _trailing_outs(arguments)
        for argument in arguments[max(0, entry.given - outs) : len(arguments) - outs]:
            if not argument.has_default:
                return f"has no default for {argument.name} in {runtime.library}, and the file gives none"
    for index in sorted(entry.trues):
        if index < len(arguments) and (runtime.library, entry.name, arguments[index].name) in REFUSES_TRUE:
            return f"does not take {arguments[index].name} = True in {runtime.library}"
    for index in sorted(entry.nones):
        if index < len(arguments) and not _takes_none(arguments[index].type):
            return f"does not take None for {arguments[index].name} in {runtime.library}"
    return None


def _trailing_outs(arguments: tuple[Argument, ...]) -> int:
    count = 0
    for argument in reversed(arguments):
        if not (argument.keyword_only and argument.type == "Tensor" and not argument.has_default):
            break
        count += 1
    return count


def check_calls(
    calls: Iterable[Call], runtime: OperatorList, layers: Mapping[str, tuple[str, ...]]
) -> tuple[Problem, ...]:
    """List what the full runtime will refuse."""
    problems: dict[tuple[str, str], Problem] = {}
    for call in calls:
        if why := full_refusal(call, runtime):
            problems.setdefault((call.full_name, why), _problem(call.full_name, call.name, why, layers))
    return tuple(problems.values())


def full_refusal(call: Call, runtime: OperatorList) -> str | None:
    """Say why the full runtime will refuse a call, once it is code; None where it will not."""
    if not runtime.has(call.name):
        return f"is not in {runtime.library}"
    if needs_lapack(call.name, runtime):
        return f"needs LAPACK, which {runtime.library} was built without"
    if any(_matches(call, schema) for schema in runtime.schemas[call.name]):
        return None
    return f"is in {runtime.library}, but not with the arguments that the model gives it"


def needs_lapack(name: str, runtime: OperatorList) -> bool:
    return not runtime.has_lapack and NEEDS_LAPACK.match(name) is not None


def _problem(full_name: str, name: str, why: str, layers: Mapping[str, tuple[str, ...]]) -> Problem:
    return Problem(full_name, why, layers.get(name, ()), REMEDIES.get(full_name) or REMEDIES.get(name))


def _matches(call: Call, schema: Schema) -> bool:
    if schema.takes_more:
        return True
    positional = [argument for argument in schema.arguments if not argument.keyword_only]
    by_name = {argument.name: argument for argument in schema.arguments}
    taken: set[str] = set()
    for index, given in enumerate(call.arguments):
        if given.is_default:
            continue
        argument = (
            by_name.get(given.keyword) if given.keyword else (positional[index] if index < len(positional) else None)
        )
        if argument is None or not _accepts(argument.type, given, argument.spreads):
            return False
        taken.add(argument.name)
    return all(argument.has_default or argument.name in taken for argument in schema.arguments)


def _accepts(declared: str, given: Given, spreads: bool) -> bool:
    """Say whether a value of this type can be passed; types that we can't judge are let through."""
    if given.is_none:
        return _takes_none(declared)
    actual = given.type
    if declared.endswith("?"):
        return _accepts(declared[:-1], Given(actual.removesuffix("?")), spreads)
    known = re.compile(r"^(Tensor|int|float|bool|str|complex|Scalar)(\[\])?$")
    if not known.match(declared) or not known.match(actual):
        return True
    if declared == actual:
        return True
    if declared == "Scalar":
        return actual in ("int", "float", "complex", "Tensor")
    if declared == "Scalar[]":
        return actual in ("int[]", "float[]")
    # A tensor is made a number, and a number a list, where the schema asks for it.
    return (declared in ("int", "float") and actual in ("Tensor", "Scalar")) or (spreads and declared == f"{actual}[]")


def _takes_none(declared: str) -> bool:
    return declared.endswith("?") or declared in ("Any", "NoneType") or re.match(r"^t\w*$", declared) is not None
