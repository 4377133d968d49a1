"""Work without a configuration: export one model, and try files that somebody made."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import check_source
from pocketfit.builds.weigh import sha256_of
from pocketfit.builds.worker import build, run_on_host
from pocketfit.devices.base import Running
from pocketfit.errors import ConfigError
from pocketfit.files import forget_partials, new_file
from pocketfit.files.saved import artifact_problem
from pocketfit.files.temporary import temporary_folder
from pocketfit.formats import FORMATS
from pocketfit.installed import without_torch
from pocketfit.job import HostOutputs, HostRun, NotExported
from pocketfit.judge.golden import read_tensor, seeded_arrays, write_arrays
from pocketfit.judge.memory import RELOADS, memory_of
from pocketfit.out import MANIFEST_FILE, Entry, find_entry
from pocketfit.records import (
    Built,
    Failed,
    InputSpec,
    Latency,
    Limits,
    Memory,
    RunsOn,
    Smoke,
    SmokeInput,
    TensorFile,
    Variant,
)
from pocketfit.report.runtimes import not_everywhere
from pocketfit.runtimes.bytecode import UnreadableFile, open_archive
from pocketfit.runtimes.library import library_for
from pocketfit.runtimes.predicted import judged, predict
from pocketfit.runtimes.pte import planned_bytes
from pocketfit.runtimes.versions import VERSIONS
from pocketfit.trial.alone import UNTIMED, time_file
from pocketfit.trial.host import OnHost, describe_outputs, run_golden, try_on_host, with_host
from pocketfit.trial.older import try_older
from pocketfit.trial.smoke import Golden, smoke
from pocketfit.variants import one_model, parse_shapes, skip_reason

# What an archive without a marker, or a file of another name, is taken for.
TORCHSCRIPT = "torchscript"
NO_INPUTS = "say what goes in, e.g. --shape 1,3,224,224 (once for each input; other dtypes as 1,16:int64)"


def export_one(
    source: str, shapes: Sequence[str], format_name: str, precision: str, target: Path | None, sandbox: Sandbox
) -> tuple[Path, Built | Failed]:
    """Export one model to `target` (default: its name and the format's suffix, in the current folder)."""
    (spec,) = one_model(source, shapes, [format_name], [precision]).models
    variant = Variant(spec.name, format_name, precision)
    if reason := skip_reason(spec, format_name, precision):
        raise ConfigError(reason)
    suffix = FORMATS[format_name].suffix
    target = target or Path(f"{spec.name}{suffix}")
    if target.is_dir():
        raise ConfigError(f"-o {target} is a folder: write -o {target / (spec.name + suffix)}")
    if target.suffix != suffix:
        named = target.with_suffix(suffix)
        raise ConfigError(f"-o {target}: a file of format {format_name} is a {suffix}: write -o {named}")
    check_source(source, Path.cwd())
    if not target.parent.is_dir():
        raise ConfigError(f"-o {target}: there is no folder {target.parent}")
    with temporary_folder("pocketfit-export-") as folder:
        outcome, _ = build(variant, spec, Path.cwd(), folder, folder / "child.log", sandbox)
        if isinstance(outcome, Built):
            forget_partials(target.parent)
            try:
                with (folder / outcome.file).open("rb") as built, new_file(target) as copy:
                    shutil.copyfileobj(built, copy)
            except OSError as error:
                raise ConfigError(f"-o {target} can't be written: {error.strerror}") from error
    return target, outcome


@dataclass(frozen=True)
class FileTrial:
    """A given file on a device; `reference` says whose outputs it was compared with, `latency` is its own alone.

    `runs_on` is what each version of ExecuTorch that is known makes of a .pte.
    """

    variant: Variant
    smoke: Smoke
    reasons: tuple[str, ...] = ()
    reference: str = "eager"
    latency: Latency = UNTIMED
    memory: Memory = field(default_factory=Memory)
    runs_on: Mapping[str, RunsOn] = field(default_factory=dict)


def check_file(artifact: Path, shapes: Sequence[str]) -> None:
    """Find what can be wrong before there is a device; raises ConfigError."""
    if not artifact.is_file():
        raise ConfigError(f"{artifact}: no such file")
    if problem := artifact_problem(artifact):
        raise ConfigError(f"{artifact} {problem}")
    if shapes:
        return
    entry = find_entry(artifact)
    if entry is None:
        raise ConfigError(f"{artifact}: {NO_INPUTS}")
    for tensor in (*entry.inputs, *entry.outputs, *(tensor for call in entry.later for tensor in call)):
        try:
            read_tensor(tensor, artifact.parent)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(
                f"{artifact.parent / tensor.file}, which {MANIFEST_FILE} names for {artifact.name}, "
                f"{'is missing' if isinstance(error, FileNotFoundError) else 'is not as it says'}: "
                "copy the folder with the golden tensors too, or give --shape"
            ) from error


def smoke_file(device: Running, artifact: Path, shapes: Sequence[str], sandbox: Sandbox) -> FileTrial:
    """Try one artifact, which check_file let pass, on a device; see _tried."""
    trial = _tried(device, artifact, shapes, sandbox)
    versions = judged(predict(artifact, trial.variant.format, VERSIONS), trial.runs_on, trial.smoke)
    return replace(
        trial,
        memory=memory_of(_planned_bytes(artifact, trial.variant.format), trial.smoke),
        runs_on=versions,
        reasons=(*trial.reasons, *not_everywhere(versions, {})),
    )


def _on_older(device: Running, variant: Variant, given: SmokeInput, golden: Golden, tried: Smoke) -> dict[str, RunsOn]:
    predicted = predict(given.artifact, variant.format, VERSIONS)
    return try_older(device, variant, replace(given, reloads=0), golden, Limits(), predicted, tried)


def _planned_bytes(artifact: Path, format_name: str) -> int | None:
    """None where the format plans no memory, or the file can't be read: the device says why."""
    if format_name not in FORMATS or not FORMATS[format_name].plans_memory:
        return None
    try:
        return planned_bytes(artifact)
    except (OSError, ValueError):
        return None


def _tried(device: Running, artifact: Path, shapes: Sequence[str], sandbox: Sandbox) -> FileTrial:
    """Load and run one artifact on a device, whoever made it.

    Its inputs are `shapes`, else those that a manifest beside it names. What it computes is compared with the
    manifest's golden outputs, else with the host's torch where that can run the file.
    """
    entry = None if shapes else find_entry(artifact)
    format_name = entry.format if entry else guess_format(artifact)
    variant = Variant(artifact.stem, format_name, entry.precision if entry else "fp32")
    if format_name not in FORMATS:
        return FileTrial(variant, Smoke("skipped", f"format {format_name} is not in this version of Pocketfit"))
    if entry:
        notes = _another_file(artifact, entry)
        calls = (entry.outputs, *entry.later)
        given = SmokeInput(
            format_name, artifact.resolve(), entry.inputs, artifact.resolve().parent, len(calls), RELOADS
        )
        tried = smoke(device, variant, given, calls, Limits())
        if tried.status != "skipped" or not FORMATS[format_name].host_runtime():
            # Asked only where there is something to explain: it takes a child that imports torch.
            predicted = _predicted(given, sandbox) if tried.status == "failed" else ()
            latency = time_file(device, given, tried, sandbox)
            older = _on_older(device, variant, given, calls, tried)
            return FileTrial(variant, tried, (*notes, *predicted), latency=latency, runs_on=older)
        on_host = try_on_host(given, calls, variant.precision, sandbox)
        tried, reasons = with_host(tried, format_name, on_host)
        return FileTrial(variant, tried, (*notes, *reasons), latency=time_file(device, given, tried, sandbox))
    # A device may read its inputs as another user.
    with temporary_folder("pocketfit-smoke-", 0o755) as folder:
        inputs, host = _on_host(artifact, format_name, parse_shapes(shapes, "--shape"), folder, sandbox)
        if isinstance(host, NotExported) and host.uncallable:
            # The runtimes don't check: some end the whole process.
            return FileTrial(variant, Smoke("failed", host.reason))
        calls, problem = (((),), host.reason) if isinstance(host, NotExported) else ((host.outputs, *host.later), None)
        given = SmokeInput(format_name, artifact.resolve(), inputs, folder, len(calls), RELOADS)
        tried = smoke(device, variant, given, calls, Limits())
        tried, reasons = with_host(tried, format_name, OnHost(problem, describe_outputs(calls[0])))
        latency = time_file(device, given, tried, sandbox)
        older = _on_older(device, variant, given, calls, tried)
    # with_host has said it of a file that the device skipped.
    if problem and (tried.status != "skipped" or not FORMATS[format_name].host_runtime()):
        reasons = (f"not compared with the host, which can't run it: {problem}",)
    reference = f"{FORMATS[format_name].host_runtime() or 'torch'} on this host"
    return FileTrial(variant, tried, (*reasons, *host.reasons), reference, latency, runs_on=older)


def _another_file(artifact: Path, entry: Entry) -> tuple[str, ...]:
    """A reason where the manifest was written for other bytes: its golden outputs may be another model's."""
    if sha256_of(artifact) == entry.sha256:
        return ()
    return (
        f"{artifact.name} is not the file that {MANIFEST_FILE} beside it describes, since its SHA-256 differs: "
        "its outputs were compared with those of that file's model",
    )


def _predicted(given: SmokeInput, sandbox: Sandbox) -> tuple[str, ...]:
    """Explain the runtime's verdict by the file alone: an operator with the layers that call it, and a remedy."""
    with temporary_folder("pocketfit-smoke-") as folder:
        host = run_golden(given, sandbox, folder, library_for(given.format))
    return (host.reason,) if isinstance(host, NotExported) and host.uncallable else host.reasons


def _on_host(
    artifact: Path, format_name: str, specs: tuple[InputSpec, ...], folder: Path, sandbox: Sandbox
) -> tuple[tuple[TensorFile, ...], HostOutputs | NotExported]:
    """Seeded inputs, and what the host makes of them."""
    arrays = [(f"[{index}]", array) for index, array in enumerate(seeded_arrays(specs))]
    inputs = write_arrays(arrays, folder, "input")
    if lacking := without_torch():
        return inputs, NotExported(lacking)
    library = library_for(format_name)
    # Twice in a row: what differs then has state.
    job = HostRun(format_name, str(artifact.resolve()), specs, sandbox.memory_limit_bytes, library=library, calls=2)
    return inputs, run_on_host(job, sandbox, folder)


def guess_format(artifact: Path) -> str:
    """By what the file holds, else by its suffix: the runtime then says what is wrong with it."""
    # Whoever made it, opening it must not raise what only a bug of ours would.
    with contextlib.suppress(UnreadableFile), open_archive(artifact) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        return next((facts.name for facts in FORMATS.values() if facts.marker in names), TORCHSCRIPT)
    return next((facts.name for facts in FORMATS.values() if facts.suffix == artifact.suffix), TORCHSCRIPT)
