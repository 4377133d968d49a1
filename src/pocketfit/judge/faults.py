"""Faults of the Android libraries that a model may be blamed for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pocketfit.records import PHONE_ABI, Smoke

PLAIN_CONVOLUTIONS = frozenset({"aten::conv2d", "aten::_convolution", "aten::convolution"})


def plain_convolution(tried: Smoke, operators: Iterable[str]) -> str | None:
    """The operator that x86_64 libraries may have computed wrongly, where outputs differ there; None elsewhere.

    NNPACK's nnp_conv1x1_only_2x4__psimd stores windows of 4 pixels that overlap where an image has fewer: it hits 1x1
    convolutions that XNNPACK does not take, on x86_64 only (see tests/integration/devices/test_jvm.py).
    """
    wrong = tried.status == "failed" and tried.parity.max_abs_diff is not None
    if not wrong or tried.abi != "x86_64":
        return None
    return next(iter(sorted(PLAIN_CONVOLUTIONS.intersection(operators))), None)


def right_on_phone(tried: Smoke, also: Iterable[Smoke], operators: Iterable[str]) -> str | None:
    """Say that a phone's library computes right what the x86_64 one's own fault gets wrong; None where nobody knows."""
    operator = plain_convolution(tried, operators)
    phone = next((one for one in also if one.abi == PHONE_ABI and _agrees(one)), None)
    if operator is None or phone is None:
        return None
    return (
        f"right on a phone: on {phone.place} it agrees with eager{_sqnr(phone)}; {tried.place} does not{_sqnr(tried)}, "
        f"where the library computes a plain 1x1 convolution ({operator}) on an image of under 4 pixels wrongly"
    )


def _agrees(tried: Smoke) -> bool:
    return tried.status == "passed" and tried.parity.max_abs_diff is not None


def _sqnr(tried: Smoke) -> str:
    return "" if tried.parity.sqnr_db is None else f" (SQNR {tried.parity.sqnr_db:.1f} dB)"
