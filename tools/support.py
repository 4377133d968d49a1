"""Writes docs/support.md: what becomes of each model of tools/support_models in each format.

    .venv/bin/python -m tools.support [MODEL...]

Each model goes through Pocketfit's own line (`pocketfit run` without a base) in a folder of its own. What it said is
kept in build/support until the models, Pocketfit or its Android side change, so that an interrupted run goes on where
it was. With names only those are run, and their rows printed.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pocketfit.builds.git import NO_BASE
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import Request, read_head
from pocketfit.config import read_config
from pocketfit.devices.base import DeviceOptions
from pocketfit.devices.choose import Choice, choose_device
from pocketfit.errors import ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.formats import FORMATS
from pocketfit.out import Out
from pocketfit.pipeline import run
from pocketfit.records import EXACT_SQNR_DB, Built, Config, DeviceSpec, ModelSpec, Report, Row
from pocketfit.runtimes.library import android_or_why
from pocketfit.staging import staged
from pocketfit.store import read_report, read_snapshot, write_report

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "tools" / "support_models"
KEPT = ROOT / "build" / "support"
TABLE = ROOT / "docs" / "support.md"
# In KEPT: a folder for each model.
PROGRAMS, SNAPSHOT = "programs", "snapshot.json"
# Lowering unrolls loops, and what takes longer than this belongs in the table as a reason.
TIMEOUT_S = 300.0
# The table holds no times, so little is spent on them.
DEVICE = DeviceSpec("jvm", latency_budget_s=0.5)

INTRODUCTION = """\
# Supported models

Made by `make support`, which runs each model through Pocketfit's own line: built, compared with eager, loaded and run
on the Android runtime. "passed" says that the outputs agree with eager's there, and how well (SQNR in dB: 60 and more
is right for fp32); otherwise the cell holds the reason, as a report gives it. Weights are random, with batch-norm
statistics and scales that let every layer be seen in the output. The models are declared in `tools/support_models`.

Rows whose names end in `_int8` are quantized: static int8 for the convolutional ones, int8-dynamic for the others. They
are calibrated with random inputs, and judged on others of the same kind that they were not calibrated with; 10 dB and
more passes.

Detection networks of torchvision end in `torchvision::nms`, which no runtime here has. The road for them is a model of
plain operators, with `how = "script"` for what depends on the data: the app resizes, and boxes that overlap are left
out by a loop of our own (`PlainDetector` in `tools/support_models/models.py`).

The TorchScript file in the package of silero-vad 6.2.3 is one to name as `source`: with 1x512 samples and
`torch.tensor(16000)` as inputs, lite and torchscript pass to 114 dB, and further calls, at 8000 too, keep its state.
"""


def main(names: Sequence[str]) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    config = read_config(MODELS / "pocketfit.toml")
    known = [spec.name for spec in config.models]
    if unknown := [name for name in names if name not in known]:
        print(f"{unknown[0]!r} is none of the models: {', '.join(known)}", file=sys.stderr)
        return ConfigError.exit_code
    chosen = [spec for spec in config.models if not names or spec.name in names]
    formats = tuple(FORMATS)
    device = choose_device(DEVICE, None, DeviceOptions(android_or_why()))
    reports: dict[str, Report] = {}
    for number, spec in enumerate(chosen, 1):
        print(f"{number}/{len(chosen)} {spec.name}", file=sys.stderr, flush=True)
        began = time.monotonic()
        reports[spec.name] = report_on(replace(spec, formats=formats), device, KEPT)
        for cell in cells(reports[spec.name], formats):
            print(f"    {cell}", file=sys.stderr)
        print(f"    {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    table = "\n".join(table_lines(reports, formats))
    if names:
        print(table)
    else:
        write_text_atomically(TABLE, f"{INTRODUCTION}\n{surroundings(reports)}\n\n{table}\n")
        print(f"wrote {TABLE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def report_on(spec: ModelSpec, device: Choice, kept: Path) -> Report:
    """The report on one model in all its formats: kept from before, or run now and kept."""
    path = kept / f"{spec.name}-{fingerprint(spec)}.json"
    if path.is_file():
        return read_report(path)
    with tempfile.TemporaryDirectory(prefix="pocketfit-support-") as folder:
        root = Path(folder) / "repository"
        shutil.copytree(MODELS, root, ignore=shutil.ignore_patterns("__pycache__"))
        sandbox = Sandbox(timeout_s=TIMEOUT_S)
        head = read_head(Request(root, base=NO_BASE, single=Config((spec,), DEVICE)))
        with staged(Path(folder) / "out") as staging:
            report = run(head, device, staging, sandbox)
            kept.mkdir(parents=True, exist_ok=True)
            if "executorch" in spec.formats:
                keep_program(staging.out, kept / PROGRAMS / spec.name)
    write_report(path, report)
    return report


def keep_program(out: Out, folder: Path) -> None:
    """Keep a .pte with its golden tensors and the snapshot that says what they are: benchmarks try it further."""
    shutil.rmtree(folder, ignore_errors=True)
    others = [f"*{one.suffix}" for name, one in FORMATS.items() if name != "executorch"]
    shutil.copytree(out.artifacts("head"), folder, ignore=shutil.ignore_patterns(*others))
    shutil.copy2(out.snapshot("head"), folder / SNAPSHOT)


def kept_program(name: str) -> tuple[Built, Path] | str | None:
    """The .pte of a model as it was last built here, and the folder of its files; a str says why there is none.

    None where `make support` has not got to it.
    """
    folder = KEPT / PROGRAMS / name
    if not folder.is_dir():
        return None
    (outcome,) = [one for one in read_snapshot(folder / SNAPSHOT).outcomes if one.variant.format == "executorch"]
    return (outcome, folder) if isinstance(outcome, Built) else outcome.reason


def fingerprint(spec: ModelSpec) -> str:
    """A hash of all that decides the report: the model, Pocketfit's code, the Android side's, and torch's version."""
    whole = hashlib.sha256(repr(spec).encode())
    folders = (MODELS, ROOT / "src" / "pocketfit", ROOT / "src" / "android", ROOT / "requirements")
    sources = {
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".java", ".c", ".xml", ".txt"}
    }
    for path in sorted(sources):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


def table_lines(reports: Mapping[str, Report], formats: Sequence[str]) -> Iterator[str]:
    yield f"| Model | {' | '.join(formats)} |"
    yield f"| :-- |{' :-- |' * len(formats)}"
    for name, report in reports.items():
        yield f"| {name} | {' | '.join(cells(report, formats))} |"


def cells(report: Report, formats: Sequence[str]) -> list[str]:
    rows = {row.format: row for row in report.rows}
    return [cell(rows[name]).replace("|", "\\|") for name in formats]


def cell(row: Row) -> str:
    """Say what became of one model in one format."""
    left_out = "".join(f"; {reason}" for reason in row.reasons if reason.startswith("left out"))
    if row.status == "failed":
        return row.reasons[0]
    if row.status == "skipped":
        return f"skipped: {row.reasons[0]}"
    if row.smoke.status == "passed":
        return f"passed, {decibel(row.smoke.parity.sqnr_db)}{left_out}"
    if row.smoke.status == "skipped" and row.parity:
        return f"passed on {row.format}'s host runtime, {decibel(row.parity.sqnr_db)}{left_out}"
    return f"{row.smoke.status}: {row.smoke.reason}"


def decibel(sqnr_db: float | None) -> str:
    if sqnr_db is None:
        return "SQNR unknown"
    return "equal to the last bit" if sqnr_db >= EXACT_SQNR_DB else f"SQNR {sqnr_db:.0f} dB"


def surroundings(reports: Mapping[str, Report]) -> str:
    machines = {report.environment for report in reports.values()}
    shown = sorted(f"torch {seen.torch}; {seen.runtime} on device {seen.device} ({seen.abi})" for seen in machines)
    return f"Seen with {' and '.join(dict.fromkeys(shown))}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
