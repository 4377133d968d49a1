"""The folder that `--out` names: where each file of a run stands in it, and the files that are for people and apps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pocketfit.door import let_in
from pocketfit.files import read_named, write_text_atomically
from pocketfit.records import Built, Report, SideName, Snapshot, TensorFile, Trial, TrialRow
from pocketfit.runtimes.library import built_runtimes
from pocketfit.runtimes.selection import selections
from pocketfit.store import write_report

MANIFEST_FILE = "manifest.json"
MANIFEST_LIMIT_BYTES = 64 * 1024 * 1024
REPORT_FILE = "report.json"


@dataclass(frozen=True)
class Out:
    """Every file of a run, by its place in `folder`; the names are a contract that other programs rely on."""

    folder: Path

    @property
    def report_json(self) -> Path:
        return self.folder / REPORT_FILE

    @property
    def report_md(self) -> Path:
        return self.folder / "report.md"

    @property
    def report_html(self) -> Path:
        return self.folder / "report.html"

    @property
    def trial(self) -> Path:
        return self.folder / "trial.json"

    @property
    def all_artifacts(self) -> Path:
        return self.folder / "artifacts"

    def snapshot(self, side: SideName) -> Path:
        return self.folder / f"{side}.json"

    def artifacts(self, side: SideName) -> Path:
        return self.all_artifacts / side

    def manifest(self, side: SideName) -> Path:
        return self.artifacts(side) / MANIFEST_FILE

    def log(self, name: str) -> Path:
        """The log of one child; `name` is without the suffix."""
        return self.folder / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folders of both sides' artifacts; raises OSError."""
        for side in ("base", "head"):
            (self.all_artifacts / side).mkdir(parents=True, exist_ok=True)

    def write_reports(self, report: Report) -> None:
        """Write the report in all its forms; raises ConfigError where one can't be written."""
        from pocketfit.report.fitted import fitted
        from pocketfit.report.html import render_html
        from pocketfit.report.markdown import render_markdown

        write_report(self.report_json, fitted(report))
        write_text_atomically(self.report_md, render_markdown(report))
        write_text_atomically(self.report_html, render_html(report))

    def write_manifest(self, snapshot: Snapshot, trial: Trial | None = None) -> None:
        """Write what an app needs to know of one side's artifacts; `trial` is what became of them on the device.

        Beside it stand the lists of operators for smaller builds of the runtimes.
        """
        content = asdict(manifest(snapshot, built_runtimes(), trial))
        text = json.dumps({"schema": content["schema"]} | content, indent=2) + "\n"
        write_text_atomically(self.manifest(snapshot.side), text)
        for name, text in selections(snapshot.outcomes).items():
            write_text_atomically(self.artifacts(snapshot.side) / name, text)


@dataclass(frozen=True)
class Entry:
    """One artifact in a manifest; `inputs` and `outputs` are golden tensors, their files relative to the manifest.

    For a model that has state `later` are its outputs to the same inputs when it is called again, and again.
    `minimum_runtime` is the oldest Android library that this Pocketfit checks the format against ("ARTIFACT VERSION";
    None where it is not built here), `format_version` what that library must be able to read (see records.Anatomy), and
    `smoke` what became of the artifact on the device, None where it was not tried.
    """

    file: str
    model: str
    format: str
    precision: str
    size_bytes: int
    sha256: str
    recipe: tuple[str, ...]
    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]
    download_bytes: int | None = None
    parameters: int | None = None
    minimum_runtime: str | None = None
    format_version: int | None = None
    smoke: str | None = None
    later: tuple[tuple[TensorFile, ...], ...] = ()
    planned_bytes: int | None = None


@dataclass(frozen=True)
class Manifest:
    """manifest.json: what each artifact in a folder is, and how to call it."""

    pocketfit: str
    torch: str
    commit: str | None
    artifacts: tuple[Entry, ...]
    schema: Literal[1] = 1


def manifest(snapshot: Snapshot, runtimes: Mapping[str, str], trial: Trial | None = None) -> Manifest:
    """`runtimes` maps a format to "ARTIFACT VERSION"; `trial` is of this side."""
    smokes = {row.variant: row for row in trial.rows} if trial else {}
    entries = tuple(
        entry_of(outcome, runtimes.get(outcome.variant.format), smokes.get(outcome.variant), snapshot.side)
        for outcome in snapshot.outcomes
        if isinstance(outcome, Built)
    )
    return Manifest(snapshot.pocketfit, snapshot.torch, snapshot.commit, entries)


def entry_of(built: Built, runtime: str | None = None, tried: TrialRow | None = None, side: SideName = "head") -> Entry:
    """Describe one artifact; `runtime` is the Android library for its format, `tried` what became of it there."""
    smoke = tried and getattr(tried, side)
    return Entry(
        file=built.file,
        model=built.variant.model,
        format=built.variant.format,
        precision=built.variant.precision,
        size_bytes=built.size_bytes,
        sha256=built.sha256,
        recipe=built.export.recipe,
        inputs=built.export.inputs,
        outputs=built.export.outputs,
        download_bytes=built.download_bytes,
        parameters=built.export.parameters,
        minimum_runtime=runtime,
        format_version=built.export.anatomy.format_version if built.export.anatomy else None,
        smoke=smoke.status if smoke else None,
        later=built.export.later,
        planned_bytes=built.planned_bytes,
    )


def find_entry(artifact: Path) -> Entry | None:
    """Read the entry of a manifest beside the artifact; None where there is none that can be read."""
    try:
        known: Manifest = let_in(Manifest, read_named(artifact.parent / MANIFEST_FILE, MANIFEST_LIMIT_BYTES))
    except (OSError, ValueError):
        return None
    return next((entry for entry in known.artifacts if entry.file == artifact.name), None)
