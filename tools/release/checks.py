"""What a release is refused for, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tools.release.notes import heading
from tools.release.places import DIGEST, tag_of

BASE = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


@dataclass(frozen=True)
class Tree:
    """The state of the repository: `changed` are files that differ from HEAD, `tags` those that there are.

    `unpinned` are sentences on what an image would take by name alone (see unpinned).
    """

    version: str
    changed: tuple[str, ...]
    tags: frozenset[str]
    changelog: str
    unpinned: tuple[str, ...] = ()


def unpinned(dockerfile: str, locks: Iterable[str]) -> tuple[str, ...]:
    """Return what an image takes by name and not by hash: the base of a Dockerfile, PyTorch's CPU wheels.

    `locks` are the names of the files in requirements/.
    """
    found = []
    base = BASE.search(dockerfile)
    if base is None or not DIGEST.search(base[1]):
        found.append("the Dockerfile's base is named by tag")
    if "torch-cpu.txt" not in locks:
        found.append("requirements/torch-cpu.txt, with the hashes of PyTorch's CPU wheels, is not there")
    return tuple(f"{one}: the workflow 'Look up pins' writes it, a person commits it" for one in found)


def refusals(wanted: str, tree: Tree, *, released: bool) -> list[str]:
    """Return the sentences that say why `wanted` can't be released from this tree; none where it can.

    `released` says that the tag is that of this very release, which was interrupted.
    """
    if not VERSION.fullmatch(wanted):
        return [f"{wanted!r} is no version: write 1.2.3, or 1.2.3rc1 for one to try"]
    found = []
    if wanted != tree.version:
        found.append(f"src/pocketfit/__init__.py has version {tree.version}, not {wanted}: release that, or change it")
    if tree.changed:
        more = f" and {len(tree.changed) - 1} more" if len(tree.changed) > 1 else ""
        found.append(f"{tree.changed[0]}{more} differs from HEAD: commit it, since a release is of a commit")
    if tag_of(wanted) in tree.tags and not released:
        found.append(f"the tag {tag_of(wanted)} exists, with another commit or other images: take the next version")
    found.extend(tree.unpinned)
    title = heading(tree.changelog, wanted)
    if title is None:
        found.append(f"CHANGELOG.md has no heading for {wanted}: its notes are the release's")
    elif "not released" in title:
        found.append(f"CHANGELOG.md says {title!r}: write the day in place of that")
    return found
