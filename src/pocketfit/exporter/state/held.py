"""What a module holds, to be put back after forward has changed it."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# Values of classes from these are looked at from outside only: they are large, or not ours to write to.
OPAQUE_PACKAGES = frozenset({"torch", "numpy", "builtins", "typing", "weakref", "threading", "executorch", "torchao"})
OPAQUE = (type, FunctionType, MethodType, ModuleType)
LARGE_BYTES = 65_536
BUFFER, ATTRIBUTE, PARAMETER = "buffer", "attribute", "parameter"


@dataclass(frozen=True)
class Changed:
    """A value that forward changes: its name in the model, what it is there, and whether it starts with only zeros."""

    name: str
    kind: str
    starts_with_zeros: bool = True


class _Opaque:
    """Anything that we can't copy: the same object is put back."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def restore(self) -> Any:
        return self.value

    def differs(self, now: Any) -> bool:
        if type(now) is not type(self.value):
            return True
        # Other classes' own == may raise, or mean anything.
        return now is not self.value and isinstance(now, str | int | float | complex | bytes) and now != self.value


class HeldTensor:
    """A tensor and a copy of its values. They are put back in place: a trace holds the same tensor."""

    def __init__(self, tensor: torch.Tensor) -> None:
        # A value that an optimizer would follow (legacy weight_norm's) can't be copied with its module.
        self.tensor = tensor if tensor.is_leaf else tensor.detach()
        self.values = tensor.detach().clone()

    def restore(self) -> torch.Tensor:
        import torch

        if self.differs(self.tensor):
            try:
                with torch.no_grad():
                    if self.tensor.shape == self.values.shape:
                        self.tensor.copy_(self.values)
                    else:
                        self.tensor.data = self.values.clone()
            except RuntimeError:
                # Made by the model itself in inference_mode: nobody else may write to it.
                return self.values.clone()
        return self.tensor

    def differs(self, now: Any) -> bool:
        import torch

        if not isinstance(now, torch.Tensor) or (now.shape, now.dtype) != (self.values.shape, self.values.dtype):
            return True
        try:
            return not (_equal(now, self.values) or torch.equal(_bits(now), _bits(self.values)))
        except (RuntimeError, NotImplementedError):
            return now is not self.tensor

    @property
    def is_zero(self) -> bool:
        return not bool(self.values.any())


class _Container:
    """A list, dict, set, deque or tuple, or the attributes of an object, with what is in it."""

    def __init__(self, value: Any, parts: dict[Any, Any]) -> None:
        self.value, self.parts = value, parts

    def restore(self) -> Any:
        parts = {key: part.restore() for key, part in self.parts.items()}
        table = self.value if isinstance(self.value, dict) else getattr(self.value, "__dict__", None)
        if isinstance(self.value, list | set | deque):
            self.value.clear()
            (self.value.update if isinstance(self.value, set) else self.value.extend)(parts.values())
        elif table is not None:
            table.clear()
            table.update(parts)
        return self.value

    def differs(self, now: Any) -> bool:
        if type(now) is not type(self.value):
            return True
        parts = _parts(now) or {}
        return parts.keys() != self.parts.keys() or any(part.differs(parts[key]) for key, part in self.parts.items())


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """torch.equal, which takes twice as long as numpy for large tensors."""
    import numpy as np
    import torch

    if one.nbytes >= LARGE_BYTES:
        # numpy has no bfloat16, for one.
        with contextlib.suppress(TypeError, RuntimeError):
            return bool(np.array_equal(one.detach().numpy(), other.numpy()))
    return bool(torch.equal(one, other))


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    """Values that are equal where both are NaN."""
    import torch

    return torch.nan_to_num(tensor, nan=1.2345e4)


def _parts(value: Any) -> dict[Any, Any] | None:
    """What is in a container, by its place; None where it is none."""
    match value:
        case dict():
            return dict(value)
        case list() | tuple() | deque():
            return dict(enumerate(value))
        case set():
            return {item: item for item in value}
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, OPAQUE) or module in OPAQUE_PACKAGES or not hasattr(value, "__dict__"):
        return None
    return dict(vars(value))


def _hold(value: Any, seen: dict[int, Any]) -> Any:
    import torch
    from torch.nn.parameter import is_lazy

    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, torch.Tensor):
        plain = not is_lazy(value) and value.layout == torch.strided and value.device.type != "meta"
        held: Any = HeldTensor(value) if plain else _Opaque(value)
    elif isinstance(value, torch.nn.Module) or (parts := _parts(value)) is None:
        held = _Opaque(value)
    else:
        # Known before its parts are: they may hold it again.
        held = seen[id(value)] = _Container(value, {})
        held.parts.update({key: _hold(part, seen) for key, part in parts.items()})
    seen[id(value)] = held
    return held


class State:
    """All that a module and those in it hold: parameters, buffers, and attributes that are data.

    What forward adds is removed again, but for modules and parameters: those are layers that it makes on first use.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        import torch

        self._own = frozenset(vars(torch.nn.Module())) - {"training"}
        seen: dict[int, Any] = {}
        self._tables = [
            (name, kind, table, {key: _hold(value, seen) for key, value in self._entries(table)})
            for name, module in model.named_modules()
            for kind, table in self._tables_of(module)
        ]

    def _tables_of(self, module: Any) -> Iterator[tuple[str, Any]]:
        yield PARAMETER, module._parameters
        yield BUFFER, module._buffers
        if not is_script(module):
            yield ATTRIBUTE, vars(module)

    def _entries(self, table: Any) -> list[tuple[str, Any]]:
        return [(key, value) for key, value in table.items() if key not in self._own]

    def restore(self, *kinds: str) -> None:
        """Put back all, or what is of these kinds."""
        for _, kind, table, held in self._tables:
            if kinds and kind not in kinds:
                continue
            for key in [key for key, _ in self._entries(table) if key not in held and kind != PARAMETER]:
                del table[key]
            now = dict(self._entries(table))
            for key, value in held.items():
                if (after := value.restore()) is not now.get(key):
                    table[key] = after

    def changed(self) -> tuple[Changed, ...]:
        """What is no longer as it was."""
        found = []
        for name, kind, table, held in self._tables:
            now = dict(self._entries(table))
            for key in {**held, **now}:
                if key not in held or key not in now or held[key].differs(now[key]):
                    zeros = not isinstance(held.get(key), HeldTensor) or held[key].is_zero
                    found.append(Changed(f"{name}.{key}".lstrip("."), kind, zeros))
        return tuple(found)


def is_script(module: Any) -> bool:
    import torch

    return isinstance(module, torch.jit.ScriptModule)


def buffers_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Copies of a module's buffers, for `put_buffers`."""
    return {name: buffer.detach().clone() for name, buffer in module.named_buffers()}


def put_buffers(module: torch.nn.Module, saved: dict[str, torch.Tensor]) -> None:
    """Put values back into the buffers of these names: the module may be another form of the one that had them."""
    import torch

    with torch.no_grad():
        for name, buffer in module.named_buffers():
            if name in saved and HeldTensor(saved[name]).differs(buffer) and saved[name].shape == buffer.shape:
                buffer.copy_(saved[name])


@contextlib.contextmanager
def kept(model: torch.nn.Module) -> Iterator[State]:
    """Whatever happens to the model meanwhile is undone: a trace and an export run forward."""
    state = State(model)
    try:
        yield state
    finally:
        state.restore()


def told(changed: Sequence[Changed]) -> str:
    """Names as a sentence has them: "the buffer `past` and the attribute `h`"."""
    shown = [f"the {one.kind} `{one.name}`" for one in changed[:3]]
    more = [f"{len(changed) - 3} more"] if len(changed) > 3 else []
    *first, last = (*shown, *more) if shown else ("something that it keeps",)
    return f"{', '.join(first)} and {last}" if first else last
