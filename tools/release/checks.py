"""What a release is refused for, before anything is built."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.release.notes import heading
from tools.release.places import tag_of

VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


@dataclass(frozen=True)
class Tree:
    """The state of the repository: `changed` are files that differ from HEAD, `tags` those that there are."""

    version: str
    changed: tuple[str, ...]
    tags: frozenset[str]
    changelog: str


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
    title = heading(tree.changelog, wanted)
    if title is None:
        found.append(f"CHANGELOG.md has no heading for {wanted}: its notes are the release's")
    elif "not released" in title:
        found.append(f"CHANGELOG.md says {title!r}: write the day in place of that")
    return found
