"""Says where a device and the host's own runtime make different things of one file. Pure."""

from __future__ import annotations

from pocketfit.formats import FORMATS
from pocketfit.records import Built, Smoke

# The same kernels on another processor round otherwise, which is worth a few; beyond this it is another result, unless
# both are so near to eager that nobody would notice.
DIFFERS_DB, NEAR_DB = 10.0, 80.0


def host_differs(head: Built, smoke: Smoke) -> tuple[str, ...]:
    """What the host makes of a file that fails on the device, or comes out otherwise there; none where they agree."""
    facts = FORMATS.get(head.variant.format)
    of_host, of_device = head.export.parity.sqnr_db, smoke.parity.sqnr_db
    if facts is None or facts.host is None or smoke.status not in ("passed", "failed") or of_host is None:
        return ()
    device = smoke.device or "the device"
    if smoke.status == "failed" and of_device is None:
        return (f"on the host, {facts.host}'s runtime runs it: SQNR {of_host:.1f} dB against eager",)
    if of_device is None or abs(of_host - of_device) <= DIFFERS_DB or min(of_host, of_device) >= NEAR_DB:
        return ()
    on_host = f"SQNR is {of_host:.1f} dB by {facts.host}'s runtime on the host"
    return (f"the host and {device} differ: against eager, {on_host}, and {of_device:.1f} dB on {device}",)
