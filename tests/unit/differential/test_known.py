"""A find that is listed with its cause is no news; any other is."""

from __future__ import annotations

from pathlib import Path

from tests.differential.known import Known, cause_of, read_known

LISTED = (Known("FALSE FAIL", "*-spectral_norm*/*/int8", "weight_orig", "the norm is not folded"),)


def test_what_fits_in_all_three_is_known() -> None:
    assert cause_of("FALSE FAIL", "00006-spectral_norm/lite/int8", "no weight_orig", LISTED) == "the norm is not folded"


def test_another_class_variant_or_text_is_news() -> None:
    assert cause_of("FALSE PASS", "00006-spectral_norm/lite/int8", "no weight_orig", LISTED) is None
    assert cause_of("FALSE FAIL", "00006-spectral_norm/lite/fp32", "no weight_orig", LISTED) is None
    assert cause_of("FALSE FAIL", "00006-spectral_norm/lite/int8", "no device", LISTED) is None


def test_the_list_is_read(tmp_path: Path) -> None:
    file = tmp_path / "known.toml"
    file.write_text('[[known]]\nkind = "FALSE FAIL"\nof = "*"\nsays = "x"\ncause = "y"\n')
    assert read_known(file) == (Known("FALSE FAIL", "*", "x", "y"),)
    assert all(one.cause for one in read_known())
