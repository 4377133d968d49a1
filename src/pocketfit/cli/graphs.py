"""The command that writes numbers by the nodes of a graph: nodes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli.options import OUTPUT, Variants
from pocketfit.cli.screen import echo


def nodes(
    snapshot: Annotated[Path, typer.Argument(metavar="HEAD.json", help="What a run saved of head, or of base.")],
    variant: Variants = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            rich_help_panel=OUTPUT,
            help="Where the JSON files go. Default: nodes, beside HEAD.json.",
        ),
    ] = None,
) -> None:
    """Write the numbers of each .pte by the nodes of its graph, as Model Explorer shows them. Needs no torch.

    Prints how each is opened.

    Example: `pocketfit nodes pocketfit-out/head.json --variant resnet18/executorch/int8`
    """
    from pocketfit.commands.nodes import write_node_data
    from pocketfit.variants import parse_variants

    chosen = parse_variants(variant, "--variant") if variant else ()
    for artifact, files in write_node_data(snapshot, chosen, out or snapshot.parent / "nodes"):
        paths = shlex.quote(",".join(map(str, files)))
        echo(
            f"model-explorer {shlex.quote(str(artifact))} --extensions=pte_adapter_model_explorer "
            f"--node_data_paths={paths}"
        )
