from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.errors import ConfigError
from pocketfit.history.entry import FILE_NAME, commit_date, counted_on, entry_of, file_name
from pocketfit.records import HistoryVariant, Memory, Work
from pocketfit.store import history_entry_json, parse_history_entry
from tests.unit.report.samples import BROKEN, EVERYTHING, GREW, HEAD, REMOVED, side

DATE = "2026-11-26T10:00:00Z"


def test_what_is_kept_of_a_report() -> None:
    work = Work(206_003_092, 1, 1, "arm64-v8a", "cortex-a76", "pytorch_android_lite 1.12.2", 5)
    head = replace(side(19_607_468, 18_001_234, "bb"), work=work, memory=Memory(151_000_000, 2_000, None))
    made = entry_of(replace(EVERYTHING, rows=(replace(GREW, head=head), BROKEN, REMOVED)), DATE)
    assert (made.commit, made.date, made.verdict, made.torch) == (HEAD, DATE, EVERYTHING.verdict, "2.12.1")
    assert made.measured_on == "jvm / x86_64 / Intel Xeon Platinum 8481C / pytorch_android_lite 1.12.2 / threads=1"
    assert made.variants == (
        HistoryVariant(
            "mobilenet_v2", "lite", "fp32", "failed", 19_607_468, 18_001_234, "bb" * 32, 14.93, 206_003_092,
            "arm64-v8a / cortex-a76 / pytorch_android_lite 1.12.2", 151_000_000, 2_000,
        ),
    )  # fmt: skip
    text = history_entry_json(made)
    assert text.startswith('{"schema":1,"commit":"bbbca2dda')
    assert parse_history_entry(text.encode(), "one") == made


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            replace(EVERYTHING, head=None),
            "the report is of a working tree, and a history is of commits: commit, and run again",
        ),
        (replace(EVERYTHING, rows=(BROKEN,)), "no variant of the report was built, so there is nothing to keep"),
    ],
)
def test_nothing_to_keep(report: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        entry_of(report, DATE)  # type: ignore[arg-type]
    assert str(error.value) == sentence


def test_names_of_files() -> None:
    made = entry_of(EVERYTHING, commit_date(1_790_000_000))
    assert made.date == "2026-09-21T14:13:20Z"
    assert file_name(made) == f"20260921T141320Z-{HEAD}.json"
    assert FILE_NAME.fullmatch(file_name(made))
    for wrong, sentence in (
        ({"date": "yesterday"}, "date is no time like 2030-12-31T23:59:59Z: 'yesterday'"),
        ({"commit": "../../etc"}, "commit is no SHA: '../../etc'"),
    ):
        with pytest.raises(ConfigError) as error:
            file_name(replace(made, **wrong))
        assert str(error.value) == sentence


def test_what_was_not_counted_was_counted_nowhere() -> None:
    assert counted_on(None) is None
    assert counted_on(Work(abi="arm64-v8a", reason="no time")) is None


def test_a_cores_own_count_is_none_of_an_emulator() -> None:
    work = Work(7, abi="arm64-v8a", cpu="neoverse-n2", runtime="lite 1.12.2")
    assert counted_on(work) == "arm64-v8a / neoverse-n2 / lite 1.12.2"
    own = replace(work, counted_by="perf_event")
    assert counted_on(own) == "arm64-v8a / neoverse-n2 by its own counter / lite 1.12.2"
