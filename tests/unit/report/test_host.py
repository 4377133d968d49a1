from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Built, Export, Parity, Smoke, Variant
from pocketfit.report.host import host_differs

RAN = "the host and jvm differ: against eager, SQNR is {} dB by executorch's runtime on the host, and {} dB on jvm"


def built(format: str, sqnr_db: float | None) -> Built:
    export = Export(5, {}, (), (), (), Parity(1e-3, sqnr_db))
    return Built(Variant("net", format, "fp32"), "net", 10, 9, "aa", export)


def tried(status: str, sqnr_db: float | None = None) -> Smoke:
    return replace(Smoke("passed", "", "jvm"), status=status, parity=Parity(None, sqnr_db))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("format", "of_host", "smoke", "said"),
    [
        ("executorch", 120.0, tried("passed", 12.8), RAN.format("120.0", "12.8")),
        ("executorch", 20.0, tried("passed", 33.0), RAN.format("20.0", "33.0")),
        ("executorch", 12.0, tried("failed", 1.0), RAN.format("12.0", "1.0")),
        (
            "executorch",
            120.0,
            tried("failed"),
            "on the host, executorch's runtime runs it: SQNR 120.0 dB against eager",
        ),
        ("executorch", 33.9, tried("passed", 33.0), None),
        ("executorch", 130.0, tried("passed", 101.0), None),
        ("executorch", None, tried("passed", 12.8), None),
        ("executorch", 120.0, tried("skipped"), None),
        ("executorch", 120.0, tried("infra-error"), None),
        ("lite", 120.0, tried("passed", 12.8), None),
        ("onnx", 120.0, tried("passed", 12.8), None),
    ],
)
def test_what_the_host_makes_of_it(format: str, of_host: float | None, smoke: Smoke, said: str | None) -> None:
    assert host_differs(built(format, of_host), smoke) == (() if said is None else (said,))
