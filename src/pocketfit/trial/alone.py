"""Times a file that somebody made, which nothing is compared with."""

from __future__ import annotations

import zlib

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.weigh import sha256_of
from pocketfit.devices.base import Running
from pocketfit.judge.alone import judge_alone
from pocketfit.records import DeviceSpec, Latency, Smoke, SmokeInput
from pocketfit.trial.host import HostTimer
from pocketfit.trial.timing import loader_for, time_alone

UNTIMED = Latency("not-measured")


def time_file(device: Running, given: SmokeInput, tried: Smoke, sandbox: Sandbox) -> Latency:
    """Time a file on the device, or on the host where only that has a runtime for it; UNTIMED where it does not run."""
    found = loader_for(device, HostTimer(sandbox, device.info.threads), tried, given.format)
    if found is None:
        return UNTIMED
    loader, place = found
    seed = zlib.crc32(sha256_of(given.artifact).encode())
    timing = time_alone(loader, place, given, seed, DeviceSpec().latency_budget_s)
    return judge_alone(timing, "there is nothing to compare it with")
