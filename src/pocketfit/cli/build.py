"""The commands that build or try models: run, export and smoke."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import leave, leave_with_verdict, show
from pocketfit.cli.options import (
    DEFAULT_OUT,
    ConfigFile,
    DeviceKind,
    EmulatorImage,
    Exact,
    FormatNames,
    LimitWords,
    Models,
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
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem


def run(
    base: Annotated[str | None, typer.Option("--base", help="Branch, tag or commit; `none` for no comparison.")] = None,
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

    asked.require_torch()
    asked.check_base(base, exact)
    request = Request(
        Path.cwd(),
        base,
        exact,
        config,
        variants=parse_variants(variant, "--variant") if variant else (),
        single=asked.single(source, config, shape, format_names, precisions),
        models=tuple(model or ()),
    )
    head = read_head(request)
    require_another_base(head)
    with staged(out) as staging:
        folder = staging.out.folder
        options = asked.device_options(serial, emulator_image, folder, limits=limits, unsandboxed=unsandboxed)
        choice = choose_device(head.config.device, device, options)
        sandbox = asked.sandbox(timeout, limits=limits, readable=readable, unsandboxed=unsandboxed)
        report = pipeline.run(head, choice, staging, sandbox, requirements)
    show(report)
    typer.echo(f"\nreports: {out}/report.html, report.md, report.json", err=True)
    leave_with_verdict(report)


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
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
    config: ConfigFile = None,
    out: OutPath = DEFAULT_OUT,
    model: Models = None,
    timeout: Timeout = 900,
    requirements: Requirements = None,
    limits: LimitWords = None,
    readable: Readable = None,
    unsandboxed: Unsandboxed = False,
) -> None:
    """Export head's artifacts and their manifest; or, given a SOURCE, that one model without a configuration.

    Example: `pocketfit export torchvision.models:resnet18 --shape 1,3,224,224 --format torchscript -o model_mobile.pt`
    """
    from pocketfit import pipeline
    from pocketfit.builds.git import NO_BASE
    from pocketfit.builds.sides import Request, read_head
    from pocketfit.builds.snapshot import built
    from pocketfit.commands.printed import print_exported
    from pocketfit.commands.single import export_one
    from pocketfit.files.saved import is_saved
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
        if is_saved(to_file):
            asked.require_sandbox(to_file, unsandboxed)
        format_name = asked.only(format_names, "--format", "lite")
        precision = asked.only(precisions, "--precision", "fp32")
        target, outcome = export_one(to_file, shape or (), format_name, precision, output, sandbox)
        leave(VERDICT_FAILED if print_exported([outcome], {outcome.variant: target}) else 0)
    one_model = asked.single(source, config, shape, format_names, precisions)
    request = Request(Path.cwd(), NO_BASE, config=config, single=one_model, models=tuple(model or ()))
    head = read_head(request)
    with staged(out) as staging:
        snapshot = pipeline.export(head, staging, sandbox, requirements)
    files = {built.variant: Out(out).artifacts("head") / built.file for built in built(snapshot)}
    leave(VERDICT_FAILED if print_exported(snapshot.outcomes, files) else 0)


def smoke(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".ptl, .pt or .pte files, whoever made them.")],
    shape: Shapes = None,
    device: DeviceKind = None,
    serial: Serial = None,
    emulator_image: EmulatorImage = None,
    timeout: Timeout = 900,
    limits: LimitWords = None,
    unsandboxed: Unsandboxed = False,
) -> None:
    """Load and run artifacts on a device, and compare what they compute with the host.

    Example: `pocketfit smoke model_mobile.ptl --shape 1,3,224,224`
    """
    from pocketfit.commands.printed import print_smoke
    from pocketfit.commands.single import check_file, smoke_file
    from pocketfit.devices.choose import choose_device
    from pocketfit.records import DeviceSpec

    for file in files:
        check_file(file, shape or ())
        asked.require_sandbox(str(file), unsandboxed)
    options = asked.device_options(serial, emulator_image, limits=limits, unsandboxed=unsandboxed)
    sandbox = asked.sandbox(timeout, limits=limits, unsandboxed=unsandboxed)
    choice = choose_device(DeviceSpec(), device, options)
    if not choice.devices:
        raise ConfigError("smoke needs a device: use --device jvm")
    if choice.note:
        typer.echo(choice.note, err=True)
    with choice.devices[0].up() as running:
        statuses = [print_smoke(file, smoke_file(running, file, shape or (), sandbox)) for file in files]
    leave(VERDICT_FAILED if "failed" in statuses else EnvironmentProblem.exit_code if "infra-error" in statuses else 0)
