"""The sentences of what model code raises, wherever it was called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pocketfit.exporter.described import gist
from pocketfit.exporter.raised.places import Place, at, innermost, is_the_models, place_of
from pocketfit.exporter.raised.remedies import remedy
from pocketfit.exporter.tensors import dtype_name

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs

# A report shows 400 characters of a reason, so what it says of the place and of the remedy must not be cut.
LONGEST, LEAST = 390, 150
# How torch, and Python on its behalf, complains of tensors that are not as the model needs them.
OF_TENSORS = re.compile(
    r"\b(?:shapes?|sizes?|dimensions?|dim|dtype|scalar types?|channels?|Input type|broadcast\w*)\b|"
    r"\b[1-5]D\b|not implemented for '|index out of range in self",
    re.IGNORECASE,
)
OF_DTYPE = "not implemented for '"
OF_THE_CALL = re.compile(r"forward\(\) (?:missing|takes|got)")


def raised(what: str, error: BaseException, verb: str = "raises") -> str:
    """ "net.py:build raises KeyError: 'large' at deep.py:9, in inner", and what to do."""
    place, what_to_do = at(error), remedy(error)
    longest = LONGEST - len(f"{what} {verb} {place}{what_to_do}")
    said = gist(error, max(LEAST, longest)).rstrip(".")
    return f"{what} {verb} {said}{place}{what_to_do}".lstrip()


def not_forwarded(error: BaseException, inputs: Inputs, where: str, remedy_of_inputs: str) -> str:
    """What goes wrong in a call of forward: it does not take these inputs, or it raises. `where` names the inputs.

    `remedy_of_inputs` is what to do in the first case.
    """
    if not is_about_inputs(error):
        return raised("forward", error)
    listed = ", ".join(f"{dtype_name(tensor)} {'x'.join(map(str, tensor.shape))}" for tensor in inputs)
    said = raised("", error, "")
    return f"forward does not take {where} ({listed}): {said}; {remedy_of_inputs}"


def is_about_inputs(error: BaseException) -> bool:
    """True where forward can't be called with as many, or where a tensor's shape, dtype or range is not what it needs.

    What the model's own code raises by itself is its own matter, and so is what Python raises of other things.
    """
    own, last = place_of(error), innermost(error)
    if isinstance(error, TypeError) and OF_THE_CALL.search(str(error)):
        # Called wrongly by a line of the model it is that line's mistake.
        return own is None or not is_the_models(own.file)
    if last is not None and is_the_models(last.file) and last.code.startswith(("raise ", "assert ")):
        return False
    if isinstance(error, NotImplementedError):
        return OF_DTYPE in str(error)
    if isinstance(error, ValueError | IndexError) and _unpacks_a_shape(last):
        return True
    kinds = RuntimeError | ValueError | IndexError | AssertionError
    return isinstance(error, kinds) and OF_TENSORS.search(str(error)) is not None


def _unpacks_a_shape(place: Place | None) -> bool:
    return place is not None and (".shape" in place.code or ".size(" in place.code)
