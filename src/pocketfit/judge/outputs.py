"""A file's outputs beside eager's: put into the same places, compared, and what differs said. Numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.judge.golden import TEXT, read_tensor
from pocketfit.judge.parity import compare_sets, disagreements, structure_differs
from pocketfit.judge.ties import has_ties, in_eagers_order
from pocketfit.records import Limits, Parity, TensorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # The outputs of one call: each with its place in the nested output, in the order of the Java program.
    Outputs = Sequence[tuple[str, NDArray[np.generic]]]

# Goes on after what differs where eager's detections have ties: which box suppresses another is then not defined.
TIES = "; two detections of eager have the same score, and their order is not defined, which may be why"
# Letters before and after the first one that differs.
SHOWN_LETTERS = 20


@dataclass(frozen=True)
class Judged:
    """A file's outputs against eager's. `problem` is empty where they do, `failed_limits` are what it is beyond.

    `same_structure` is False where they could not be compared value by value: another number, place, shape or dtype.
    """

    parity: Parity
    problem: str = ""
    failed_limits: tuple[str, ...] = ()
    same_structure: bool = True


def judge(expected: Outputs, actual: Outputs, limits: Limits, precision: str, *, flat: bool = False) -> Judged:
    """Compare what a file answered to one set of inputs with eager's answer, see judge_sets."""
    return judge_sets([(expected, actual)], limits, precision, flat=flat)


def judge_sets(
    sets: Iterable[tuple[Outputs, Outputs]], limits: Limits, precision: str, *, flat: bool = False
) -> Judged:
    """Compare a file with eager on several sets of inputs; `sets` are pairs of eager's outputs and the file's.

    `flat` is for formats whose files know no containers: their outputs are a list, and take eager's places in order.
    The pairs are asked for one after the other, until one differs in structure.
    """
    expected_sets, actual_sets, paths, ties = [], [], [], False
    for expected, answered in sets:
        actual = _in_places_of(expected, answered) if flat else answered
        if differs := _texts_differ(expected, actual):
            return Judged(Parity(), differs)
        if differs := structure_differs(_described(expected), _described(actual)):
            return Judged(Parity(), f"{differs}{TIES if has_ties(expected) else ''}", same_structure=False)
        actual = in_eagers_order(expected, actual)
        ties = ties or has_ties(expected)
        paths = [path for path, _ in expected]
        expected_sets.append([values for _, values in expected])
        actual_sets.append([values for _, values in actual])
    parity = compare_sets(expected_sets, actual_sets, paths)
    broken = disagreements(parity, limits, precision)
    problem = "; ".join(limit.sentence for limit in broken)
    return Judged(parity, f"{problem}{TIES if problem and ties else ''}", tuple(limit.limit for limit in broken))


def read_outputs(tensors: Sequence[TensorFile], folder: Path) -> Outputs:
    """The values of outputs that are files; raises OSError or ValueError where one is not as described."""
    return [(tensor.path, read_tensor(tensor, folder)) for tensor in tensors]


def _in_places_of(expected: Outputs, actual: Outputs) -> Outputs:
    if len(expected) != len(actual):
        return actual
    return [(path, values) for (path, _), (_, values) in zip(expected, actual, strict=True)]


def _texts_differ(expected: Outputs, actual: Outputs) -> str | None:
    """Say which str differs, the only kind of output that is right or wrong as a whole; None where each is the same."""
    texts = {path: _text(values) for path, values in actual if path.endswith(TEXT)}
    for path, values in expected:
        if path in texts and texts[path] != (right := _text(values)):
            pairs = enumerate(zip(texts[path], right, strict=False))
            same = next((index for index, (one, other) in pairs if one != other), min(len(texts[path]), len(right)))
            where = f"output {place}" if (place := path.removesuffix(TEXT)) else "the output"
            return f"{where} is the str {_around(texts[path], same)} where eager has {_around(right, same)}"
    return None


def _text(values: NDArray[np.generic]) -> str:
    return values.tobytes().decode(errors="replace")


def _around(text: str, place: int) -> str:
    """A str as Python writes it, cut to what stands around `place`."""
    start, end = max(0, place - SHOWN_LETTERS), place + SHOWN_LETTERS
    return repr("…" * (start > 0) + text[start:end] + "…" * (end < len(text)))


def _described(outputs: Outputs) -> list[TensorFile]:
    return [TensorFile(path, values.dtype.name, tuple(values.shape), "") for path, values in outputs]
