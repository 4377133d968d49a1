"""manifest.json: what each artifact in a folder is, and how to call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pocketfit.files import write_text_atomically
from pocketfit.records import Built, SideName, Snapshot, TensorFile, Trial, TrialRow
from pocketfit.runtime import built_runtimes

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """One artifact; `inputs` and `outputs` are golden tensors, their files relative to the manifest.

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


@dataclass(frozen=True)
class Manifest:
    pocketfit: str
    torch: str
    commit: str | None
    artifacts: tuple[Entry, ...]


def manifest(snapshot: Snapshot, runtimes: Mapping[str, str], trial: Trial | None = None) -> Manifest:
    """`runtimes` maps a format to "ARTIFACT VERSION"; `trial` is of this side."""
    smokes = {row.variant: row for row in trial.rows} if trial else {}
    entries = tuple(
        _entry(outcome, runtimes.get(outcome.variant.format), smokes.get(outcome.variant), snapshot.side)
        for outcome in snapshot.outcomes
        if isinstance(outcome, Built)
    )
    return Manifest(snapshot.pocketfit, snapshot.torch, snapshot.commit, entries)


def _entry(built: Built, runtime: str | None, tried: TrialRow | None, side: SideName) -> Entry:
    smoke = tried and getattr(tried, side)
    return Entry(
        file=built.file,
        model=built.variant.model,
        format=built.variant.format,
        precision=built.variant.precision,
        size_bytes=built.size_bytes,
        sha256=built.sha256,
        recipe=built.recipe,
        inputs=built.inputs,
        outputs=built.outputs,
        download_bytes=built.download_bytes,
        parameters=built.parameters,
        minimum_runtime=runtime,
        format_version=built.anatomy.format_version if built.anatomy else None,
        smoke=smoke.status if smoke else None,
    )


def write_manifest(snapshot: Snapshot, folder: Path, trial: Trial | None = None) -> None:
    import json

    content = asdict(manifest(snapshot, built_runtimes(), trial))
    write_text_atomically(folder / MANIFEST_FILE, json.dumps(content, indent=2) + "\n")


def find_entry(artifact: Path) -> Entry | None:
    """What a manifest beside the artifact says of it; None where there is none that can be read."""
    from pydantic import TypeAdapter, ValidationError

    try:
        known = TypeAdapter(Manifest).validate_json((artifact.parent / MANIFEST_FILE).read_bytes()).artifacts
    except (OSError, ValidationError):
        return None
    return next((entry for entry in known if entry.file == artifact.name), None)
