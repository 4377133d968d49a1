"""Messages as the runtimes wrote them, paths shortened."""

from __future__ import annotations

import pytest

from pocketfit.devices.program import ProgramError
from pocketfit.devices.reason import condense

LITE = "pytorch_android_lite 1.12.2"
FULL = "pytorch_android 1.13.1"

MISSING_LITE = """\
Following ops cannot be found. Please check if the operator library is included in the build. If built with selected \
ops, check if these ops are in the list. If you are a Meta employee, please see fburl.com/missing_ops for a fix. Or \
post it in https://discuss.pytorch.org/aten::scaled_dot_product_attention, aten::_upsample_lanczos2d_aa ()
Exception raised from initialize_operators at /d/torch/csrc/jit/mobile/function.cpp:89 (most recent call first):
(no backtrace available)"""

MISSING_FULL = """
Unknown builtin op: aten::scaled_dot_product_attention.
Here are some suggestions:
\taten::_scaled_dot_product_attention

The original call is:
  File "code/__torch__.py", line 8
    _0 = torch.scaled_dot_product_attention(q, q, q)
         ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ <--- HERE
"""

ARGUMENTS_FULL = """
Arguments for call are not valid.
The following variants are available:

  aten::gelu(Tensor self) -> Tensor:
  Unknown keyword argument 'approximate'.
"""

INTERPRETER = """\
The following operation failed in the TorchScript interpreter.
Traceback of TorchScript, serialized code (most recent call last):
  File "code/__torch__.py", line 6, in forward
    input = torch._convolution(x, CONSTANTS.c0, CONSTANTS.c1, [1, 1])
            ~~~~~~~~~~~~~~~~~~ <--- HERE
RuntimeError: expected scalar type Long but found Float
"""

DATA_PTR = """\
expected scalar type Long but found Float
  \n  Debug info for handle(s): debug_handles:{-1}, was not found.
  \nException raised from data_ptr at /d/aten/src/ATen/core/TensorMethods.cpp:20 (most recent call first):
(no backtrace available)"""

NO_BYTECODE = """\
PytorchStreamReader failed locating file bytecode.pkl: file not found ()
Exception raised from valid at /d/caffe2/serialize/inline_container.cc:177 (most recent call first):
frame #0: <unknown function> + 0x1234"""

GARBAGE = """\
PytorchStreamReader failed reading zip archive: failed finding central directory
Exception raised from valid at /d/caffe2/serialize/inline_container.cc:183 (most recent call first):"""

NO_MEMORY = """\
[enforce fail at CPUAllocator.cpp:68] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes."""


@pytest.mark.parametrize(
    ("runtime", "stage", "message", "reason"),
    [
        (LITE, "load", MISSING_LITE, "does not have aten::scaled_dot_product_attention, aten::_upsample_lanczos2d_aa"),
        (FULL, "load", MISSING_FULL, "does not have aten::scaled_dot_product_attention"),
        (FULL, "load", ARGUMENTS_FULL, "has aten::gelu, but not with the arguments that the model gives it"),
        (
            LITE,
            "load",
            NO_BYTECODE,
            "can't read the file: it has no bytecode.pkl, so it was not saved by _save_for_lite_interpreter",
        ),
        (FULL, "load", GARBAGE, f"can't load the file: {GARBAGE.splitlines()[0]}"),
        (LITE, "load", "Format error\nException raised from _load", "can't load the file: Format error"),
        (LITE, "forward", NO_MEMORY, "ran out of memory in forward"),
    ],
)  # fmt: skip
def test_what_a_runtime_lacks(runtime: str, stage: str, message: str, reason: str) -> None:
    assert condense(ProgramError(stage, message), runtime) == f"{runtime} {reason}"


@pytest.mark.parametrize("message", [INTERPRETER, DATA_PTR])
def test_a_failure_while_running_in_one_sentence(message: str) -> None:
    reason = condense(ProgramError("forward", message), FULL)
    assert reason == "forward failed on pytorch_android 1.13.1: expected scalar type Long but found Float"


def test_java_without_memory() -> None:
    error = ProgramError("output", "", "OutOfMemoryError")
    assert condense(error, LITE) == "pytorch_android_lite 1.12.2 ran out of memory in output"


def test_an_exception_without_a_message_has_a_type() -> None:
    error = ProgramError("output", "", "NullPointerException")
    assert condense(error, LITE) == "output failed on pytorch_android_lite 1.12.2: NullPointerException"


def test_long_messages_are_cut() -> None:
    reason = condense(ProgramError("forward", "x" * 1000), LITE)
    assert len(reason) == 300
    assert reason.endswith("x…")
