"""Names the rows of the page, for links that stay the same from one report to the next. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from pocketfit.records import Variant

# What needs no escape in the fragment of an address.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
SLUG_LENGTH = 40


def anchor(variant: Variant) -> str:
    """The variant as it is written, "resnet18/lite/fp32"; a name that no address takes as it is ends in its hash."""
    parts = (variant.model, variant.format, variant.precision)
    if all(PLAIN.fullmatch(part) for part in parts):
        return "/".join(parts)
    digest = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:8]
    slug = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts))[:SLUG_LENGTH].strip("-")
    return f"{slug or 'variant'}/{digest}"


def anchors(variants: Iterable[Variant]) -> Iterator[str]:
    """Yield one for each, all different: a report by others may have a variant twice."""
    seen: dict[str, int] = {}
    for variant in variants:
        name = anchor(variant)
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}~{seen[name]}"
