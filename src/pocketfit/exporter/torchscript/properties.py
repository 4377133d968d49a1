"""Properties that raise when they are read, such as a LightningModule's trainer outside of training.

torch.jit reads every name of a module, and takes what has no value for missing if that is an AttributeError alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def readable(model: torch.nn.Module) -> Iterator[None]:
    """While the block runs, what raises of the model's properties is missing."""
    raising = dict(_raising(model))
    for (owner, name), value in raising.items():
        setattr(owner, name, _missing_where_it_raises(value))
    try:
        yield
    finally:
        for (owner, name), value in raising.items():
            setattr(owner, name, value)


def _raising(model: torch.nn.Module) -> Iterator[tuple[tuple[type, str], property]]:
    for part in model.modules():
        for owner in type(part).__mro__:
            for name, value in list(vars(owner).items()):
                if isinstance(value, property) and _raises(part, value):
                    yield (owner, name), value


def _raises(part: torch.nn.Module, value: property) -> bool:
    try:
        if value.fget:
            value.fget(part)
    except AttributeError:
        return False
    except Exception:
        return True
    return False


def _missing_where_it_raises(value: property) -> property:
    def read(part: Any) -> Any:
        try:
            return value.fget(part) if value.fget else None
        except Exception as error:
            raise AttributeError(str(error)) from error

    return property(read, value.fset, value.fdel, value.__doc__)
