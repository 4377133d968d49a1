"""Head on further ABIs: what fails there, what is right there alone, and where each number stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Also, Built, Parity, Report, Row, Smoke, Trial, TrialRow
from pocketfit.report.cell import Cell
from pocketfit.report.cells import lines
from pocketfit.report.compare import compare
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from pocketfit.report.summary import headline, legend
from tests.unit.report.test_compare import DEVICE, NET, PASSED, built, snapshot, with_export

PHONE = replace(PASSED, abi="arm64-v8a", emulated_cpu="cortex-a76", parity=Parity(2e-6, 104.0))
CRASHED = replace(PHONE, status="failed", reason="the runtime crashed with SIGSEGV in foo", parity=Parity())
FAR = replace(PHONE, status="failed", reason="SQNR against eager is 12.0 dB, below 60 dB", parity=Parity(0.5, 12.0))
WRONG = replace(PASSED, status="failed", reason="SQNR against eager is 6.0 dB, below 60 dB", parity=Parity(1.0, 6.0))
UNUSABLE = Smoke("skipped", "qemu-aarch64 is not on PATH", "jvm", "arm64-v8a")


def report(device: Smoke, *phones: Smoke, before: Smoke | None = None, head: Built | None = None) -> Report:
    """Of a net that changed, with `phones` on further ABIs; `before` is base on each of them."""
    also = tuple(Also(before or PHONE, phone) for phone in phones)
    row = TrialRow(NET, PASSED, device, also=also)
    return compare(snapshot(built()), snapshot(head or built(1001, "bb")), Trial(DEVICE, (row,)))


def only_row(told: Report) -> Row:
    (row,) = told.rows
    return row


def test_agreement_there_stands_beside_the_devices() -> None:
    told = report(PASSED, PHONE)
    row = only_row(told)

    assert (told.verdict, row.status, row.reasons, row.also) == ("pass", "compared", (), (PHONE,))
    assert lines(told, [row])[0].check == Cell(
        "passed", "max diff 1.0e-6", "SQNR 110.0 dB", "quiet", "host 120.0 dB, arm64-v8a 104.0 dB"
    )
    assert "Beside it, the same on the libraries for arm64-v8a (cortex-a76, emulated)." in legend(told)
    assert "SQNR 110.0 dB<br>host 120.0 dB, arm64-v8a 104.0 dB" in render_markdown(told)
    page = render_html(told)
    assert "<dt>On arm64-v8a</dt><dd>max diff 2.0e-6, SQNR 104.0 dB</dd>" in page
    assert "<dt>Device there</dt><dd>jvm arm64-v8a, cortex-a76, emulated</dd>" in page


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (CRASHED, "on jvm arm64-v8a (cortex-a76): the runtime crashed with SIGSEGV in foo; it passes on jvm x86_64"),
        (
            FAR,
            "on jvm arm64-v8a (cortex-a76): SQNR against eager is 12.0 dB, below 60 dB; on jvm x86_64 it is 110.0 dB",
        ),
    ],
)
def test_what_fails_there_alone_fails(phone: Smoke, reason: str) -> None:
    told = report(PASSED, phone)
    row = only_row(told)

    assert (told.verdict, row.status) == ("fail", "failed")
    assert row.reasons[0] == reason
    assert row.failed_limits == (("min_sqnr_db",) if phone is FAR else ())
    status = lines(told, [row])[0].status
    assert status.fact == f"failed: {'min_sqnr_db' if phone is FAR else 'on jvm arm64-v8a'}"
    assert lines(told, [row])[0].check.tone == "failed"


def test_what_failed_there_before_is_counted_apart() -> None:
    told = report(PASSED, CRASHED, before=CRASHED)
    row = only_row(told)
    assert (told.verdict, row.failed_before) == ("pass", True)
    assert "base: it fails on jvm arm64-v8a too: the runtime crashed with SIGSEGV in foo" in row.reasons
    assert only_row(report(PASSED, PHONE, before=CRASHED)).reasons == (
        "base: it fails on jvm arm64-v8a already: the runtime crashed with SIGSEGV in foo",
    )
    assert not only_row(report(PASSED, CRASHED)).failed_before


def test_a_fault_of_the_x86_64_library_is_said_to_be_right_on_a_phone() -> None:
    told = report(WRONG, PHONE, head=with_export(built(1001, "bb"), ops={"aten::conv2d": 3}))
    row = only_row(told)

    assert (told.verdict, row.status, row.failed_limits) == ("pass", "compared", ())
    assert row.reasons == (
        "right on a phone: on jvm arm64-v8a it agrees with eager (SQNR 104.0 dB); jvm x86_64 does not (SQNR 6.0 dB), "
        "where the library computes a plain 1x1 convolution (aten::conv2d) on an image of under 4 pixels wrongly",
    )
    assert lines(told, [row])[0].check == Cell(
        "right on arm64-v8a", "max diff 2.0e-6", "SQNR 104.0 dB", aside="not on x86_64"
    )
    assert headline(told).text == "1 variant passes"


@pytest.mark.parametrize(
    ("device", "phone", "ops"),
    [
        # Nothing is known to be wrong with the device's library.
        (WRONG, PHONE, {"aten::add": 1}),
        (replace(WRONG, reason="it crashed", parity=Parity()), PHONE, {"aten::conv2d": 3}),
        # Nor is it right on a phone.
        (WRONG, FAR, {"aten::conv2d": 3}),
        (WRONG, UNUSABLE, {"aten::conv2d": 3}),
    ],
)
def test_any_other_failure_of_the_device_stays_one(device: Smoke, phone: Smoke, ops: dict[str, int]) -> None:
    told = report(device, phone, head=with_export(built(1001, "bb"), ops=ops))
    assert (told.verdict, only_row(told).reasons[0]) == ("fail", f"on jvm: {device.reason}")


def test_an_abi_that_can_not_be_used_is_said_and_fails_nothing() -> None:
    told = report(PASSED, UNUSABLE)
    row = only_row(told)
    assert (told.verdict, row.reasons, row.also) == ("pass", (), (UNUSABLE,))
    assert lines(told, [row])[0].check.aside == "host 120.0 dB, arm64-v8a not run"


def test_an_emulated_device_is_named_with_its_abi() -> None:
    row = only_row(report(CRASHED))
    assert row.reasons[0] == "on jvm arm64-v8a (cortex-a76): the runtime crashed with SIGSEGV in foo"
