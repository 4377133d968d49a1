"""Layers that nobody trained hold the same weights, and a file has them once: its size is not what it will be."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from pocketfit.exporter.anatomy.twins import twins
from pocketfit.records import Built, InputSpec
from tests.integration.builds.test_worker import build_one


def encoder(layers: int = 3) -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), layers)


def test_a_file_that_has_equal_weights_once() -> None:
    model = encoder()
    whole = sum(weight.nbytes for weight in model.parameters())
    (said,) = twins(model, whole // 3)
    assert said.startswith(
        "layers.0, layers.1, layers.2 hold the same weights, which the file has once: trained ones take "
    )
    # A file that has them all has nothing to say.
    assert twins(model, whole + 1000) == ()


def test_weights_that_are_tied_or_differ_are_none() -> None:
    model = encoder(1)
    assert twins(model, 0) == ()
    tied = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
    tied[1].weight = tied[0].weight  # type: ignore[assignment]
    assert twins(tied, 0) == ()


def test_a_transformer_of_random_weights(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    code = "from torch import nn\ndef make(layers=3):\n    return nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), layers, enable_nested_tensor=False)\n"
    (root / "net.py").write_text(code)
    built = build_one(root, "net.py:make", inputs=(InputSpec((1, 5, 32)),))
    assert isinstance(built, Built), built
    said = [reason for reason in built.export.reasons if "hold the same weights" in reason]
    assert len(said) == 1, built.export.reasons
    assert built.size_bytes < 3 * 34_000
