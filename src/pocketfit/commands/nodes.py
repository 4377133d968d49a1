"""Numbers by the nodes of each .pte's graph, from what a run saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.records import Built, Variant
from pocketfit.report.forms.node_data import node_data
from pocketfit.store import read_snapshot
from pocketfit.text import clean
from pocketfit.variants import parse_variants


def write_node_data(saved: Path, chosen: Sequence[Variant], folder: Path) -> list[tuple[Path, list[Path]]]:
    """Write a JSON file into `folder` for each number that is known of each .pte; returns them with its path.

    Only of the `chosen` variants, where there are some. Raises ConfigError where nothing is known.
    """
    snapshot = read_snapshot(saved)
    there = [one for one in snapshot.outcomes if isinstance(one, Built) and one.variant.format == "executorch"]
    if missing := [str(one) for one in chosen if one not in {built.variant for built in there}]:
        raise ConfigError(f"{saved} has no .pte of {missing[0]}: there are {_listed(there)}")
    wanted = [built for built in there if not chosen or built.variant in chosen]
    data = [(built, texts) for built in wanted if (texts := node_data(built))]
    if not data:
        raise ConfigError(
            f"{saved}: there is no .pte in it whose nodes are known: have `pocketfit run` build one, in format "
            "executorch"
        )
    written = []
    for built, texts in data:
        # Its name becomes that of a file.
        parse_variants((str(built.variant),), str(saved))
        files = [folder / f"{built.variant.stem}.{name}.json" for name in texts]
        for file, text in zip(files, texts.values(), strict=True):
            write_text_atomically(file, text)
        written.append((saved.parent / snapshot.artifacts / built.file, files))
    return written


def _listed(there: Sequence[Built]) -> str:
    return ", ".join(clean(str(built.variant), 80) for built in there[:5]) or "none"
