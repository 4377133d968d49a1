"""What forward declares, against a number of tensors."""

from __future__ import annotations

import pytest

from pocketfit.runtimes.schema import Argument
from pocketfit.runtimes.signature import mismatch, takes_tensor

IMAGE = Argument("Tensor", "image")
MASK = Argument("Optional[Tensor]", "mask", has_default=True)
THRESHOLD = Argument("float", "threshold")
WRAP = "only tensors can be given: save a module around it whose forward takes tensors and makes the rest of them"


@pytest.mark.parametrize(
    ("taken", "given"),
    [
        ([IMAGE], 1),
        ([IMAGE, MASK], 1),
        ([IMAGE, MASK], 2),
        ([], 0),
        ([IMAGE, Argument("int", "steps", has_default=True)], 1),
        ([Argument("Any", "anything"), Argument("Union[int, Tensor]", "either")], 2),
    ],
)
def test_what_can_be_called(taken: list[Argument], given: int) -> None:
    assert mismatch(taken, given) is None


@pytest.mark.parametrize(
    ("taken", "given", "sentence"),
    [
        (
            [Argument("Dict[str, Tensor]", "batch")],
            1,
            f"it takes a Dict[str, Tensor] as input 0 (batch), and was given a tensor: {WRAP}",
        ),
        (
            [IMAGE, Argument("int", "steps", has_default=True)],
            2,
            "it takes an int as input 1 (steps), and was given a tensor",
        ),
        ([IMAGE, THRESHOLD], 1, f"it takes 2 inputs (image: Tensor, threshold: float), and was given 1: {WRAP}"),
        ([IMAGE, IMAGE], 1, "it takes 2 inputs (image: Tensor, image: Tensor), and was given 1"),
        ([IMAGE], 3, "it takes 1 input (image: Tensor), and was given 3"),
        ([IMAGE, MASK], 0, "it takes 1 to 2 inputs (image: Tensor, mask: Optional[Tensor]), and was given 0"),
        ([], 1, "it takes 0 inputs, and was given 1"),
    ],
)
def test_what_can_not(taken: list[Argument], given: int, sentence: str) -> None:
    assert mismatch(taken, given) == sentence


@pytest.mark.parametrize(
    "declared",
    ["float", "str", "List[Tensor]", "Optional[float]", "Optional[Tuple[int, Tensor, int]]", "__torch__.Batch"],
)
def test_types_that_no_tensor_goes_into(declared: str) -> None:
    assert not takes_tensor(declared)
