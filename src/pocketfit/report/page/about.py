"""Says where numbers come from: the device, what is known of it, the versions, and the runtimes' sizes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.records import Report
from pocketfit.report.cells import count_threads
from pocketfit.report.page.section import Section, Table
from pocketfit.report.page.trend import past_facts
from pocketfit.text import clean
from pocketfit.units import format_bytes


def about(report: Report) -> tuple[Section, ...]:
    lines = [
        (clean(f"{size.library}, {size.abi}"), format_bytes(size.size_bytes), format_bytes(size.download_bytes))
        for size in report.runtimes
    ]
    runtimes = (Table.of("", ("Library", "Files", "Download"), lines),) if lines else ()
    parts = (
        Section("Device", tuple((word, clean(value)) for word, value in _device(report))),
        Section("Versions", tuple((word, clean(value)) for word, value in _versions(report))),
        Section("History", tuple((word, clean(value)) for word, value in past_facts(report))),
        Section("Runtimes, once in an app", (), runtimes),
    )
    return tuple(part for part in parts if part)


def _device(report: Report) -> Iterator[tuple[str, str]]:
    environment, hardware = report.environment, report.environment.hardware
    android = "" if hardware.api_level is None else f"API level {hardware.api_level}"
    facts = (
        ("Device", environment.device or "none"),
        ("Model", hardware.model),
        ("Android", ", ".join(filter(None, (hardware.android, android)))),
        ("ABI", environment.abi),
        ("Processor", environment.cpu),
        ("Cores", None if hardware.cores is None else str(hardware.cores)),
        ("Runs on", None if environment.threads is None else count_threads(environment.threads)),
        ("Memory pages", None if hardware.page_size_bytes is None else f"{hardware.page_size_bytes // 1024} kB"),
        ("Free memory", None if hardware.free_memory_bytes is None else format_bytes(hardware.free_memory_bytes)),
    )
    yield from ((word, value) for word, value in facts if value)


def _versions(report: Report) -> Iterator[tuple[str, str]]:
    environment = report.environment
    facts = (
        ("Pocketfit", report.pocketfit),
        ("Exported with torch", environment.torch),
        ("Runtime", environment.runtime),
        ("Sandbox", environment.sandbox),
        ("Base", report.base),
        ("Head", report.head),
    )
    yield from ((word, value) for word, value in facts if value)
