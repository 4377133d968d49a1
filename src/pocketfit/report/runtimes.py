"""Says what other runtimes than the device's own make of a file: the host's, and other versions of ExecuTorch. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pocketfit.formats import FORMATS, listed
from pocketfit.records import Built, Row, RunsOn, Smoke
from pocketfit.text import clean
from pocketfit.units import format_diff, format_sqnr

# The same kernels on another processor round otherwise, which is worth a few; beyond this it is another result, unless
# both are so near to eager that nobody would notice.
DIFFERS_DB, NEAR_DB = 10.0, 80.0
NAMED_LACKS = 3
VERBS: Mapping[str, str] = {"refused": "refused by", "differs": "wrong on", "unknown": "not known for"}


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


def not_everywhere(head: Mapping[str, RunsOn], base: Mapping[str, RunsOn]) -> tuple[str, ...]:
    """One sentence where a file does not run on all versions that it is for; none where it does, or there is but one.

    "runs on ExecuTorch 1.1 and 1.3, refused by 1.0: aten::_adaptive_avg_pool2d.out". Of a version that was not tried
    "(predicted)" is said.
    """
    if len(head) < 2 or all(one.status == "runs" for one in head.values()):
        return ()
    runs = [_marked(version, one) for version, one in head.items() if one.status == "runs"]
    parts = [f"runs on ExecuTorch {listed(tuple(runs), 'and')}" if runs else "runs on no ExecuTorch that it is for"]
    for (status, why), versions in _grouped(head).items():
        named = listed(tuple(_marked(version, head[version]) for version in versions), "and")
        parts.append(f"{VERBS[status]} {named}: {why}")
    lost = tuple(
        version
        for version, one in head.items()
        if one.status in ("refused", "differs") and version in base and base[version].status == "runs"
    )
    if lost:
        parts.append(f"base's file runs on {listed(lost, 'and')}")
    return ("; ".join([", ".join(parts[:2]), *parts[2:]]),)


def not_taken_by(versions: Mapping[str, RunsOn]) -> tuple[str, ...]:
    """Name the versions that refuse a file, or run it wrongly; none where there is but one, which the row has."""
    if len(versions) < 2:
        return ()
    return tuple(version for version, one in versions.items() if one.status in ("refused", "differs"))


def _grouped(head: Mapping[str, RunsOn]) -> dict[tuple[str, str], list[str]]:
    """The versions that don't take a file, by what they say of it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for version, one in head.items():
        if one.status != "runs":
            groups.setdefault((one.status, _why(one)), []).append(version)
    return groups


def _marked(version: str, one: RunsOn) -> str:
    return f"{version} (predicted)" if one.known_by == "prediction" else version


def _why(one: RunsOn) -> str:
    more = len(one.lacks) - NAMED_LACKS
    return ", ".join(one.lacks[:NAMED_LACKS]) + (f", +{more} more" if more > 0 else "") or one.reason


def version_facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what each version makes of head's file, for the page."""
    for version, one in row.runs_on.items():
        yield f"ExecuTorch {version}", clean(_fact(one))


def _fact(one: RunsOn) -> str:
    if one.known_by == "prediction":
        said = {"runs": "predicted to run", "refused": "predicted to be refused"}.get(one.status, "not known")
        return f"{said}, not tried: {one.reason}" if one.reason else f"{said}, not tried"
    if one.status == "runs":
        measured = [
            f"largest difference {format_diff(one.max_abs_diff)}" if one.max_abs_diff is not None else "",
            f"SQNR {format_sqnr(one.sqnr_db)}" if one.sqnr_db is not None else "",
        ]
        return ", ".join(["runs", *filter(None, measured)])
    return f"{'runs, and is wrong' if one.status == 'differs' else 'refused'}: {one.reason}"
