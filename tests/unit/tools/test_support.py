from __future__ import annotations

import pytest

from pocketfit.records import Parity, Row, Smoke
from tools.support import cell

NO_RUNTIME = Smoke("skipped", "this image has no ExecuTorch Android runtime")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row("net", "lite", "fp32", "new", smoke=Smoke("passed", parity=Parity(sqnr_db=104.6))), "passed, SQNR 105 dB"),
        (
            Row("net", "lite", "fp32", "new", smoke=Smoke("passed", parity=Parity(sqnr_db=300.0))),
            "passed, equal to the last bit",
        ),
        (
            Row(
                "net",
                "lite",
                "fp32",
                "new",
                ("tracing: …", "left out freeze, which fails"),
                smoke=Smoke("passed", parity=Parity(sqnr_db=99.0)),
            ),
            "passed, SQNR 99 dB; left out freeze, which fails",
        ),
        (Row("net", "lite", "fp32", "failed", ("no such operator", "and more")), "no such operator"),
        (Row("net", "lite", "fp32", "skipped", ("not here",)), "skipped: not here"),
        (
            Row("net", "executorch", "fp32", "new", parity=Parity(sqnr_db=120.0), smoke=NO_RUNTIME),
            "passed on executorch's host runtime, SQNR 120 dB",
        ),
        (Row("net", "lite", "fp32", "new", smoke=Smoke("infra-error", "no disk")), "infra-error: no disk"),
    ],
)
def test_a_cell_says_what_became_of_a_model_in_a_format(row: Row, text: str) -> None:
    assert cell(row) == text
