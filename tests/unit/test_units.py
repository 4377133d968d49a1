from __future__ import annotations

import pytest

from pocketfit import units
from pocketfit.records import Growth

TIMES = "\N{MULTIPLICATION SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("48 MB", 48_000_000),
        ("200 kB", 200_000),
        ("200 KB", 200_000),
        ("1234", 1234),
        ("1.5MB", 1_500_000),
        ("0.3 MB", 300_000),
        ("2 GB", 2_000_000_000),
        (" 7 B ", 7),
        ("0", 0),
    ],
)
def test_parse_size(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1 MB", "48 MiB", "1e3", "1,5 MB", "nan", "48 MB or so", "٤ MB"])
def test_what_is_no_size_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size: write a number and B, kB, MB or GB") as caught:
        units.parse_size(text)
    assert str(caught.value) == (
        f'"{text}" is not a size: write a number and B, kB, MB or GB (1 kB is 1000 bytes), as in "48 MB"'
    )


def test_a_size_is_a_whole_number_of_bytes() -> None:
    with pytest.raises(ValueError, match=r'^"1.2345 kB" is not a whole number of bytes$'):
        units.parse_size("1.2345 kB")


@pytest.mark.parametrize(("text", "ratio"), [("1%", 0.01), ("10 %", 0.1), ("0.5%", 0.005), ("0%", 0.0), ("7%", 0.07)])
def test_parse_percent(text: str, ratio: float) -> None:
    assert units.parse_percent(text) == ratio


@pytest.mark.parametrize("text", ["", "%", "1", "-1%", "1%%", "ten %"])
def test_what_is_no_percentage_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a percentage") as caught:
        units.parse_percent(text)
    assert str(caught.value) == f'"{text}" is not a percentage: write a number and %, as in "1%"'


def test_parse_growth() -> None:
    assert units.parse_growth("1%") == Growth(ratio=0.01)
    assert units.parse_growth("200 kB") == Growth(size_bytes=200_000)


def test_a_growth_is_a_percentage_or_a_size() -> None:
    with pytest.raises(ValueError, match=r'^"lots" is neither a percentage \("1%"\) nor a size \("200 kB"\)$'):
        units.parse_growth("lots")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (1_234, "1.23 kB"),
        (999_994, "999.99 kB"),
        (999_999, "1.00 MB"),
        (46_740_000, "46.74 MB"),
        (999_999_999, "1.00 GB"),
        (12_345_678_901, "12.35 GB"),
        (-2_000_000, "-2.00 MB"),
    ],
)
def test_format_bytes(size: int, text: str) -> None:
    assert units.format_bytes(size) == text


@pytest.mark.parametrize(
    ("base", "head", "delta", "change"),
    [
        (3_080_000, 4_314_567, "+1,234,567 B", "+40.1 %"),
        (100, 100, f"{PLUS_MINUS}0 B", f"{PLUS_MINUS}0 %"),
        # One byte is never nothing, and nearly all is never all.
        (40_000_000, 40_000_001, "+1 B", "<0.1 %"),
        (40_000_001, 40_000_000, "-1 B", "<0.1 %"),
        (40_000_000, 1, "-39,999,999 B", "< -99.9 %"),
        (40_000_000, 0, "-40,000,000 B", "-100.0 %"),
        (1_000, 999, "-1 B", "-0.1 %"),
        (0, 12, "+12 B", "from 0"),
        (1, 2_000, "+1,999 B", "+199,900.0 %"),
        (2**63, 1, "-9,223,372,036,854,775,807 B", "< -99.9 %"),
    ],
)
def test_a_change_is_never_rounded_away(base: int, head: int, delta: str, change: str) -> None:
    assert units.format_bytes_delta(head - base) == delta
    assert units.format_change(base, head) == change


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.1234, "0.123 ms"),
        (0.9996, "1.00 ms"),
        (4.214, "4.21 ms"),
        (9.996, "10.0 ms"),
        (24.93, "24.9 ms"),
        (99.96, "100 ms"),
        (1234.4, "1,234 ms"),
    ],
)
def test_format_ms(milliseconds: float, text: str) -> None:
    assert units.format_ms(milliseconds) == text


def test_small_formats() -> None:
    assert units.format_ratio(1.332) == f"{TIMES}1.33"
    assert [units.format_percent(ratio) for ratio in (0.01, 0.1, 1.0, 0.005)] == ["1 %", "10 %", "100 %", "0.5 %"]
    assert [units.format_diff(value) for value in (0.0, 2.94e-6, 1.0, 120.0)] == ["0", "2.9e-6", "1.0e0", "1.2e2"]
    assert units.format_sqnr(108.04) == "108.0 dB"
    assert units.format_sqnr(300.0) == "exact"
    assert units.format_sqnr(-300.0) == "none, NaN or infinity"


def test_a_change_of_a_metric_has_its_decimals() -> None:
    assert [units.format_metric(value) for value in (0.97777, 31.415, 250.04, 12345.6)] == [
        "0.9778",
        "31.41",
        "250.0",
        "12,346",
    ]
    assert units.format_metric_delta(-0.00277, 0.97) == "-0.0028"
    assert units.format_metric_delta(1e-6, 0.97) == "<0.0001"
    assert units.format_metric_delta(0.0, 0.97) == "\N{PLUS-MINUS SIGN}0"
    assert units.format_metric_delta(-1.25, 31.4) == "-1.25"


@pytest.mark.parametrize(
    ("base", "head", "text"),
    [(1000, 951, "4.9 %"), (1000, 1030, "3.0 %"), (1_000_000, 999_999, "<0.1 %"), (1, 1234, "123,300.0 %")],
)
def test_a_change_whose_direction_is_said_in_words(base: int, head: int, text: str) -> None:
    assert units.format_unsigned_change(base, head) == text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (13_995_123, 19_607_468, "14.0 → 19.6 MB"),
        (999, 1_234, "1.00 → 1.23 kB"),
        (998, 999, "998 → 999 B"),
        (346_000_000, 346_000_001, "346 MB +1 B"),
        (346_000_001, 346_000_000, "346 MB -1 B"),
        (999_499, 999_500, "1.00 MB +1 B"),
        (9_994_999, 9_995_000, "10.0 MB +1 B"),
        (99_949_999, 99_960_000, "100 MB +10,001 B"),
        (5_000_000, 500, "5.00 MB → 500 B"),
        (0, 5, "0 B → 5 B"),
    ],
)
def test_two_sizes_have_one_unit_and_no_change_is_rounded_away(before: int, after: int, expected: str) -> None:
    assert units.format_bytes_pair(before, after) == expected
