"""The commands, in the order in which --help lists them, and that list: without loading a command, or rich."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

# Where each command stands, and the first sentence of its own help.
COMMANDS = {
    "run": ("build", "Build base and head, try them on a device, and report what changed."),
    "export": (
        "build",
        "Export head's artifacts and their manifest; or, given a SOURCE, that one model without a configuration.",
    ),
    "smoke": ("build", "Load and run artifacts on a device, and compare what they compute with the host."),
    "compare": ("reports", "Report from saved files; needs no torch."),
    "report": (
        "again",
        "Show a saved report again, in any form. Needs no torch, and ends with exit code 0 whatever the verdict.",
    ),
    "nodes": (
        "graphs",
        "Write the numbers of each .pte by the nodes of its graph, as Model Explorer shows them. Needs no torch.",
    ),
    "accept": (
        "accepting",
        "Accept what a report calls too much: write limits that take it into the configuration, for good or until a "
        "day.",
    ),
    "history": (
        "past",
        "Print the trend of each variant over earlier commits, from a folder or branch that keeps their numbers.",
    ),
    "explain": (
        "explaining",
        "Say what a kind of reason means and what to do, as docs/troubleshooting.md does; without ID, list them all.",
    ),
    "plan": (
        "reports",
        "Share the variants out to several machines: prints a matrix for a workflow's strategy.matrix.",
    ),
    "merge": (
        "reports",
        "Make one report, and one folder of artifacts, of what several machines found; needs no torch.",
    ),
    "publish": (
        "reports",
        "Comment on the pull request that GitHub's environment names, from a saved report.",
    ),
    "init": (
        "setup",
        "Write pocketfit.toml and a workflow for pull requests after reading this repository's code, and build its "
        "models once to see that they work.",
    ),
    "check": (
        "setup",
        "Say all that is wrong with the configuration, in a second: keys, values, and whether what it names is there.",
    ),
    "setup": (
        "setup",
        "Fetch the Android runtimes for a Pocketfit that pip, pipx or uv installed, after saying what they take.",
    ),
    "doctor": ("setup", "Say what works here and what does not, with the next step for each."),
    "version": ("setup", "Say which Pocketfit this is, what makes its files and what runs them."),
}
NARROWEST, WIDEST = 50, 120
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def show_help(text: str, params: Sequence[Any]) -> None:
    """Print what `pocketfit --help` says: usage, `text`, and boxes of options, by their groups, and of commands."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    lines = ["", " Usage: pocketfit [OPTIONS] COMMAND [ARGS]...", ""]
    for paragraph in text.split("\n\n"):
        lines += [*textwrap.wrap(" ".join(paragraph.split()), width - 2, initial_indent=" ", subsequent_indent=" "), ""]
    boxes: dict[str, list[tuple[str, str]]] = {}
    for param in params:
        long, short = ([name for name in param.opts if name.startswith("--") is is_long] for is_long in (True, False))
        title = getattr(param, "rich_help_panel", None) or "Options"
        boxes.setdefault(title, []).append((f"{long[0]:<21}{''.join(short):<3}", param.help or ""))
    boxes = {"Options": boxes.pop("Options"), **boxes}
    boxes["Commands"] = [(name, said) for name, (_, said) in COMMANDS.items()]
    for title, rows in boxes.items():
        lines += _box(title, rows, width)
    print("\n".join(lines))


def _box(title: str, rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    bold, plain = (BOLD, PLAIN) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    names = max(len(name) for name, _ in rows) + 2
    yield f"╭─ {title} {'─' * (width - len(title) - 5)}╮"
    for name, said in rows:
        for index, part in enumerate(textwrap.wrap(said, width - names - 4) or [""]):
            shown = f"{name if index == 0 else '':<{names}}"
            yield f"│ {bold}{shown}{plain}{part:<{width - names - 4}} │"
    yield f"╰{'─' * (width - 2)}╯"
