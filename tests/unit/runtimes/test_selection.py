from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.out import Out
from pocketfit.records import Built, Export, Failed, Parity, Snapshot, Variant
from pocketfit.runtimes.selection import selections


def built(model: str, format_name: str, names: tuple[str, ...] | None) -> Built:
    export = Export(1, {}, (), (), (), Parity(), root_operators=names)
    return Built(Variant(model, format_name, "fp32"), "f", 1, 1, "ab" * 32, export)


ONE = built("one", "lite", ("aten::mean.dim", "aten::add.Tensor"))
OTHER = built("other", "lite", ("prepacked::conv2d_clamp_run", "aten::add.Tensor"))
PROGRAM = built("one", "executorch", ("aten::erf.out", "dim_order_ops::_clone_dim_order.out"))


def test_a_list_is_the_union_of_what_one_runtime_runs(tmp_path: Path) -> None:
    outcomes = (ONE, Failed(Variant("bad", "lite", "int8"), "no"), OTHER, PROGRAM)
    assert sorted(selections(outcomes)) == ["selected_operators.executorch.yaml", "selected_operators.lite.yaml"]
    Out(tmp_path).write_manifest(Snapshot("head", None, "0.1.0", "2.12.1", "artifacts/head", outcomes))
    assert (tmp_path / "artifacts/head/selected_operators.lite.yaml").read_text() == (
        "# What a runtime must have to run these files, for a smaller build of it (docs/app-size.md of Pocketfit).\n"
        "# SELECTED_OP_LIST of PyTorch's scripts/build_pytorch_android.sh takes it.\n"
        "# one/lite/fp32\n"
        "# other/lite/fp32\n"
        "- aten::add.Tensor\n"
        "- aten::mean.dim\n"
        "- prepacked::conv2d_clamp_run\n"
    )
    assert (tmp_path / "artifacts/head/selected_operators.executorch.yaml").read_text().splitlines()[1:] == [
        "# EXECUTORCH_SELECT_OPS_YAML of ExecuTorch's CMake takes it.",
        "# one/executorch/fp32",
        "- op: aten::erf.out",
        "- op: dim_order_ops::_clone_dim_order.out",
    ]


def test_a_program_that_calls_nothing_has_an_empty_list() -> None:
    assert selections([built("net", "executorch", ())])["selected_operators.executorch.yaml"].endswith("fp32\n[]\n")


@pytest.mark.parametrize("names", [None, ("aten::add\n- evil",), ("aten::add", "rm -rf"), ("",)])
def test_what_is_not_known_or_no_name_makes_no_list(names: tuple[str, ...] | None) -> None:
    assert sorted(selections([ONE, built("odd", "lite", names), PROGRAM])) == ["selected_operators.executorch.yaml"]
