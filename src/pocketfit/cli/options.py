"""The options that commands share: how each is written, and what its help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.devices import DEVICES
from pocketfit.formats import FORMATS, PRECISIONS, listed

DEFAULT_OUT = Path("pocketfit-out")

# Where a run's files go, and where its configuration is.
OutPath = Annotated[Path, typer.Option("--out", help="Folder for reports and artifacts.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Default: pocketfit.toml, or pyproject.toml, of the repository.")
]

# What to compare with.
Exact = Annotated[bool, typer.Option("--exact", help="Compare with --base itself instead of the merge base.")]

# A part of the configuration.
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this model; may be repeated.")]
Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help="Only this variant, e.g. resnet18/lite/fp32; may be repeated."),
]

# One model instead of a configuration.
Source = Annotated[
    str | None,
    typer.Option("--source", help="One model instead of a configuration: module:callable, file.py:callable or a file."),
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

# How models are built.
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that one export may take.")]
Requirements = Annotated[
    str | None,
    typer.Option("--requirements", help="A requirements file of the repository: packages for its models' code."),
]

# What holds their code.
LimitWords = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        help="Of one process and all that it starts: memory=SIZE, file=SIZE, processes=N, open-files=N; repeatable.",
    ),
]
Readable = Annotated[
    list[Path] | None,
    typer.Option(
        "--readable", help="A file or folder outside of the repository that models' code reads; may be repeated."
    ),
]
Unsandboxed = Annotated[
    bool, typer.Option("--unsandboxed", help="Let models' code, and files by others, touch all that you can.")
]

# What they are tried on.
DeviceKind = Annotated[
    str | None,
    typer.Option("--device", help=f"{listed(('auto', *DEVICES, 'none'))}. Default: the configuration's, else auto."),
]
Serial = Annotated[str | None, typer.Option("--serial", help="Which attached device, where there are several.")]
EmulatorImage = Annotated[
    str | None,
    typer.Option("--emulator-image", envvar="POCKETFIT_EMULATOR_IMAGE", help="Container image of the emulator."),
]
