"""What became of an artifact in each place that it was tried: the device, and further ABIs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pocketfit.judge.faults import right_on_phone
from pocketfit.records import Built, Smoke, TrialRow, about_base
from pocketfit.units import format_sqnr


@dataclass(frozen=True)
class Places:
    """Head in each place: `pairs` are base and head, the device's first, and `also` is head on further ABIs.

    `judged` are those that its limits are for, `failures` a sentence for each place where it fails, and `remarks` what
    else is to be said.
    """

    pairs: tuple[tuple[Smoke | None, Smoke], ...]
    also: tuple[Smoke, ...]
    judged: tuple[Smoke, ...]
    failures: tuple[str, ...]
    remarks: tuple[str, ...]


def places_of(tried: TrialRow, smoke: Smoke, head: Built) -> Places:
    """Gather what `smoke`, which is head on the device, and further ABIs say.

    The device's failure is none of head's where a phone's library is right, and the device's own known to be wrong.
    """
    also = tuple(each.head for each in tried.also)
    right = right_on_phone(smoke, also, head.export.ops)
    counted = also if right else (smoke, *also)
    return Places(
        pairs=((tried.base, smoke), *((each.base, each.head) for each in tried.also)),
        also=also,
        judged=counted,
        failures=tuple(_failure(one, smoke) for one in counted if one.status == "failed"),
        remarks=(right,) if right else (),
    )


def base_elsewhere(tried: TrialRow, head_fails: bool) -> tuple[str, ...]:
    """Say on which further ABIs base fails, and why."""
    when = "too" if head_fails else "already"
    return tuple(
        about_base(f"it fails on {each.base.place} {when}: {each.base.reason}")
        for each in tried.also
        if each.base and each.base.status == "failed"
    )


def without_place(reason: str) -> str:
    """A smoke's reason as trials hold it today: those of earlier versions said the place in it too."""
    return reason.removeprefix("on the device ")


def _failure(failed: Smoke, device: Smoke) -> str:
    """Why head fails in a place; elsewhere than on the device, beside what it does there."""
    reason = without_place(failed.reason) or "it fails, and gives no reason"
    core = f" ({failed.emulated_cpu})" if failed.emulated_cpu else ""
    return f"on {failed.where}{core}: {reason}{'' if failed is device else _beside(failed, device)}"


def _beside(failed: Smoke, device: Smoke) -> str:
    if device.status != "passed":
        return ""
    if failed.parity.sqnr_db is None or device.parity.sqnr_db is None:
        return f"; it passes on {device.place}"
    return f"; on {device.place} it is {format_sqnr(device.parity.sqnr_db)}"
