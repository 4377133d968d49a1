"""report.json stays as small as its readers want it, whatever models say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketfit.github.foreign_report import ZIP_LIMIT_BYTES
from pocketfit.out import Out
from pocketfit.records import Anatomy, OutputParity, Parity, Report
from pocketfit.report.fitted import LIMIT_BYTES, bare, fitted, size_bytes
from pocketfit.report.markdown import render_markdown
from pocketfit.store import read_foreign_report
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL

assert GREW.head is not None
MANY = {f"layer{number}": number for number in range(1_000)}
TALKATIVE = replace(
    GREW,
    reasons=("x" * 2_000,) * 400,
    parity=Parity(1e-6, 100.0, outputs=(OutputParity("y" * 2_000),) * 10),
    head=replace(GREW.head, ops=MANY, anatomy=Anatomy(modules=MANY)),
)


def test_a_report_that_fits_stays_as_it_is() -> None:
    assert fitted(EVERYTHING) is EVERYTHING


def test_only_the_row_that_says_too_much_loses_its_details() -> None:
    report = replace(EVERYTHING, rows=(*EVERYTHING.rows, TALKATIVE))
    smaller = fitted(report, size_bytes(EVERYTHING) + 10_000)
    assert smaller.rows == (*EVERYTHING.rows, bare(TALKATIVE))
    assert smaller.notes[-1] == "details of 1 of 10 variants are left out of report.json, which would be too large"
    assert smaller.rows[-1].reasons == ("x" * 199 + "…",) * 3
    assert smaller.rows[-1].status == "failed"


def test_a_pull_request_can_not_silence_its_comment_by_saying_much(tmp_path: Path) -> None:
    """See hole 16: what we write our own reader takes, that of a fork's report too."""
    rows = tuple(replace(TALKATIVE, model=f"net{number}") for number in range(15))
    report: Report = replace(CALM, verdict="fail", rows=(IDENTICAL, *rows))
    assert size_bytes(report) > LIMIT_BYTES
    out = Out(tmp_path)
    out.write_reports(report)
    assert out.report_json.stat().st_size <= LIMIT_BYTES < ZIP_LIMIT_BYTES
    read = read_foreign_report(out.report_json)
    assert (read.verdict, len(read.rows), read.rows[0]) == ("fail", 16, IDENTICAL)
    assert "net0/lite/fp32" in render_markdown(read)
