from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.records import Library
from pocketfit.runtimes.compatibility import Problem
from pocketfit.runtimes.kernels import KernelList, check_program, kernels_of
from pocketfit.runtimes.pte import Program, is_program, read_program

DATA = Path("tests/data/executorch-1.3.1")
SOFTWARE_MANSION = Library("react-native-executorch", "0.9.3", "ExecuTorch 1.3, built for Android by Software Mansion")
NAMED = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"


def test_what_a_program_needs_is_read_from_its_file() -> None:
    assert read_program(DATA / "mlp.pte") == Program("ET12", 1, (), ("XnnpackBackend",))
    assert read_program(DATA / "words.pte") == Program(
        "ET12", 1, ("aten::embedding.out", "aten::mean.out"), ("XnnpackBackend",)
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is no ExecuTorch program, which has ET and two digits at byte 4"),
        (b"PK\x03\x04 and no more", "it is no ExecuTorch program, which has ET and two digits at byte 4"),
        (b"\x08\x00\x00\x00ET12", "it points to byte 8, and has 8"),
    ],
)
def test_what_is_no_program_is_said_to_be_none(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "model.pte"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=problem):
        read_program(path)
    assert is_program(path) == (b"ET12" in content)


def test_any_damage_is_an_error_or_an_answer(tmp_path: Path) -> None:
    whole = (DATA / "words.pte").read_bytes()
    path = tmp_path / "model.pte"
    answers = 0
    for place in range(8, 600, 3):
        path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            answers += read_program(path).inputs == 1
        except ValueError:
            continue
    assert answers


def test_a_method_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ValueError, match="it has no method encode, but forward"):
        read_program(DATA / "mlp.pte", "encode")


RUNTIME = KernelList("ET 1", "ET12", frozenset({"aten::mean.out"}), frozenset({"XnnpackBackend"}))


def test_what_a_runtime_lacks_is_known_before_it_is_tried() -> None:
    fine = Program("ET12", 1, ("aten::mean.out",), ("XnnpackBackend",))
    assert check_program(fine, RUNTIME, {}) == ()

    lacks = Program("ET12", 1, ("aten::mean.out", "aten::erf.out"), ("XnnpackBackend", "QnnBackend"))
    kernel, backend = check_program(lacks, RUNTIME, {"aten::erf.out": ("act", "head")})
    assert isinstance(kernel, Problem)
    assert kernel.sentence == (
        "aten::erf.out (in act, +1 more) is not in ET 1: leave the operator out of the model, or build the app's runtime "
        "with its kernel"
    )
    assert backend == (
        "QnnBackend (Qualcomm's QNN) is not in ET 1: lower it for XNNPACK, which runs on every phone's CPU"
    )


def test_a_program_of_another_version_is_refused_as_a_whole() -> None:
    other = Program("ET13", 1, ("aten::erf.out",), ())
    assert check_program(other, RUNTIME, {}) == (
        "it is an ExecuTorch program of version ET13, and ET 1 reads ET12: export it with executorch of the runtime's "
        "version",
    )


def test_the_kernels_of_a_library_that_was_read() -> None:
    found = kernels_of(SOFTWARE_MANSION)
    assert found
    assert (found.library, found.identifier, len(found.kernels)) == (NAMED, "ET12", 261)
    assert found.backends == {"XnnpackBackend", "VulkanBackend"}
    assert check_program(read_program(DATA / "words.pte"), found, {}) == ()


def test_no_kernels_are_known_of_other_libraries() -> None:
    assert kernels_of(Library("react-native-executorch", "9.9.9")) is None
    assert kernels_of(Library("pytorch_android_lite", "1.12.2")) is None
    assert kernels_of(None) is None
