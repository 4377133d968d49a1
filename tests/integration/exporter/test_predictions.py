"""Every model of docs/support.md, remedies left aside: what is predicted of it is what the real runtimes say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from pocketfit.config import read_config  # noqa: E402
from pocketfit.exporter.compatible import find_target, refused  # noqa: E402
from pocketfit.exporter.source import load_model  # noqa: E402
from pocketfit.runtimes.library import library_for  # noqa: E402
from tests.integration.conftest import require  # noqa: E402
from tests.integration.exporter.test_compatible import BOTH, Case, save, smoke_input, traced, verdicts  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:Lite Interpreter is deprecated"),
]

MODELS = Path(__file__).parents[3] / "tools" / "support_models"
SPECS = {spec.name: spec for spec in read_config(MODELS / "pocketfit.toml").models}
# What a runtime lacks of them; all others must be predicted, and found, to run.
LACKING = {
    "direct_attention": "aten::scaled_dot_product_attention",
    "rms_norm": "aten::rms_norm",
    "ssdlite320_mobilenet_v3_large": "torchvision::nms",
    "ssdlite320_scripted": "torchvision::nms",
    "fasterrcnn_mobilenet_v3_large_320_fpn": "torchvision::nms",
    "fasterrcnn_scripted": "torchvision::nms",
}


@pytest.mark.parametrize("name", SPECS)
def test_a_models_prediction(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    monkeypatch.setattr(sys, "path", [*sys.path])
    case = Case(name, *load_model(SPECS[name], MODELS)[:2])
    with torch.no_grad():
        scripted = SPECS[name].how == "script"
        module = torch.jit.freeze(torch.jit.script(case.module) if scripted else traced(case))
    for format in BOTH:
        folder = tmp_path / format
        folder.mkdir()
        try:
            path = save(module, format, folder / "model.saved")
        except RuntimeError as error:
            # What bytecode has no words for is a reason of its own.
            if format == "lite" and scripted and "supported in lite interpreter" in str(error):
                continue
            raise
        target, _ = find_target(format, library_for(format))
        predicted = refused(target, path, module)

        ((reason, outputs),) = verdicts(format, [smoke_input(case, format, path, folder)], folder)

        assert bool(predicted) == bool(reason) == (name in LACKING), (predicted, reason)
        assert outputs or all(LACKING[name] in text for text in (reason, " ".join(predicted)))
        path.unlink()
