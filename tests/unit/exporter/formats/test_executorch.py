from __future__ import annotations

from pocketfit.exporter.executorch.delegation import reasons
from pocketfit.exporter.executorch.export_problems import not_lowered
from pocketfit.records import Delegation


def test_all_delegated_is_no_news() -> None:
    assert reasons(Delegation(98, 98)) == []


def test_what_is_left_out_comes_by_number() -> None:
    left = {"aten::foo": 2, "aten::bar": 2, "aten::baz": 30}
    assert reasons(Delegation(1098, 1132, left)) == [
        "XNNPACK takes 1,098 of 1,132 operators; left to portable kernels: aten::baz (30), aten::bar (2), aten::foo (2)"
    ]


def test_many_kinds_are_left_out() -> None:
    (sentence,) = reasons(Delegation(0, 10, {f"aten::op{index}": 1 for index in range(10)}))
    assert sentence.endswith("aten::op6 (1), aten::op7 (1) and 2 more kinds")


def test_the_operator_and_the_models_line_are_named() -> None:
    text = (
        "These operators are taking Tensor inputs with mismatched dtypes:\n\n"
        "Operator: <EdgeOpOverload: aten._fft_r2c.default>: schema = aten::_fft_r2c(Tensor self)\n"
        'stack trace: File "/x/site-packages/torch/fft.py", line 3, in rfft\n    return r2c(x)\n'
        'File "/home/me/repo/net.py", line 26, in forward\n    return torch.fft.rfft(x).abs()\n\n'
        'Operator: aten.abs\nstack trace: File "/home/me/repo/net.py", line 27, in forward\n    return x\n'
    )
    assert str(not_lowered(RuntimeError(text))) == (
        "lowering to ExecuTorch fails at aten._fft_r2c (repo/net.py:26, `return torch.fft.rfft(x).abs()`): "
        "RuntimeError: These operators are taking Tensor inputs with mismatched dtypes"
    )


def test_an_operator_that_is_named_already_is_named_once() -> None:
    said = "Operator torch._ops.aten.linalg_inv_ex.default is not in Core ATen opset"
    assert str(not_lowered(RuntimeError(said))) == f"lowering to ExecuTorch fails: RuntimeError: {said}"
