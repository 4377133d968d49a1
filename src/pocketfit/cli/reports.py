"""The commands that work on saved reports, or share one out to several machines: compare, plan, merge and publish."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import leave_with_verdict, show
from pocketfit.cli.options import (
    DEFAULT_OUT,
    ConfigFile,
    Exact,
    FormatNames,
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
    trial: Annotated[Path | None, typer.Option("--trial", help="What a device said of both.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write report.json, report.md and report.html here.")
    ] = None,
) -> None:
    """Report from saved files; needs no torch.

    Example: `pocketfit compare base.json head.json --trial trial.json --out report/`
    """
    from pocketfit.report.compare import compare as compare_snapshots
    from pocketfit.staging import staged
    from pocketfit.store import read_snapshot, read_trial

    before, after = read_snapshot(base), read_snapshot(head)
    if (before.side, after.side) == ("head", "base"):
        raise ConfigError(f"{base} is head's and {head} is base's: write pocketfit compare {head} {base}")
    if after.side == "base":
        raise ConfigError(f"{head} is base's: compare takes base.json and head.json")
    report = compare_snapshots(before, after, read_trial(trial) if trial else None)
    if out:
        with staged(out, whole=False) as staging:
            staging.out.write_reports(report)
    show(report)
    leave_with_verdict(report)


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
        typer.Option("--plan", help="The file that `pocketfit plan -o` wrote; shards missing from it are reported."),
    ] = None,
    out: OutPath = DEFAULT_OUT,
) -> None:
    """Make one report, and one folder of artifacts, of what several machines found; needs no torch.

    Example: `pocketfit merge shards/1 shards/2 --plan plan.json`
    """
    from pocketfit.shards.merge import merge as merge_shards
    from pocketfit.shards.plan import read_plan

    report = merge_shards(folders, read_plan(plan_file) if plan_file else (), out)
    show(report)
    leave_with_verdict(report)


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
