"""Messages as ExecuTorch 1.3 and older gave them on Android's libraries, with the log lines that the program adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.devices.executorch import uncallable
from pocketfit.devices.program import ProgramError, Result
from pocketfit.devices.reason import LONGEST, condense
from pocketfit.devices.verdict import judge_result
from pocketfit.files import Opened
from pocketfit.records import SmokeInput, TensorFile

RUNTIME = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
NO_MODULE = "[ExecuTorch Error 0x12] Invalid argument: Cannot get load module [Native Error: {}]\n"
NO_METHOD = "[ExecuTorch Error {}: Failed to load method: forward\n"
SHAPE = "[ExecuTorch Error 0x10] Operation not supported: Execution failed for method: forward\n"
VALUE = "[ExecuTorch Error 0x12] Invalid argument: Execution failed for method: forward\n"
IN_KERNEL = "\nKernelCall failed at instruction 0:0 in operator aten::embedding.out: 0x12\narg 0 with type id 1"
LOAD = {
    "empty": (
        NO_MODULE.format("0x12") + "File /t/m.pte: offset 0 + size 64 > file_size_ 0, or overflow detected",
        "RUNTIME can't load the file: it is empty: export it again, or copy it whole",
    ),
    "ten bytes": (
        NO_MODULE.format("0x12") + "File /t/m.pte: offset 0 + size 64 > file_size_ 10, or overflow detected",
        "RUNTIME can't load the file: it has 10 bytes: export it again, or copy it whole",
    ),
    "half": (
        NO_MODULE.format("0x23") + "File size is too small. Expected file size from extended header is 5520, actual "
        "file size from data loader is 2760",
        "RUNTIME can't load the file: it was cut short, 2,760 of 5,520 bytes: export it again, or copy it whole",
    ),
    "foreign": (
        NO_MODULE.format("0x23") + "Program identifier '\x94\xb9\xde\x03' != expected 'ET1",
        "RUNTIME can't load the file: it is no ExecuTorch program: export the model as format executorch",
    ),
    "zeros": (
        NO_MODULE.format("0x23") + "Program identifier '' != expected 'ET12'",
        "RUNTIME can't load the file: it is no ExecuTorch program: export the model as format executorch",
    ),
    "tensorflow": (
        NO_MODULE.format("0x23") + "Program identifier 'TFL3' != expected 'ET12'",
        "RUNTIME can't load the file: it is a TensorFlow Lite model, no ExecuTorch program: export the model as format "
        "executorch",
    ),
    "version": (
        NO_MODULE.format("0x23") + "Program identifier 'ET11' != expected 'ET12'",
        "RUNTIME can't load the file: it is an ExecuTorch program of version ET11, and this runtime reads ET12: export it "
        "with executorch of the runtime's version",
    ),
    "qnn": (
        NO_METHOD.format("0x20] Resource not found") + "Backend QnnBackend is not registered.",
        "RUNTIME does not have QnnBackend (Qualcomm's QNN), which the program was lowered for: lower it for XNNPACK, which "
        "runs on every phone's CPU",
    ),
    "unknown backend": (
        NO_METHOD.format("0x20] Resource not found") + "Backend OwnBackend is not registered.",
        "RUNTIME does not have OwnBackend, which the program was lowered for: lower it for XNNPACK, which runs on every "
        "phone's CPU",
    ),
    "vulkan": (
        "Exception raised from runtime at /u/executorch/backends/vulkan/runtime/vk_api/Runtime.cpp:407: (p_runtime) is "
        "false! Pytorch Vulkan Runtime: The global runtime could not be retrieved because it failed to initialize.",
        "the program was lowered for Vulkan, and RUNTIME finds no driver of it here: lower it for XNNPACK, which runs on "
        "every phone's CPU",
    ),
    "kernel": (
        NO_METHOD.format("0x14] Operator missing") + "kernel 'aten::erq.out' not found.\nMissing operator: [1] "
        "aten::erq.out\nThere are 1 instructions don't have corresponding operator registered. See logs for details",
        "RUNTIME does not have aten::erq.out: leave the operator out of the model, or build the app's runtime with its "
        "kernel",
    ),
    "newer XNNPACK": (
        "[Executorch Error 0x11] Operation not implemented: loading the method forward\nUnhandled node type: \n"
        "XNNCompiler::compileModel failed: 0x11\nInit failed for backend XnnpackBackend: 0x11",
        "RUNTIME can't read what XNNPACK was given: the exporter is newer than its XNNPACK: export with executorch of the "
        "runtime's version, or ship a newer runtime",
    ),
    "another": (
        NO_METHOD.format("0x21] Allocation failed") + "Failed to allocate 12 bytes for planned buffer 1",
        "RUNTIME can't load the file: Failed to allocate 12 bytes for planned buffer 1",
    ),
}
FORWARD = {
    "shape": (
        SHAPE + "Attempted to resize a static tensor. Expected shape (1, 16), but received (1, 15).\n"
        "Error resizing tensor at input 0",
        "input 0 has shape (1, 15), and the program takes (1, 16) alone on RUNTIME: give it that, or export it with example "
        "inputs of the other shape",
    ),
    "rank": (
        SHAPE
        + "Attempted to change the tensor rank which is immutable: old=2, new=1\nError resizing tensor at input 3",
        "input 3 has 1 dimension, and the program takes 2 on RUNTIME: give it its own shape",
    ),
    "bound": (
        SHAPE + "Attempted to resize a bounded tensor with a maximum capacity of 128 elements to 144 elements.\n"
        "Error resizing tensor at input 0",
        "input 0 has 144 elements, and the program has room for 128 on RUNTIME: export it with a larger upper bound",
    ),
    "dtype": (
        VALUE + "Input 0 has unexpected scalar type: expected Float but was Int.",
        "input 0 is int32, and the program takes float32 on RUNTIME: give it as float32",
    ),
    "more": (
        VALUE + "Input index (1) must be less than the number of inputs in method (1).",
        "the program takes 1 input on RUNTIME, and was given more: give it as many as forward takes",
    ),
    "more, in 0.7": (
        "[Executorch Error 0x12] Execution of method forward failed with status 0x12\n"
        "input size: 3 does not match method input size: 2",
        "the program takes 2 inputs on RUNTIME, and was given more: give it as many as forward takes",
    ),
    "index": (
        VALUE + "Check failed (indices_ptr[i] < weight_height): indices_ptr[1] 10 >= weight.size(0) 10" + IN_KERNEL,
        "forward failed on RUNTIME: index 10 of aten::embedding.out is beyond its 10 rows: give it indices from 0 up to "
        "its last row",
    ),
    "negative index": (
        VALUE + "Check failed (indices_ptr[i] >= 0): indices_ptr[0] -1 < 0" + IN_KERNEL,
        "forward failed on RUNTIME: index -1 of aten::embedding.out is below 0: give it indices from 0 up to its last row",
    ),
    "without a log": (
        VALUE.strip(),
        "RUNTIME fails in forward: [ExecuTorch Error 0x12] Invalid argument: Execution failed for method: forward",
    ),
}


@pytest.mark.parametrize("case", LOAD)
def test_what_is_said_while_loading(case: str) -> None:
    message, sentence = LOAD[case]
    assert condense(ProgramError("load", message, "IllegalStateException"), RUNTIME) == sentence.replace(
        "RUNTIME", RUNTIME
    )


@pytest.mark.parametrize("case", FORWARD)
def test_what_is_said_of_a_call(case: str) -> None:
    message, sentence = FORWARD[case]
    assert condense(ProgramError("forward", message, "IllegalStateException"), RUNTIME) == sentence.replace(
        "RUNTIME", RUNTIME
    )


def test_each_sentence_is_whole() -> None:
    for _, sentence in (*LOAD.values(), *FORWARD.values()):
        assert len(sentence.replace("RUNTIME", RUNTIME)) <= LONGEST


def test_other_runtimes_messages_are_left_to_others() -> None:
    error = ProgramError("load", "Following ops cannot be found. aten::foo ()", "RuntimeException")
    assert condense(error, "pytorch_android_lite 1.12.2") == "pytorch_android_lite 1.12.2 does not have aten::foo"


DATA = Path(__file__).parents[2] / "data"


def test_a_program_that_takes_inputs_is_not_called_without_any() -> None:
    program = DATA / "executorch-1.3.1/mlp.pte"
    said = "it takes 1 input, and was given none: give it tensors to run on"
    assert uncallable(SmokeInput("executorch", program, (), DATA)) == said
    some = TensorFile("[0]", "float32", (1, 16), "input0.bin")
    assert uncallable(SmokeInput("executorch", program, (some,), DATA)) is None


def test_what_can_not_be_read_is_left_to_the_runtime(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pte"
    cut.write_bytes((DATA / "executorch-1.3.1/mlp.pte").read_bytes()[:20])
    for path in (cut, tmp_path / "none.pte", DATA / "torch-1.13.ptl"):
        assert uncallable(SmokeInput("executorch", path, (), tmp_path)) is None


def test_a_file_that_the_runtime_can_not_open_is_no_fault_of_the_files(tmp_path: Path) -> None:
    message = "Cannot load model path: path is not readable: /t/m.pte"
    result = Result(error=ProgramError("load", message, "IllegalStateException"))
    run = judge_result(result, Opened(tmp_path, -1), tmp_path, RUNTIME)
    assert (run.status, run.reason) == ("infra-error", f"{RUNTIME} can't load the file: {message}")
