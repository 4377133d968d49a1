"""Which integers a model takes: it looks them up in tables, whose lengths one run in eager mode shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pocketfit.judge.draws import Vocabulary

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs


def vocabularies_of(eager: Callable[..., Any], inputs: Inputs) -> tuple[Vocabulary | None, ...]:
    """The vocabulary of each input, None for one that is not looked up anywhere, or where forward fails."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    # Nobody else has these storages, so a tensor that has one is the input or a view of it.
    own = tuple(tensor.detach().contiguous().clone() for tensor in inputs)
    found = _Found(own)

    class Watching(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            answer = func(*args, **(kwargs or {}))
            found.see(func.overloadpacket, args, answer)
            return answer

    if not any(_is_integer(tensor) for tensor in inputs):
        return (None,) * len(inputs)
    try:
        with torch.no_grad(), Watching():
            eager(*own)
    except Exception:
        return (None,) * len(inputs)
    return tuple(found.vocabulary(index) for index in range(len(inputs)))


def _is_integer(tensor: torch.Tensor) -> bool:
    import torch

    return not tensor.is_floating_point() and not tensor.is_complex() and tensor.dtype != torch.bool


class _Found:
    """Numbers of entries, as they are seen: one for each place of each integer input."""

    def __init__(self, inputs: Inputs) -> None:
        import torch

        self.entries = [torch.zeros(tensor.shape, dtype=torch.int64) for tensor in inputs]
        self.padding: list[int | None] = [None] * len(inputs)
        # Kept alive, so that no other tensor gets the same address.
        self.copies = [(tensor, index) for index, tensor in enumerate(inputs) if _is_integer(tensor)]

    def see(self, packet: Any, args: Any, answer: Any) -> None:
        """Look at one operator: a copy of an input is as good as the input, and a lookup tells of a table."""
        import torch

        aten = torch.ops.aten
        if packet in (aten.clone, aten._to_copy):
            for index in self._indexes_of(args[0]):
                if answer.shape == self.entries[index].shape and answer.is_contiguous():
                    self.copies.append((answer, index))
            return
        for indices, entries, padding in _lookups(packet, args):
            for index in self._indexes_of(indices):
                self._note(index, indices, entries, padding)

    def _indexes_of(self, tensor: Any) -> list[int]:
        address = tensor.untyped_storage().data_ptr()
        return [index for copy, index in self.copies if copy.untyped_storage().data_ptr() == address]

    def _note(self, index: int, indices: torch.Tensor, entries: int, padding: int | None) -> None:
        """Note it for the very places that were looked up: columns may have tables of their own."""
        import torch

        of_all = self.entries[index].view(-1)
        numbers = torch.arange(of_all.numel())
        places = numbers.as_strided(indices.shape, indices.stride(), indices.storage_offset()).flatten()
        known = of_all[places]
        of_all[places] = torch.where((known > 0) & (known < entries), known, torch.full_like(known, entries))
        self.padding[index] = padding if self.padding[index] is None else self.padding[index]

    def vocabulary(self, index: int) -> Vocabulary | None:
        entries = self.entries[index].numpy()
        return Vocabulary(entries, self.padding[index]) if entries.any() else None


def _lookups(packet: Any, args: Any) -> Iterator[tuple[torch.Tensor, int, int | None]]:
    """The indices of a lookup, how many entries the table has, and the index that stands for nothing."""
    import torch

    aten = torch.ops.aten
    if packet is aten.embedding:
        yield args[1], len(args[0]), args[2] if len(args) > 2 and args[2] >= 0 else None
    elif packet in (aten._embedding_bag, aten._embedding_bag_forward_only):
        yield args[1], len(args[0]), None
    elif packet is aten.index_select:
        yield args[2], args[0].shape[args[1]], None
    elif packet is aten.index:
        for dimension, indices in enumerate(args[1]):
            if indices is not None and indices.dtype in (torch.int64, torch.int32):
                yield indices, args[0].shape[dimension], None
