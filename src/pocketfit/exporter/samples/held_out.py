"""Which of the user's batches a file is judged on: those are not calibrated with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs


def hold_out(batches: Sequence[Inputs], like: Inputs, wanted: int) -> tuple[tuple[Inputs, ...], tuple[Inputs, ...]]:
    """Part batches into those to calibrate with and up to `wanted` that are shaped like `like`.

    At most half are held out, spread over all of them: loaders sort. Where none is of that shape, larger batches each
    give the first of their items.
    """
    fitting = [index for index, batch in enumerate(batches) if _shapes(batch) == _shapes(like)]
    others = len(batches) - len(fitting)
    if fitting:
        held = _spread(fitting, min(wanted, max(len(fitting) // 2, 1 if others else 0)))
        return (
            tuple(batch for index, batch in enumerate(batches) if index not in held),
            tuple(batches[index] for index in held),
        )
    larger = [index for index, batch in enumerate(batches) if _is_larger(batch, like)]
    cut = _spread(larger, min(wanted, len(larger)))
    items = [len(tensor) for tensor in like]
    rest = tuple(
        tuple(tensor[count:] for tensor, count in zip(batch, items, strict=True)) if index in cut else batch
        for index, batch in enumerate(batches)
    )
    return rest, tuple(
        tuple(tensor[:count] for tensor, count in zip(batches[index], items, strict=True)) for index in cut
    )


def _spread(indexes: Sequence[int], wanted: int) -> list[int]:
    return [indexes[step * len(indexes) // wanted] for step in range(wanted)]


def _shapes(inputs: Inputs) -> list[tuple[int, ...]]:
    return [tuple(tensor.shape) for tensor in inputs]


def _is_larger(batch: Inputs, like: Inputs) -> bool:
    """True where the batch is more items of the very kind: one length along the first axis, and all others equal."""
    if not all(tensor.ndim for tensor in (*batch, *like)):
        return False
    lengths, counts = {len(tensor) for tensor in batch}, {len(tensor) for tensor in like}
    if len(lengths) != 1 or len(counts) != 1 or min(lengths) <= max(counts):
        return False
    return all(one.shape[1:] == other.shape[1:] for one, other in zip(batch, like, strict=True))
