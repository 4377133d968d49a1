"""Dated exceptions from a model's limits: what counts on a day, and what a report says of it. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

from pocketfit.records import ACCEPTED_UNTIL, Growth, Limits, ModelSpec
from pocketfit.units import format_bytes, format_percent

# A record's name of a limit, by its key in the file where that is another.
KEYS = {"size_bytes": "size"}


def limits_on(spec: ModelSpec, day: date) -> Limits:
    """Give the limits that a model has on this day: those that were accepted until then or later, else its own."""
    if spec.accepted is None or is_over(spec.accepted.until, day):
        return spec.limits
    return replace(spec.limits, **_set(spec.accepted.limits))


def note_on(spec: ModelSpec, day: date) -> str | None:
    """Say which exception counts on this day, or that one has ended; None where there is none."""
    if spec.accepted is None:
        return None
    until = f"{ACCEPTED_UNTIL}{spec.accepted.until}"
    if is_over(spec.accepted.until, day):
        return f"{until}, which is over: {spec.name} has its own limits again, and `accepted` can be taken out of them"
    said = [
        f"{KEYS.get(name, name)} = {limit_text(name, limit)}{_else(name, getattr(spec.limits, name))}"
        for name, limit in _set(spec.accepted.limits).items()
    ]
    return f"{until}: {spec.name} has {', '.join(said)}"


def is_over(until: str, day: date) -> bool:
    """Return whether the day `until` (YYYY-MM-DD) has passed."""
    return date.fromisoformat(until) < day


def limit_text(name: str, limit: Any) -> str:
    """Write the value of a limit, by the record's name of it, for reading."""
    match limit:
        case Growth(size_bytes=None):
            return format_percent(limit.ratio or 0)
        case Growth():
            return format_bytes(limit.size_bytes or 0)
    if name == "size_bytes":
        return format_bytes(limit)
    return f"{limit:g}" if name == "metric_drop" else format_percent(limit)


def _set(limits: Limits) -> dict[str, Any]:
    """The limits that have a value, and by default have none."""
    no_limits = Limits()
    values = {field.name: getattr(limits, field.name) for field in fields(limits)}
    return {name: value for name, value in values.items() if value != getattr(no_limits, name)}


def _else(name: str, limit: Any) -> str:
    return " (else no limit)" if limit is None else f" (else {limit_text(name, limit)})"
