"""The command line: parse, call one function, print. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from pocketfit import __version__
from pocketfit.devices import DEVICES
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem, PocketfitError
from pocketfit.formats import FORMATS, PRECISIONS, listed

if TYPE_CHECKING:
    from pocketfit.builds.sandbox import Sandbox
    from pocketfit.devices.base import DeviceOptions
    from pocketfit.pipeline import Request
    from pocketfit.records import Config, Report

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip

Out = Annotated[Path, typer.Option("--out", help="Folder for reports and artifacts.")]
Source = Annotated[
    str | None,
    typer.Option("--source", help="One model instead of a configuration: module:callable, file.py:callable or a file."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Default: pocketfit.toml, or pyproject.toml, of the repository.")
]
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this model; may be repeated.")]
DeviceKind = Annotated[
    str | None,
    typer.Option("--device", help=f"{listed(('auto', *DEVICES, 'none'))}. Default: the configuration's, else auto."),
]
Shapes = Annotated[
    list[str] | None, typer.Option("--shape", help="An input, e.g. 1,3,224,224 or 1,16:int64; once for each.")
]
FormatNames = Annotated[
    list[str] | None,
    typer.Option("--format", help=f"With one model: {listed(FORMATS)}; may be repeated. Default: lite."),
]
PrecisionNames = Annotated[
    list[str] | None,
    typer.Option(
        "--precision",
        help=f"With one model: {listed(PRECISIONS)}; fp16 for executorch only; may be repeated. Default: fp32.",
    ),
]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that one export may take.")]
Serial = Annotated[str | None, typer.Option("--serial", help="Which attached device, where there are several.")]
EmulatorImage = Annotated[
    str | None,
    typer.Option("--emulator-image", envvar="POCKETFIT_EMULATOR_IMAGE", help="Container image of the emulator."),
]
Exact = Annotated[bool, typer.Option("--exact", help="Compare with --base itself, not with where HEAD left it.")]
Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help="Only this variant, e.g. resnet18/lite/fp32; may be repeated."),
]
Requirements = Annotated[
    str | None,
    typer.Option("--requirements", help="A requirements file of the repository: packages for its models' code."),
]
DEFAULT_OUT = Path("pocketfit-out")
LOG_COLUMNS = 120


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pocketfit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the commands that are run.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Pocketfit tells a pull request what it does to the phone.

    Builds PyTorch models for Android, proves on the real Android runtime that they load and compute the same,
    and shows what changed in size and latency.
    """
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)
    logging.getLogger("pocketfit").setLevel(logging.DEBUG if verbose else logging.INFO)


@app.command()
def run(
    base: Annotated[str | None, typer.Option("--base", help="Branch, tag or commit; `none` for no comparison.")] = None,
    config: ConfigFile = None,
    out: Out = DEFAULT_OUT,
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
) -> None:
    """Build base and head, try them on a device, and report what changed.

    Base is the merge base of HEAD and `--base` (default: the remote's default branch). Nothing in your tree changes.

    Example: `pocketfit run --base main --device jvm`
    """
    from pocketfit import pipeline
    from pocketfit.devices.choose import choose_device
    from pocketfit.out import Out as OutFolder
    from pocketfit.variants import parse_variants

    _require_torch()
    wanted = parse_variants(variant, "--variant") if variant else ()
    request = replace(_request(base, config, out, model, timeout), exact=exact, variants=wanted)
    request = replace(request, requirements=requirements)
    request = replace(request, single=_single(source, config, shape, format_names, precisions))
    head = pipeline.read_head(request)
    OutFolder(out).prepare()
    options = _device_options(serial, emulator_image, out)
    report = pipeline.run(request, head, choose_device(head.config.device, device, options))
    _show(report)
    typer.echo(f"\nreports: {out}/report.html, report.md, report.json", err=True)
    _leave_with_verdict(report)


@app.command()
def export(
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
    out: Out = DEFAULT_OUT,
    model: Models = None,
    timeout: Timeout = 900,
    requirements: Requirements = None,
) -> None:
    """Export head's artifacts and their manifest; or, given a SOURCE, that one model without a configuration.

    Example: `pocketfit export torchvision.models:resnet18 --shape 1,3,224,224 --format torchscript -o model_mobile.pt`
    """
    from pocketfit import pipeline
    from pocketfit.builds.snapshot import built
    from pocketfit.commands.printed import print_exported
    from pocketfit.commands.single import export_one
    from pocketfit.out import Out as OutFolder

    _require_torch()
    if to_file is not None:
        if source is not None:
            raise ConfigError("name the model once: as SOURCE for one file, or with --source for a folder")
        format_name, precision = _only(format_names, "--format", "lite"), _only(precisions, "--precision", "fp32")
        target, outcome = export_one(to_file, shape or (), format_name, precision, output, _sandbox(timeout))
        _leave(VERDICT_FAILED if print_exported([outcome], {outcome.variant: target}) else 0)
    request = replace(_request(pipeline.NO_BASE, config, out, model, timeout), requirements=requirements)
    request = replace(request, single=_single(source, config, shape, format_names, precisions))
    snapshot = pipeline.export(request, pipeline.read_head(request))
    files = {built.variant: OutFolder(out).artifacts("head") / built.file for built in built(snapshot)}
    _leave(VERDICT_FAILED if print_exported(snapshot.outcomes, files) else 0)


@app.command()
def smoke(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".ptl, .pt or .pte files, whoever made them.")],
    shape: Shapes = None,
    device: DeviceKind = None,
    serial: Serial = None,
    emulator_image: EmulatorImage = None,
    timeout: Timeout = 900,
) -> None:
    """Load and run artifacts on a device, and compare what they compute with the host.

    Example: `pocketfit smoke model_mobile.ptl --shape 1,3,224,224`
    """
    from pocketfit.commands.printed import print_smoke
    from pocketfit.commands.single import check_file, smoke_file
    from pocketfit.devices.base import started
    from pocketfit.devices.choose import choose_device
    from pocketfit.records import DeviceSpec

    for file in files:
        check_file(file, shape or ())
    chosen = choose_device(DeviceSpec(), device, _device_options(serial, emulator_image, None))
    if not chosen.devices:
        raise ConfigError("smoke needs a device: use --device jvm")
    if chosen.note:
        typer.echo(chosen.note, err=True)
    with started(chosen.devices[0]) as up:
        statuses = [print_smoke(file, smoke_file(up, file, shape or (), _sandbox(timeout))) for file in files]
    _leave(VERDICT_FAILED if "failed" in statuses else EnvironmentProblem.exit_code if "infra-error" in statuses else 0)


@app.command()
def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE.json", help="Snapshot of the base.")],
    head: Annotated[Path, typer.Argument(metavar="HEAD.json", help="Snapshot of the head.")],
    trial: Annotated[Path | None, typer.Option("--trial", help="What a device said of both.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write report.json, report.md and report.html here.")
    ] = None,
) -> None:
    """Report from saved files; needs no torch.

    Example: `pocketfit compare base.json head.json --trial trial.json --out report/`
    """
    from pocketfit.out import Out as OutFolder
    from pocketfit.report.compare import compare as compare_snapshots
    from pocketfit.store import read_snapshot, read_trial

    report = compare_snapshots(read_snapshot(base), read_snapshot(head), read_trial(trial) if trial else None)
    if out:
        OutFolder(out).write_reports(report)
    _show(report)
    _leave_with_verdict(report)


@app.command()
def plan(
    shards: Annotated[int, typer.Option("--shards", min=1, max=256, help="Machines to share the work, at most.")] = 4,
    base: Annotated[str | None, typer.Option("--base", help="As for run: what only base has is planned too.")] = None,
    exact: Exact = False,
    config: ConfigFile = None,
    model: Models = None,
    costs: Annotated[
        list[Path] | None, typer.Option("--costs", help="An earlier run's --out folder, to balance by; repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it here as well, for merge.")] = None,
    source: Source = None,
    shape: Shapes = None,
    format_names: FormatNames = None,
    precisions: PrecisionNames = None,
) -> None:
    """Share the variants out to several machines: prints a matrix for a workflow's `strategy.matrix`.

    Balanced by the seconds that an earlier run recorded; without them every variant counts alike. Needs no torch.

    Example: `pocketfit plan --shards 3 --costs pocketfit-out -o plan.json`
    """
    import json

    from pocketfit import pipeline
    from pocketfit.files import write_text_atomically
    from pocketfit.shards.plan import matrix, plan_shards, read_costs_s

    request = replace(_request(base, config, DEFAULT_OUT, model, 1), exact=exact)
    request = replace(request, single=_single(source, config, shape, format_names, precisions))
    variants = pipeline.planned(request, pipeline.read_head(request))
    text = json.dumps(matrix(plan_shards(variants, read_costs_s(costs or ()), shards)))
    if output:
        write_text_atomically(output, text + "\n")
    typer.echo(text)


@app.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="OUT_DIR...", help="What each shard's run wrote.")],
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="What plan wrote: a shard of it that is not here is then told.")
    ] = None,
    out: Out = DEFAULT_OUT,
) -> None:
    """Make one report, and one folder of artifacts, of what several machines found; needs no torch.

    Example: `pocketfit merge shards/1 shards/2 --plan plan.json`
    """
    from pocketfit.shards.merge import merge as merge_shards
    from pocketfit.shards.plan import read_plan

    report = merge_shards(folders, read_plan(plan_file) if plan_file else (), out)
    _show(report)
    _leave_with_verdict(report)


@app.command()
def publish(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A saved report.")],
    comment_key: Annotated[
        str, typer.Option("--comment-key", help="Tells several comments on one pull request apart.")
    ] = "default",
    comment: Annotated[str, typer.Option("--comment", help="changes, always or off.")] = "changes",
) -> None:
    """Comment on the pull request that GitHub's environment names, from a saved report.

    Reads GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_API_URL, and the token from GITHUB_TOKEN.

    Example: `GITHUB_TOKEN=... pocketfit publish pocketfit-out/report.json`
    """
    from pocketfit.github.publish import parse_mode, publish_file

    typer.echo(str(publish_file(report, os.environ, mode=parse_mode(comment), key=comment_key)))


@app.command()
def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files that are there.")] = False,
) -> None:
    """Write pocketfit.toml and a workflow for pull requests, after a look at this repository; none of its code is run.

    Example: `pocketfit init`
    """
    from pocketfit.commands.init import init as write_files
    from pocketfit.commands.init import root_of

    written = write_files(root_of(Path.cwd()), force=force)
    for file in written.files:
        typer.echo(f"wrote {file}")
    for model in written.models:
        typer.echo(f"  {model.name}: {model.source}")
    for note in written.notes:
        typer.echo(f"note: {note}")
    typer.echo("next: check the inputs in pocketfit.toml, then `pocketfit run --base none`, then commit both files")


@app.command()
def doctor(serial: Serial = None, emulator_image: EmulatorImage = None) -> None:
    """Say what works here and what does not, with the next step for each.

    Devices and formats are asked by the code that a run asks.

    Example: `pocketfit doctor`
    """
    from pocketfit.commands.doctor import examine
    from pocketfit.commands.printed import print_findings

    findings = examine(_device_options(serial, emulator_image, None))
    _leave(EnvironmentProblem.exit_code if print_findings(findings) else 0)


def main() -> None:
    # So that worktrees, containers and temporary folders go in every ending.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        # Also where we were started as a module.
        app(prog_name="pocketfit")
    except PocketfitError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def _terminate(number: int, _: FrameType | None) -> None:
    # Once is enough: a second signal must not stop the tidying up.
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _request(base: str | None, config: Path | None, out: Path, models: list[str] | None, timeout_s: float) -> Request:
    from pocketfit.pipeline import Request

    return Request(Path.cwd(), out, base, config, tuple(models or ()), _sandbox(timeout_s))


def _single(
    source: str | None,
    config: Path | None,
    shapes: list[str] | None,
    formats: list[str] | None,
    precisions: list[str] | None,
) -> Config | None:
    """The configuration that `--source` and what belongs to it stand in for; None without them."""
    from pocketfit.variants import one_model

    if source is None:
        belonging = {"--shape": shapes, "--format": formats, "--precision": precisions}
        if lonely := [option for option, words in belonging.items() if words]:
            raise ConfigError(f"{lonely[0]} belongs to --source, which is not given: a configuration has its own")
        return None
    if config:
        raise ConfigError("give either --config or --source, not both: --source stands in for a configuration")
    return one_model(source, shapes or (), formats or (), precisions or ())


def _only(words: list[str] | None, option: str, default: str) -> str:
    """The one format or precision of a file."""
    if words and len(words) > 1:
        raise ConfigError(f"one file has one {option}: give it once, or --source and --out for several files")
    return words[0] if words else default


def _device_options(serial: str | None, emulator_image: str | None, log_folder: Path | None) -> DeviceOptions:
    from pocketfit.devices.base import DeviceOptions

    return DeviceOptions(_model_user(), serial, emulator_image, log_folder)


def _model_user() -> str | None:
    return os.environ.get("POCKETFIT_MODEL_USER") if os.geteuid() == 0 else None


def _sandbox(timeout_s: float) -> Sandbox:
    from pocketfit.builds.sandbox import Sandbox, physical_memory_bytes

    return Sandbox(timeout_s, physical_memory_bytes(), _model_user())


def _require_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise EnvironmentProblem(
            "torch is not installed here: pip install -r requirements/torch.txt (or run `make setup`)"
        )


def _show(report: Report) -> None:
    from rich.console import Console

    from pocketfit.report.terminal import render_terminal

    # rich takes a pipe, such as a job's log, to be 80 columns wide.
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=LOG_COLUMNS)
    console.print(render_terminal(report))


def _leave_with_verdict(report: Report) -> None:
    _leave({"pass": 0, "fail": VERDICT_FAILED, "error": EnvironmentProblem.exit_code}[report.verdict])


def _leave(code: int) -> None:
    raise typer.Exit(code)
