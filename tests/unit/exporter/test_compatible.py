"""What a runtime that is known by its kernels refuses of a program; TorchScript's side needs torch."""

from __future__ import annotations

from pathlib import Path

from pocketfit.exporter.compatible import refused_program
from pocketfit.records import Library

DATA = Path(__file__).parents[2] / "data/executorch-1.3.1"
LIBRARY = Library("react-native-executorch", "0.9.3", "ExecuTorch 1.3, built for Android by Software Mansion")


def test_a_program_whose_kernels_are_all_there() -> None:
    assert refused_program(LIBRARY, DATA / "words.pte") == ()


def test_a_kernel_that_is_not_there_names_its_layers(tmp_path: Path) -> None:
    path = tmp_path / "words.pte"
    path.write_bytes((DATA / "words.pte").read_bytes().replace(b"aten::mean", b"aten::nope"))
    assert refused_program(LIBRARY, path, {"aten::nope.out": ("pool",)}) == (
        "aten::nope.out (in pool) is not in ExecuTorch 1.3, built for Android by Software Mansion "
        "(react-native-executorch 0.9.3): leave the operator out of the model, or build the app's runtime with its kernel",
    )


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "words.pte"
    path.write_bytes(bytes(1000))
    assert refused_program(LIBRARY, path) == ("it is no ExecuTorch program, which has ET and two digits at byte 4",)


def test_a_runtime_that_has_other_rules_or_is_not_known() -> None:
    for library in (None, Library("pytorch_android_lite", "1.12.2"), Library("executorch-android", "1.3.1")):
        assert refused_program(library, DATA / "words.pte") is None
