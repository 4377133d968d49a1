"""The commands that work on saved reports, or share one out to several machines: compare, plan, merge and publish."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import leave_with_verdict, reported_before, show
from pocketfit.cli.options import (
    COMPARISON,
    DEFAULT_OUT,
    OUTPUT,
    Base,
    ConfigFile,
    Exact,
    FormatNames,
    HistoryPlace,
    Json,
    Models,
    OutPath,
    PrecisionNames,
    Shapes,
    Source,
)
from pocketfit.errors import ConfigError


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE.json", help="Snapshot of the base.")],
    head: Annotated[Path, typer.Argument(metavar="HEAD.json", help="Snapshot of the head.")],
    trial: Annotated[
        Path | None,
        typer.Option(
            "--trial",
            metavar="TRIAL.json",
            rich_help_panel=COMPARISON,
            help="The trial.json that a run wrote beside them: what the device said of both.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            rich_help_panel=OUTPUT,
            help="Write report.json, report.md and report.html here.",
        ),
    ] = None,
    history: HistoryPlace = None,
    as_json: Json = False,
) -> None:
    """Report from saved files; needs no torch.

    Example: `pocketfit compare base.json head.json --trial trial.json --out report/`
    """
    from pocketfit.report.compare import compare as compare_snapshots
    from pocketfit.staging import staged
    from pocketfit.store import read_snapshot, read_trial

    of_base, of_head = read_snapshot(base), read_snapshot(head)
    if (of_base.side, of_head.side) == ("head", "base"):
        raise ConfigError(f"{base} is head's and {head} is base's: write pocketfit compare {head} {base}")
    if of_head.side == "base":
        raise ConfigError(f"{head} is base's: compare takes base.json and head.json")
    report = compare_snapshots(of_base, of_head, read_trial(trial) if trial else None, asked.history(history))
    before = reported_before(out)
    if out:
        with staged(out, whole=False) as staging:
            staging.out.write_reports(report)
    show(report, before, as_json=as_json)
    leave_with_verdict(report)


def plan(
    shards: Annotated[
        int, typer.Option("--shards", min=1, max=256, metavar="N", help="The most machines to share the work.")
    ] = 4,
    base: Base = None,
    exact: Exact = False,
    config: ConfigFile = None,
    model: Models = None,
    costs: Annotated[
        list[Path] | None,
        typer.Option(
            "--costs",
            metavar="FOLDER",
            help="An earlier run's --out folder: by the seconds that each variant took there, every machine gets "
            "about as much to do. May be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="Write the plan to this file too: `pocketfit merge --plan` then knows what must be there.",
        ),
    ] = None,
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

    from pocketfit.builds.sides import Request, read_head
    from pocketfit.files import write_text_atomically
    from pocketfit.pipeline import planned
    from pocketfit.shards.plan import matrix, plan_shards, read_costs_s

    asked.check_base(base, exact)
    request = Request(
        Path.cwd(),
        base,
        exact,
        config,
        single=asked.single(source, config, shape, format_names, precisions),
        models=tuple(model or ()),
    )
    shared_out = plan_shards(planned(read_head(request)), read_costs_s(costs or ()), shards)
    text = json.dumps(matrix(shared_out))
    if output:
        write_text_atomically(output, text + "\n")
    typer.echo(text)


def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="OUT_DIR...", help="What each shard's run wrote.")],
    plan_file: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="PLAN.json",
            help="The file that `pocketfit plan -o` wrote: a variant of it that no folder reports then is a row that "
            "says so, and the verdict is no pass.",
        ),
    ] = None,
    out: OutPath = DEFAULT_OUT,
    history: HistoryPlace = None,
    as_json: Json = False,
) -> None:
    """Make one report, and one folder of artifacts, of what several machines found; needs no torch.

    Example: `pocketfit merge shards/1 shards/2 --plan plan.json`
    """
    from pocketfit.shards.merge import merge as merge_shards
    from pocketfit.shards.plan import read_plan

    before = reported_before(out)
    report = merge_shards(folders, read_plan(plan_file) if plan_file else (), out, asked.history(history))
    show(report, before, as_json=as_json)
    leave_with_verdict(report)


def publish(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A saved report.")],
    comment_key: Annotated[
        str, typer.Option("--comment-key", metavar="KEY", help="Tells several comments on one pull request apart.")
    ] = "default",
    comment: Annotated[
        str,
        typer.Option(
            "--comment",
            metavar="WHEN",
            help="changes (once something changed), always or off.",
        ),
    ] = "changes",
    check_run: Annotated[
        bool, typer.Option("--check-run", help="Put the report onto the commit too, as a check run.")
    ] = False,
) -> None:
    """Comment on the pull request that GitHub's environment names, from a saved report.

    Reads GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_API_URL, and the token from GITHUB_TOKEN.

    Example: `GITHUB_TOKEN=... pocketfit publish pocketfit-out/report.json`
    """
    from pocketfit.github.publish import parse_mode, publish_file

    mode = parse_mode(comment)
    for said in publish_file(report, os.environ, mode=mode, key=comment_key, check_run=check_run):
        typer.echo(str(said))
