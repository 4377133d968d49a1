"""The command that writes docs/support.md, on its quickest models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import require
from tools import support


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    monkeypatch.setattr(support, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(support, "FORMATS", {"lite": None})
    return tmp_path / "kept"


def test_a_model_as_it_is_and_one_that_is_rewritten(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert support.main(["two_inputs", "rms_norm"]) == 0
    head, _, passed, rewritten = capsys.readouterr().out.splitlines()
    assert head == "| Model | lite |"
    assert passed.startswith("| two_inputs | passed, SQNR 1")
    assert rewritten.startswith("| rms_norm | passed, SQNR 1")

    # What was seen is kept: the second time nothing is built.
    monkeypatch.setattr(support, "run", None)
    assert support.main(["two_inputs", "rms_norm"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [passed, rewritten]
    assert len(list(kept.iterdir())) == 2


def test_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert support.main(["resnet1001"]) == 2
    assert capsys.readouterr().err.startswith("'resnet1001' is none of the models: alexnet, vgg11, resnet18, ")
