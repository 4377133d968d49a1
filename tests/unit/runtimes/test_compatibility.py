from __future__ import annotations

import pytest

from pocketfit.records import Library
from pocketfit.runtimes.bytecode import Bytecode, TableEntry
from pocketfit.runtimes.compatibility import Call, Given, Problem, check_bytecode, check_calls, lite_refusal
from pocketfit.runtimes.operators import OperatorList, operators_of

TENSOR, NONE = Given("Tensor"), Given("NoneType", is_none=True)


def known(artifact: str, version: str) -> OperatorList:
    found = operators_of(Library(artifact, version))
    assert found
    return found


@pytest.fixture
def lite() -> OperatorList:
    return known("pytorch_android_lite", "1.12.2")


@pytest.fixture
def full() -> OperatorList:
    return known("pytorch_android", "1.13.1")


def test_a_library_that_nobody_read() -> None:
    assert operators_of(Library("pytorch_android_lite", "9.9.9")) is None


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (TableEntry("aten::conv2d", "", 4), None),
        (TableEntry("aten::conv2d", ""), None),
        (TableEntry("aten::rms_norm", "", 3), "is not in pytorch_android_lite 1.12.2"),
        (
            TableEntry("aten::sum", "dim_IntList", 2, frozenset({1})),
            "does not take None for dim in pytorch_android_lite 1.12.2",
        ),
        (TableEntry("aten::conv2d", "", 3, frozenset({2})), None),
        (TableEntry("aten::linalg_svd", "", 3), "needs LAPACK, which pytorch_android_lite 1.12.2 was built without"),
        (
            TableEntry("aten::einsum", "", 3),
            "takes 2 arguments in pytorch_android_lite 1.12.2, and the file gives it 3",
        ),
        (
            TableEntry("aten::var", "correction", 1),
            "has no default for dim in pytorch_android_lite 1.12.2, and the file gives none",
        ),
        (TableEntry("aten::add", "out", 3), None),
    ],
)
def test_the_lite_runtime(lite: OperatorList, entry: TableEntry, why: str | None) -> None:
    problems = check_bytecode(Bytecode(8, (entry,)), lite, {})
    assert [one.why for one in problems if isinstance(one, Problem)] == ([why] if why else [])


def test_bytecode_that_is_too_new(lite: OperatorList) -> None:
    assert check_bytecode(Bytecode(12, ()), lite, {}) == (
        "its bytecode has version 12, and pytorch_android_lite 1.12.2 reads 4 to 9",
    )


def test_a_flag_that_the_lite_runtime_refuses(lite: OperatorList) -> None:
    arguments = (*[TENSOR] * 8, Given("bool", is_true=True))
    call = Call("aten::_transformer_encoder_layer_fwd", "", arguments + (TENSOR,) * 9)
    assert lite_refusal(call, lite) == "does not take norm_first = True in pytorch_android_lite 1.12.2"


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        (Call("aten::any", "", (TENSOR,)), False),
        (Call("aten::any", "dims", (TENSOR, Given("int[]"), Given("bool"))), True),
        # Another overload takes the same arguments.
        (Call("aten::any", "newer", (TENSOR, Given("int"), Given("bool"))), False),
        # A single number where the schema says how many: int[2] stride.
        (Call("aten::conv2d", "", (TENSOR, TENSOR, NONE, Given("int"))), False),
        (Call("aten::conv2d", "", (TENSOR, TENSOR, NONE, Given("str"))), True),
        (Call("aten::conv2d", "", (TENSOR, NONE)), True),
        (
            Call("aten::sum", "dim_IntList", (TENSOR, NONE, Given("bool"), Given(is_default=True, keyword="dtype"))),
            False,
        ),
        (Call("aten::add", "Tensor", (TENSOR, TENSOR, Given("float", keyword="alpha"))), False),
        (Call("aten::add", "Tensor", (TENSOR, TENSOR, Given("float", keyword="beta"))), True),
        (Call("aten::linalg_inv_ex", "", (TENSOR,)), True),
        (Call("torchvision::nms", "", (TENSOR, TENSOR, Given("float"))), True),
    ],
)
def test_the_full_runtime_takes_any_overload_that_fits(full: OperatorList, call: Call, refused: bool) -> None:
    assert bool(check_calls([call], full, {})) == refused


def test_a_refusal_is_one_sentence(full: OperatorList) -> None:
    calls = [Call("torchvision::nms", "", (TENSOR,))] * 2
    (problem,) = check_calls(calls, full, {"torchvision::nms": ("detect", "refine")})
    assert problem.sentence == (
        "torchvision::nms (in detect, +1 more) is not in pytorch_android 1.13.1: torchvision's own operators are not "
        "in the Android runtimes: return boxes and scores, and suppress in the app"
    )
