"""Reads pickles without running anything in them."""

from __future__ import annotations

import io
import pickle
from typing import Any


class Inert:
    """Stands for every class and function that a pickle names, and for what they would make."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Inert:
        return super().__new__(cls)

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        """Take whatever is given."""

    def __setstate__(self, _state: Any) -> None:
        """Its state is of no interest."""

    def __setitem__(self, _key: Any, _value: Any) -> None:
        """A subclass of dict, such as OrderedDict, is filled so."""

    def append(self, _value: Any) -> None:
        """A subclass of list is filled so, or by extend."""

    def extend(self, _values: Any) -> None: ...


class InertUnpickler(pickle.Unpickler):
    """Loads the tuples, lists, dicts and plain values of a pickle; all else in it is Inert."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))

    def find_class(self, _module: str, _name: str, /) -> Any:
        return Inert

    def persistent_load(self, _pid: Any, /) -> Any:
        return Inert()
