from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from pocketfit.exporter.executorch.export_problems import not_exported

LIBRARY = """
class GuardOnDataDependentSymNode(Exception):
    pass


def clip(boxes):
    if boxes > 0:
        raise GuardOnDataDependentSymNode("Could not guard on data-dependent expression Eq(4*u1, 0)")
    raise ValueError("no boxes\\nat all")
"""
MODEL = """
def forward(clip, boxes):
    return clip(boxes)
"""


@pytest.mark.parametrize(
    ("boxes", "installed", "sentence"),
    [
        (
            1,
            "site-packages/vision/ops.py",
            "torch.export can't follow Python's control flow over the values of a tensor (repo/net.py:3, "
            '`return clip(boxes)`, which comes to vision/ops.py:8, `raise GuardOnDataDependentSymNode("Could not guard on '
            "data-dependent expression `): leave that part to the app, or write it with torch.where or torch.cond",
        ),
        (
            1,
            "site-packages/torch/ops.py",
            "torch.export can't follow Python's control flow over the values of a tensor (repo/net.py:3, "
            "`return clip(boxes)`): write it with torch.where or torch.cond",
        ),
        (
            0,
            "site-packages/vision/ops.py",
            "torch.export fails (repo/net.py:3, `return clip(boxes)`, which comes to vision/ops.py:9, "
            '`raise ValueError("no boxes\\nat all")`): ValueError: no boxes',
        ),
        (
            0,
            "repo/ops.py",
            'torch.export fails (repo/ops.py:9, `raise ValueError("no boxes\\nat all")`): ValueError: no boxes',
        ),
    ],
)
def test_the_models_line_and_the_librarys(tmp_path: Path, boxes: int, installed: str, sentence: str) -> None:
    for name, text in (("repo/net.py", MODEL), (installed, LIBRARY)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    clip = runpy.run_path(str(tmp_path / installed))["clip"]
    forward = runpy.run_path(str(tmp_path / "repo/net.py"))["forward"]

    with pytest.raises(Exception, match=r"no boxes|Could not guard") as caught:
        forward(clip, boxes)

    assert str(not_exported(caught.value)) == sentence


def test_without_a_line_of_the_models() -> None:
    assert str(not_exported(ValueError("no"))) == "torch.export fails: ValueError: no"
