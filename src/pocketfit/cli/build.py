"""The commands that build or try models: run, export and smoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pocketfit.cli import asked
from pocketfit.cli.caching import cache_wish, cached
from pocketfit.cli.ending import leave, leave_with_report, reported_before, write_junit
from pocketfit.cli.loudness import loudness
from pocketfit.cli.options import (
    DEFAULT_CACHE_SIZE,
    DEFAULT_OUT,
    OUTPUT,
    Abi,
    Base,
    CacheFolder,
    CacheSize,
    ConfigFile,
    DeviceKind,
    EmulatorImage,
    Exact,
    ExplainCache,
    FormatNames,
    HistoryPlace,
    Json,
    Junit,
    LimitWords,
    Models,
    NoCacheWanted,
    OutPath,
    PrecisionNames,
    Readable,
    Requirements,
    Serial,
    Shapes,
    Source,
    Timeout,
    Unsandboxed,
    Variants,
)
from pocketfit.cli.screen import print_json, say
from pocketfit.cli.watching import watching
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem
from pocketfit.progress import Progress, working

if TYPE_CHECKING:
    from pocketfit.builds.sandbox import Sandbox
    from pocketfit.records import Outcome, Variant


def run(
    base: Base = None,
    config: ConfigFile = None,
    out: OutPath = DEFAULT_OUT,
    device: DeviceKind = None,
    model: Models = None,
    serial: Serial = None,
    emulator_image: EmulatorImage = None,
    timeout: Timeout = 900,
    exact: Exact = False,
    variant: Variants = None,
    requirements: Requirements = None,
    source: Source = None,
    shape: Shapes = None,
    format_names: FormatNames = None,
    precisions: PrecisionNames = None,
    limits: LimitWords = None,
    readable: Readable = None,
    unsandboxed: Unsandboxed = False,
    junit: Junit = None,
    cache: CacheFolder = None,
    cache_size: CacheSize = DEFAULT_CACHE_SIZE,
    no_cache: NoCacheWanted = False,
    explain_cache: ExplainCache = False,
    history: HistoryPlace = None,
    as_json: Json = False,
) -> None:
    """Build base and head, try them on a device, and report what changed.

    Base is the merge base of HEAD and `--base` (default: the remote's default branch). Nothing in your tree changes.

    Example: `pocketfit run --base main --device jvm`
    """
    from pocketfit import pipeline
    from pocketfit.builds.sides import Request, read_head, require_another_base
    from pocketfit.devices.choose import choose_device
    from pocketfit.staging import staged
    from pocketfit.variants import parse_variants

    asked.check_run(base, exact, junit)
    wish = cache_wish(cache, cache_size, no_cache=no_cache, explained=explain_cache)
    named = asked.single(source, config, shape, format_names, precisions)
    wanted = parse_variants(variant, "--variant") if variant else ()
    request = Request(Path.cwd(), base, exact, config, named, tuple(model or ()), wanted)
    head = read_head(request)
    require_another_base(head)
    before, past = reported_before(out), asked.history(history)
    with staged(out) as staging, watching():
        folder = staging.out.folder
        options = asked.device_options(serial, emulator_image, folder, limits=limits, unsandboxed=unsandboxed)
        choice = choose_device(head.config.device, device, options)
        sandbox = asked.sandbox(timeout, limits=limits, readable=readable, unsandboxed=unsandboxed)
        with cached(wish, head, sandbox) as kept:
            report = pipeline.run(head, choice, staging, sandbox, requirements, kept, past)
    write_junit(junit, report)
    leave_with_report(report, before, out, as_json=as_json)


def export(
    context: typer.Context,
    to_file: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE", show_default=False, help="One model, as --source takes it, to one file: see --output."
        ),
    ] = None,
    source: Source = None,
    shape: Shapes = None,
    format_names: FormatNames = None,
    precisions: PrecisionNames = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", rich_help_panel=OUTPUT, help="With SOURCE: the file to write."),
    ] = None,
    config: ConfigFile = None,
    out: OutPath = DEFAULT_OUT,
    model: Models = None,
    timeout: Timeout = 900,
    requirements: Requirements = None,
    limits: LimitWords = None,
    readable: Readable = None,
    unsandboxed: Unsandboxed = False,
    as_json: Json = False,
) -> None:
    """Export head's artifacts and their manifest; or, given a SOURCE, that one model without a configuration.

    Example: `pocketfit export torchvision.models:resnet18 --shape 1,3,224,224 --format torchscript -o model_mobile.pt`
    """
    from pocketfit import pipeline
    from pocketfit.builds.git import NO_BASE
    from pocketfit.builds.sides import Request, read_head
    from pocketfit.builds.snapshot import built
    from pocketfit.out import Out
    from pocketfit.staging import staged

    asked.require_torch()
    if to_file is not None:
        if source is not None:
            raise ConfigError("name the model once: as SOURCE for one file, or with --source for a folder")
        asked.check_one_file(context)
    elif output is not None:
        raise ConfigError("--output names the file of one SOURCE, which is not given: use --out for a folder")
    sandbox = asked.sandbox(timeout, limits=limits, readable=readable, unsandboxed=unsandboxed)
    if to_file is not None:
        format_name = asked.only(format_names, "--format", "lite")
        precision = asked.only(precisions, "--precision", "fp32")
        _export_file(to_file, shape, format_name, precision, output, sandbox, as_json=as_json)
    one_model = asked.single(source, config, shape, format_names, precisions)
    request = Request(Path.cwd(), NO_BASE, config=config, single=one_model, models=tuple(model or ()))
    head = read_head(request)
    with staged(out) as staging, watching():
        snapshot = pipeline.export(head, staging, sandbox, requirements)
    files = {built.variant: Out(out).artifacts("head") / built.file for built in built(snapshot)}
    _leave_exported(snapshot.outcomes, files, Out(out).manifest("head").read_text("utf-8") if as_json else None)


def _export_file(
    source: str,
    shape: list[str] | None,
    format_name: str,
    precision: str,
    output: Path | None,
    sandbox: Sandbox,
    *,
    as_json: bool,
) -> NoReturn:
    """Export one SOURCE to one file."""
    from pocketfit.commands.printed import manifest_of_file
    from pocketfit.commands.single import export_one
    from pocketfit.files.saved import is_saved

    if is_saved(source):
        asked.require_sandbox(source, not sandbox.walled)
    with watching():
        target, outcome = export_one(source, shape or (), format_name, precision, output, sandbox)
    _leave_exported([outcome], {outcome.variant: target}, manifest_of_file(outcome, target) if as_json else None)


def _leave_exported(outcomes: Sequence[Outcome], files: Mapping[Variant, Path], manifest: str | None) -> NoReturn:
    """Say what became of each variant, beside the manifest where that is asked for."""
    from pocketfit.commands.printed import print_exported

    if manifest is not None:
        print_json(manifest)
    failed = print_exported(outcomes, files, to_stderr=manifest is not None, quiet=loudness().quiet)
    leave(VERDICT_FAILED if failed else 0)


def smoke(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".ptl, .pt or .pte files, whoever made them.")],
    shape: Shapes = None,
    device: DeviceKind = None,
    abi: Abi = None,
    serial: Serial = None,
    emulator_image: EmulatorImage = None,
    timeout: Timeout = 900,
    limits: LimitWords = None,
    unsandboxed: Unsandboxed = False,
    as_json: Json = False,
) -> None:
    """Load and run artifacts on a device, and compare what they compute with the host.

    Example: `pocketfit smoke model_mobile.ptl --shape 1,3,224,224`
    """
    from pocketfit.commands.printed import print_smoke, smoke_json
    from pocketfit.commands.single import check_file, smoke_file
    from pocketfit.devices.choose import choose_device
    from pocketfit.records import DeviceSpec

    asked.check_abi(abi, device)
    for file in files:
        check_file(file, shape or ())
        asked.require_sandbox(str(file), unsandboxed)
    options = asked.device_options(serial, emulator_image, limits=limits, unsandboxed=unsandboxed)
    sandbox = asked.sandbox(timeout, limits=limits, unsandboxed=unsandboxed)
    choice = choose_device(DeviceSpec(abi=abi), device, options)
    if not choice.devices:
        raise ConfigError("smoke needs a device: use --device jvm")
    quiet = loudness().quiet
    if choice.note and not quiet:
        say(choice.note)
    tried = []
    with choice.devices[0].up() as running:
        for file in files:
            with watching(), working(Progress("try", None, str(file), "loading, running and timing")):
                trial = smoke_file(running, file, shape or (), sandbox)
            print_smoke(file, trial, to_stderr=as_json, quiet=quiet)
            tried.append((file, trial))
    if as_json:
        print_json(smoke_json(tried))
    statuses = {trial.smoke.status for _, trial in tried}
    leave(VERDICT_FAILED if "failed" in statuses else EnvironmentProblem.exit_code if "infra-error" in statuses else 0)
