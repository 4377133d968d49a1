"""The options that commands share: how each is written, and what its help says, in groups."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.devices import ABIS, DEVICES
from pocketfit.formats import FORMATS, PRECISIONS, listed

DEFAULT_OUT = Path("pocketfit-out")
DEFAULT_CACHE_SIZE = "2 GB"

# The groups of --help.
SELECTION, ONE_MODEL, COMPARISON = "Selection", "One model, without a configuration", "Comparison"
DEVICE, BUILDING, SANDBOX, OUTPUT = "Device", "Building", "Sandbox", "Output"

# Where a run's files go, and where its configuration is.
OutPath = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", rich_help_panel=OUTPUT, help="For reports and artifacts.")
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", rich_help_panel=OUTPUT,
        help="Print the result as JSON on stdout; all else goes to stderr.",
    ),
]  # fmt: skip
Junit = Annotated[
    Path | None,
    typer.Option(
        "--junit", metavar="FILE", rich_help_panel=OUTPUT,
        help="Write the report as JUnit XML too; `pocketfit report` makes more forms of it.",
    ),
]  # fmt: skip
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", rich_help_panel=SELECTION,
        help="The configuration. Default: the repository's pocketfit.toml, or its pyproject.toml.",
    ),
]  # fmt: skip

# What to compare with.
Base = Annotated[
    str | None,
    typer.Option(
        "--base", metavar="REF", rich_help_panel=COMPARISON,
        help="What to compare with: a branch, tag or commit, or `none`. Default: the remote's default branch.",
    ),
]  # fmt: skip
Exact = Annotated[
    bool,
    typer.Option(
        "--exact", rich_help_panel=COMPARISON,
        help="Compare with the commit that --base names now, instead of the one that your branch started from.",
    ),
]  # fmt: skip

HistoryPlace = Annotated[
    str | None,
    typer.Option(
        "--history", metavar="DIR|BRANCH", rich_help_panel=COMPARISON,
        help="Where numbers of earlier commits are kept: the report shows the trend of each variant.",
    ),
]  # fmt: skip

# A part of the configuration.
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", rich_help_panel=SELECTION, help="Only this model; may be repeated."),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant", metavar="MODEL/FORMAT/PRECISION", rich_help_panel=SELECTION,
        help="Only this variant, e.g. resnet18/lite/fp32; may be repeated.",
    ),
]  # fmt: skip

# One model instead of a configuration.
Source = Annotated[
    str | None,
    typer.Option(
        "--source", metavar="SOURCE", rich_help_panel=ONE_MODEL,
        help="Where the model comes from: module:callable, file.py:callable or a saved file.",
    ),
]  # fmt: skip
Shapes = Annotated[
    list[str] | None,
    typer.Option(
        "--shape", metavar="SHAPE", rich_help_panel=ONE_MODEL,
        help="An input, e.g. 1,3,224,224 or 1,16:int64; once for each.",
    ),
]  # fmt: skip
FormatNames = Annotated[
    list[str] | None,
    typer.Option(
        "--format", metavar="FORMAT", rich_help_panel=ONE_MODEL, autocompletion=lambda: list(FORMATS),
        help=f"What to build: {listed(FORMATS)}; may be repeated. Default: lite.",
    ),
]  # fmt: skip
PrecisionNames = Annotated[
    list[str] | None,
    typer.Option(
        "--precision", metavar="PRECISION", rich_help_panel=ONE_MODEL, autocompletion=lambda: list(PRECISIONS),
        help=f"Of its numbers: {listed(PRECISIONS)} (fp16 for executorch alone); may be repeated. Default: fp32.",
    ),
]  # fmt: skip

# How models are built.
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", min=1, metavar="SECONDS", rich_help_panel=BUILDING, help="The most that one export may take."
    ),
]
Requirements = Annotated[
    str | None,
    typer.Option(
        "--requirements", metavar="FILE", rich_help_panel=BUILDING,
        help="A requirements file of the repository, with the packages that its models' code imports.",
    ),
]  # fmt: skip

# What need not be made again.
CacheFolder = Annotated[
    Path | None,
    typer.Option(
        "--cache", metavar="FOLDER", envvar="POCKETFIT_CACHE", rich_help_panel=BUILDING,
        help="Where what earlier runs built is kept. Default: ~/.cache/pocketfit.",
    ),
]  # fmt: skip
CacheSize = Annotated[
    str,
    typer.Option(
        "--cache-size", metavar="SIZE", rich_help_panel=BUILDING,
        help="The most that the cache may take; what was used least recently goes first.",
    ),
]  # fmt: skip
NoCacheWanted = Annotated[
    bool,
    typer.Option(
        "--no-cache", envvar="POCKETFIT_NO_CACHE", rich_help_panel=BUILDING,
        help="Build and try everything anew, and keep nothing.",
    ),
]  # fmt: skip
ExplainCache = Annotated[
    bool,
    typer.Option(
        "--explain-cache", rich_help_panel=BUILDING,
        help="Say of each variant what decides whether it is built anew, and what of that changed.",
    ),
]  # fmt: skip

# What holds their code.
LimitWords = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="NAME=VALUE", rich_help_panel=SANDBOX,
        help="What one model's process may use: memory=SIZE, processes=N, file=SIZE, folder=SIZE, files=N, "
        "open-files=N; may be repeated.",
    ),
]  # fmt: skip
Readable = Annotated[
    list[Path] | None,
    typer.Option(
        "--readable", metavar="PATH", rich_help_panel=SANDBOX,
        help="A file or folder outside of the repository that models' code reads; may be repeated.",
    ),
]  # fmt: skip
Unsandboxed = Annotated[
    bool,
    typer.Option(
        "--unsandboxed", rich_help_panel=SANDBOX,
        help="Let models' code, and files by others, touch all that you can.",
    ),
]  # fmt: skip

# What they are tried on.
KINDS = ("auto", *DEVICES, "none")
DeviceKind = Annotated[
    str | None,
    typer.Option(
        "--device", metavar="DEVICE", rich_help_panel=DEVICE, autocompletion=lambda: list(KINDS),
        help=f"{listed(KINDS)}. Default: the configuration's, else auto.",
    ),
]  # fmt: skip
Serial = Annotated[
    str | None,
    typer.Option(
        "--serial", metavar="SERIAL", rich_help_panel=DEVICE, help="Which attached device, where there are several."
    ),
]
Abi = Annotated[
    str | None,
    typer.Option(
        "--abi", metavar="ABI", rich_help_panel=DEVICE, autocompletion=lambda: list(ABIS),
        help=f"Of the JVM's Android libraries: {listed(ABIS)}. Default: this machine's own.",
    ),
]  # fmt: skip
EmulatorImage = Annotated[
    str | None,
    typer.Option(
        "--emulator-image", metavar="IMAGE", envvar="POCKETFIT_EMULATOR_IMAGE", rich_help_panel=DEVICE,
        help="Container image of the emulator.",
    ),
]  # fmt: skip
