"""What forward of a file takes, and whether tensors can be handed to it.

Asked before the call: the lite interpreter checks neither number nor types, and a tensor where a dict is expected ends
the process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pocketfit.runtimes.schema import Argument, split_at_commas

_UNION = re.compile(r"^(?:Union|Optional)\[(.*)\]$")
REMEDY = "only tensors can be given: save a module around it whose forward takes tensors and makes the rest of them"


def mismatch(taken: Sequence[Argument], given: int) -> str | None:
    """Say why a forward that takes these can't be called with so many tensors, in one sentence, or None."""
    others = [argument for argument in taken if not argument.has_default and not takes_tensor(argument.type)]
    remedy = f": {REMEDY}" if others else ""
    least = sum(not argument.has_default for argument in taken)
    if not least <= given <= len(taken):
        kinds = f" ({', '.join(f'{one.name}: {one.type}' for one in taken)})" if taken else ""
        number = f"{least} to {len(taken)}" if least < len(taken) else f"{least}"
        return f"it takes {number} {'input' if number == '1' else 'inputs'}{kinds}, and was given {given}{remedy}"
    for index, argument in enumerate(taken[:given]):
        if not takes_tensor(argument.type):
            article = "an" if argument.type[0] in "aeioAEIO" else "a"
            return (
                f"it takes {article} {argument.type} as input {index} ({argument.name}), and was given a tensor{remedy}"
            )
    return None


def takes_tensor(declared: str) -> bool:
    """Say whether a tensor can be passed where TorchScript declares this type."""
    if inside := _UNION.match(declared):
        return any(map(takes_tensor, split_at_commas(inside[1])))
    return declared in ("Tensor", "Any")
