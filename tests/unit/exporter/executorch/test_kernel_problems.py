from __future__ import annotations

import sys

import pytest

from pocketfit.exporter.executorch.kernel_problems import reason, stopped

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
