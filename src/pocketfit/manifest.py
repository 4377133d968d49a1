"""manifest.json: what each artifact in a folder is, and how to call it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pocketfit.files import write_text_atomically
from pocketfit.records import Built, Snapshot, TensorFile

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """One artifact; `inputs` and `outputs` are golden tensors, their files relative to the manifest."""

    file: str
    model: str
    format: str
    precision: str
    size_bytes: int
    sha256: str
    recipe: tuple[str, ...]
    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]


@dataclass(frozen=True)
class Manifest:
    pocketfit: str
    torch: str
    commit: str | None
    artifacts: tuple[Entry, ...]


def manifest(snapshot: Snapshot) -> Manifest:
    entries = tuple(_entry(outcome) for outcome in snapshot.outcomes if isinstance(outcome, Built))
    return Manifest(snapshot.pocketfit, snapshot.torch, snapshot.commit, entries)


def _entry(built: Built) -> Entry:
    same = {name: getattr(built, name) for name in ("file", "size_bytes", "sha256", "recipe", "inputs", "outputs")}
    return Entry(model=built.variant.model, format=built.variant.format, precision=built.variant.precision, **same)


def write_manifest(snapshot: Snapshot, folder: Path) -> None:
    import json

    write_text_atomically(folder / MANIFEST_FILE, json.dumps(asdict(manifest(snapshot)), indent=2) + "\n")


def find_entry(artifact: Path) -> Entry | None:
    """What a manifest beside the artifact says of it; None where there is none that can be read."""
    from pydantic import TypeAdapter, ValidationError

    try:
        known = TypeAdapter(Manifest).validate_json((artifact.parent / MANIFEST_FILE).read_bytes()).artifacts
    except (OSError, ValidationError):
        return None
    return next((entry for entry in known if entry.file == artifact.name), None)
