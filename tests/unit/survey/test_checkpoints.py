from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pocketfit.survey.checkpoints import Checkpoint, read_checkpoint
from tests.unit.survey.looking import only_model
from tests.unit.survey.test_idioms import LOADED, NET

PLACE = PurePosixPath("net.pth")


class Tensor:
    """Stands for one of torch's, which this test has not: whatever is no plain value is read as one."""


def saved(path: Path, held: Any, root: str = "archive") -> None:
    content = io.BytesIO()
    pickle.Pickler(content, protocol=2).dump(held)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{root}/data.pkl", content.getvalue())


def state(*names: str) -> OrderedDict[str, Any]:
    return OrderedDict((name, Tensor()) for name in names)


@pytest.mark.parametrize(
    ("held", "wrapper"),
    [
        (state("stem.weight"), ""),
        ({"epoch": 3, "state_dict": state("stem.weight")}, "state_dict"),
        ({"model": state("stem.weight"), "optimizer": {"state": {}}}, "model"),
        ({"generator": dict(state("stem.weight"))}, "generator"),
    ],
)
def test_a_state_dict_is_read_wherever_it_stands(tmp_path: Path, held: Any, wrapper: str) -> None:
    saved(tmp_path / "net.pth", held)
    assert read_checkpoint(tmp_path, PLACE) == Checkpoint(PLACE, wrapper, ("stem.weight",))


@pytest.mark.parametrize("held", [Tensor(), [state("a")], {"epoch": 1}, {}, {"a": {"b": 1}}, {1: Tensor()}])
def test_what_holds_none(tmp_path: Path, held: Any) -> None:
    saved(tmp_path / "net.pth", held)
    assert read_checkpoint(tmp_path, PLACE) is None


def test_files_of_other_kinds(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path, PLACE) is None
    (tmp_path / "net.pth").write_bytes(b"no archive")
    assert read_checkpoint(tmp_path, PLACE) is None
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02garbage")
    assert read_checkpoint(tmp_path, PLACE) is None


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    saved(tmp_path / "net.pth", {"state_dict": {"stem.weight": Hostile()}})
    assert read_checkpoint(tmp_path, PLACE) == Checkpoint(PLACE, "state_dict", ("stem.weight",))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (("stem.weight", "block.conv.bias"), ""),
        (("module.stem.weight", "module.block.conv.bias"), "module."),
        (("_orig_mod.stem.weight",), "_orig_mod."),
        (("net.stem.weight", "net.block.conv.weight"), "net."),
    ],
)
def test_weights_find_their_class(tmp_path: Path, names: tuple[str, ...], prefix: str) -> None:
    saved(tmp_path / "net.pth", state(*names))
    saved(tmp_path / "other.pth", state("encoder.weight", "stem.weight"))
    model = only_model(tmp_path, {"net.py": NET})
    assert model.weights is None
    model = with_files(tmp_path)
    assert model.weights is not None
    assert (str(model.weights.checkpoint.path), model.weights.prefix) == ("net.pth", prefix)
    assert model.needs_builder


def with_files(folder: Path) -> Any:
    from pocketfit.survey import look

    (model,) = look(folder, [PurePosixPath(path.name) for path in sorted(folder.iterdir())]).models
    return model


def test_the_best_of_several_is_taken(tmp_path: Path) -> None:
    for name in ("epoch1.pth", "model_best.pth", "last.pth"):
        saved(tmp_path / name, state("stem.weight"))
    (tmp_path / "net.py").write_text(NET)
    assert str(with_files(tmp_path).weights.checkpoint.path) == "model_best.pth"


def test_a_function_that_loads_is_left_to_it(tmp_path: Path) -> None:
    saved(tmp_path / "weights.pth", state("stem.weight"))
    (tmp_path / "net.py").write_text(NET + LOADED)
    model = with_files(tmp_path)
    assert (model.source, model.weights) == ("net.py:load", None)
