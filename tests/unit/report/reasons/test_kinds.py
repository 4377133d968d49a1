from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.config.parts import GrowthTable
from pocketfit.records import ABOUT_BASE, Row, Smoke
from pocketfit.report.markdown import render_markdown
from pocketfit.report.reasons.entries import Entry, address, entries
from pocketfit.report.reasons.kinds import LIMITS, WORDS, kinds_of
from pocketfit.report.reasons.page import explained, overview, troubleshooting
from tests.unit.cli.test_commands import pocketfit
from tests.unit.report.samples import BROKEN, EVERYTHING, GREW, IDENTICAL, NEW, REVIVED, TOUCHED, UNSUPPORTED

ROOT = Path(__file__).parents[4]


def failing(entry: Entry) -> Row:
    """A row that fails as the example of an entry says."""
    limits = {"parity": "min_sqnr_db", "int8-too-low": "min_sqnr_db", **{kind: limit for limit, kind in LIMITS.items()}}
    if entry.id in limits:
        precision = "int8" if entry.id == "int8-too-low" else "fp32"
        return replace(GREW, precision=precision, reasons=(entry.example,), failed_limits=(limits[entry.id],))
    if entry.id == "base-not-built":
        return replace(REVIVED, reasons=(entry.example,))
    if entry.id == "device-problem":
        return replace(NEW, smoke=Smoke("infra-error", entry.example))
    if entry.id in ("state-lost", "crash-on-device", "device-failed", "file-refused", "operator-missing"):
        return replace(UNSUPPORTED, reasons=(entry.example,), smoke=Smoke("failed", entry.example, "jvm"))
    return replace(BROKEN, reasons=(entry.example,))


@pytest.mark.parametrize("entry", entries().values(), ids=str)
def test_the_example_of_each_entry_is_of_its_kind(entry: Entry) -> None:
    assert kinds_of(failing(entry)) == (entry.id,)


def test_every_kind_has_an_entry_and_every_limit_a_kind() -> None:
    assert {*LIMITS.values(), *(kind for _, kind in WORDS)} <= set(entries())
    assert set(LIMITS) == {*GrowthTable.model_fields, "size_growth_over"}


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (GREW, ("size-limit", "latency-limit")),
        (replace(GREW, failed_limits=("min_sqnr_db",)), ("parity",)),
        (replace(GREW, failed_limits=("max_abs_diff",), precision="int8-dynamic"), ("int8-too-low",)),
        # Why it is wrong is said instead of that it is.
        (
            replace(
                BROKEN,
                failed_limits=("min_sqnr_db",),
                reasons=("static shape baked in: check_inputs (2x3x8x8) give another answer than eager: SQNR is 3 dB",),
            ),
            ("baked-in",),
        ),
        (replace(BROKEN, reasons=("the frozen module does not compute what eager does: SQNR",)), ("parity",)),
        (
            replace(BROKEN, precision="int8", reasons=("the quantized model does not compute what eager does: SQNR",)),
            ("int8-too-low",),
        ),
        (replace(BROKEN, reasons=("RuntimeError: Could not export Python function call 'Swish'.",)), ("not-exported",)),
        (replace(BROKEN, reasons=("the inputs that were made up are outside of what forward takes (NaN in eager)",)), ("inputs-do-not-fit",)),
        (replace(BROKEN, reasons=("no inputs: add inputs to [models.net]",)), ("inputs-do-not-fit",)),
        (replace(BROKEN, reasons=("the executorch file does not compute what eager does: SQNR",)), ("parity",)),
        (replace(BROKEN, reasons=("nets has no 'net'; did you mean 'Net'?",)), ("source-not-found",)),
        (replace(BROKEN, reasons=("something new",)), ("build-failed",)),
        (replace(UNSUPPORTED, smoke=Smoke("failed", "something new", "jvm")), ("device-failed",)),
        (replace(BROKEN, base=None, reasons=("net.py can't be imported: x", f"{ABOUT_BASE}it too")), ("not-imported", "base-not-built")),
        (TOUCHED, ()),
        (IDENTICAL, ()),
    ],
)  # fmt: skip
def test_what_a_row_fails_for(row: Row, kinds: tuple[str, ...]) -> None:
    assert kinds_of(row) == kinds


def test_the_page_is_that_of_the_entries() -> None:
    assert (ROOT / "docs/troubleshooting.md").read_text() == troubleshooting(), "run make troubleshooting"
    for entry in entries().values():
        assert f'<a id="{entry.id}"></a>\n\n## {entry.symptom}\n' in troubleshooting()


def test_entries_are_short_and_whole() -> None:
    for entry in entries().values():
        assert 2 <= len(entry.steps) <= 4, entry.id
        for sentence in (entry.meaning, *entry.steps):
            assert sentence.endswith((".", "?")), sentence
            assert max(len(part.split()) for part in sentence.split(". ")) <= 40, sentence


def test_the_comment_links_to_them() -> None:
    text = render_markdown(EVERYTHING)
    assert (
        f"- ❌ `mobilenet_v2/lite/fp32` ([size-limit]({address('size-limit')}), "
        f"[latency-limit]({address('latency-limit')})):" in text
    )
    assert f"`detector/torchscript/fp32` ([not-imported]({address('not-imported')})): ModuleNotFound" in text
    assert "`two_inputs/lite/fp32`: TracerWarning" in text


def test_the_command(tmp_path: Path) -> None:
    listed = pocketfit(tmp_path, "explain")
    assert (listed.returncode, listed.stdout.splitlines()) == (0, list(overview()))
    entry = entries()["operator-missing"]
    one = pocketfit(tmp_path, "explain", "operator-missing")
    assert one.stdout.splitlines() == list(explained(entry))
    assert one.stdout.startswith("operator-missing: The Android runtime lacks an operator\n")
    assert one.stdout.endswith("/docs/troubleshooting.md#operator-missing\n")
    wrong = pocketfit(tmp_path, "explain", "operators-missing")
    assert (wrong.returncode, wrong.stderr) == (
        2, "error: operators-missing is no kind of reason: did you mean operator-missing?\n"
    )  # fmt: skip
