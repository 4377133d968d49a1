from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketfit.records import Library
from pocketfit.runtimes.compatibility import Problem
from pocketfit.runtimes.kernels import KernelList, check_program, kernels_of, lacking
from pocketfit.runtimes.pte import Program, read_program

DATA = Path("tests/data/executorch-1.3.1")
SOFTWARE_MANSION = Library("react-native-executorch", "0.9.3", "ExecuTorch 1.3, built for Android by Software Mansion")
NAMED = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
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


def test_a_node_that_an_older_xnnpack_does_not_know() -> None:
    sine = read_program(DATA / "sin.pte")
    old = KernelList("ET 1", "ET12", frozenset(sine.kernels), frozenset(sine.backends), ("XNNAdd",) * 44)
    assert check_program(sine, old, {}) == (
        "XNNPACK of ET 1 does not know XNNSin: ship a newer runtime, or export it with executorch of this one's version",
    )
    assert lacking(sine, old) == ("XNNPACK's XNNSin",)
    assert check_program(sine, replace(old, nodes=("XNNAdd",) * 45), {}) == ()
    # Where nobody has looked at its nodes, nothing is said.
    assert check_program(sine, replace(old, nodes=()), {}) == ()
    assert lacking(replace(sine, nodes=(2, 99)), old) == ("XNNPACK's node 99",)


def test_all_that_is_lacking_is_named() -> None:
    lacks = Program("ET12", 1, ("aten::mean.out", "aten::erf.out"), ("XnnpackBackend", "QnnBackend"))
    assert lacking(lacks, RUNTIME) == ("aten::erf.out", "QnnBackend")


def test_the_kernels_of_a_library_that_was_read() -> None:
    found = kernels_of(SOFTWARE_MANSION)
    assert found
    assert (found.library, found.identifier, len(found.kernels)) == (NAMED, "ET12", 261)
    assert (len(found.nodes), found.nodes[:2], found.nodes[-1]) == (47, ("XNNAdd", "XNNFullyConnected"), "XNNCos")
    assert found.backends == {"XnnpackBackend", "VulkanBackend"}
    assert check_program(read_program(DATA / "words.pte"), found, {}) == ()


def test_no_kernels_are_known_of_other_libraries() -> None:
    assert kernels_of(Library("react-native-executorch", "9.9.9")) is None
    assert kernels_of(Library("pytorch_android_lite", "1.12.2")) is None
    assert kernels_of(None) is None
