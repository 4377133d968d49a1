from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from pocketfit.exporter.executorch.problems import not_exported, not_lowered, reason, stopped

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
            'data-dependent expression `): leave that part to the app, or write it with torch.where or torch.cond, or use format lite with how = "script"',
        ),
        (
            1,
            "site-packages/torch/ops.py",
            "torch.export can't follow Python's control flow over the values of a tensor (repo/net.py:3, "
            '`return clip(boxes)`): write it with torch.where or torch.cond, or use format lite with how = "script"',
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


def test_a_fourier_transform_is_named() -> None:
    text = "Operator torch._ops.aten._fft_c2c.default is not in Core ATen opset (see the page on the IR)."
    assert str(not_lowered(RuntimeError(text))) == (
        "ExecuTorch has no Fourier transform (aten._fft_c2c), and the model takes one: leave it to the app, or use "
        "format lite"
    )


def test_without_a_line_of_the_models() -> None:
    assert str(not_exported(ValueError("no"))) == "torch.export fails: ValueError: no"


def test_the_operator_and_the_models_line_are_named() -> None:
    text = (
        "These operators are taking Tensor inputs with mismatched dtypes:\n\n"
        "Operator: <EdgeOpOverload: aten.linalg_qr.default>: schema = aten::linalg_qr(Tensor self)\n"
        'stack trace: File "/x/site-packages/torch/linalg.py", line 3, in qr\n    return r2c(x)\n'
        'File "/home/me/repo/net.py", line 26, in forward\n    return torch.linalg.qr(x)[1]\n\n'
        'Operator: aten.abs\nstack trace: File "/home/me/repo/net.py", line 27, in forward\n    return x\n'
    )
    assert str(not_lowered(RuntimeError(text))) == (
        "lowering to ExecuTorch fails at aten.linalg_qr (repo/net.py:26, `return torch.linalg.qr(x)[1]`): "
        "RuntimeError: These operators are taking Tensor inputs with mismatched dtypes"
    )


def test_an_operator_that_is_named_already_is_named_once() -> None:
    said = "Operator torch._ops.aten.linalg_inv_ex.default is not in Core ATen opset"
    assert str(not_lowered(RuntimeError(said))) == f"lowering to ExecuTorch fails: RuntimeError: {said}"


KERNEL = "[method.cpp:1480] KernelCall failed at instruction 0:0 in operator aten::convolution.out: 0x12\n"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", "failed with error 0x12"),
        ("[method.cpp:1] Check failed (a): b\n", "failed with error 0x12"),
        (KERNEL, "ExecuTorch's kernel aten::convolution.out refuses what it is given: failed with error 0x12"),
        (
            f"[a.cpp:389] Check failed (in.dim() == 3): Expect 3-D.\n[b.cpp:3] Check failed (check_args(in)): \n{KERNEL}",
            "ExecuTorch's kernel aten::convolution.out refuses what it is given: Expect 3-D",
        ),
        (
            f"[b.cpp:3] Check failed (check_args(in)): \n{KERNEL}",
            "ExecuTorch's kernel aten::convolution.out refuses what it is given: check_args(in)",
        ),
    ],
)
def test_the_log_names_the_operator_and_the_innermost_check(log: str, said: str) -> None:
    assert reason("failed with error 0x12", log) == said


def test_the_log_is_read_and_standard_error_is_back(capsys: pytest.CaptureFixture[str]) -> None:
    def execute() -> None:
        print(KERNEL, file=sys.stderr)
        raise RuntimeError

    problem = stopped(RuntimeError("error 0x12"), execute)

    assert (
        str(problem) == "ExecuTorch's kernel aten::convolution.out refuses what it is given: RuntimeError: error 0x12"
    )
    print("afterwards", file=sys.stderr)
    assert capsys.readouterr().err == "afterwards\n"
