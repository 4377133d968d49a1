"""Times a file that somebody made, which nothing is compared with."""

from __future__ import annotations

import zlib

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.weigh import sha256_of
from pocketfit.devices.base import Running
from pocketfit.judge.alone import judge_alone
from pocketfit.records import DeviceSpec, Latency, Smoke, SmokeInput
from pocketfit.trial.host import HostTimer
from pocketfit.trial.timing import Loader, OneByOne, Place, time_alone

UNTIMED = Latency("not-measured")


def time_file(device: Running, given: SmokeInput, tried: Smoke, sandbox: Sandbox) -> Latency:
    """Time a file on the device, or on the host where only that has a runtime for it; UNTIMED where it does not run."""
    loader: Loader = OneByOne(device)
    place, host = Place.of(device.info), HostTimer(sandbox, device.info.threads)
    if tried.status == "skipped" and host.takes(given.format):
        loader, place = host, host.place(given.format)
    elif tried.status != "passed":
        return UNTIMED
    seed = zlib.crc32(sha256_of(given.artifact).encode())
    timing = time_alone(loader, place, given, seed, DeviceSpec().latency_budget_s)
    return judge_alone(timing, "there is nothing to compare it with")
