"""A .pte on the older versions of ExecuTorch that a device has beside its own."""

from __future__ import annotations

from collections.abc import Mapping

from pocketfit.devices.base import Running
from pocketfit.records import Limits, RunsOn, Smoke, SmokeInput, Variant
from pocketfit.runtimes.predicted import seen
from pocketfit.trial.smoke import Golden, smoke


def try_older(
    device: Running,
    variant: Variant,
    given: SmokeInput,
    golden: Golden,
    limits: Limits,
    predicted: Mapping[str, RunsOn],
    tried: Smoke,
) -> dict[str, RunsOn]:
    """Run a file on each version of `predicted` that the device has beside its own, and compare what it answers.

    Nothing where the device's own could not be `tried` either.
    """
    if tried.status not in ("passed", "failed"):
        return {}
    found = {version: older for version in predicted if (older := device.at(version))}
    return {
        version: seen(smoke(older, variant, given, golden, limits), predicted[version])
        for version, older in found.items()
    }
