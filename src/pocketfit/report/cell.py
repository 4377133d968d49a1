"""One cell of the table, as all forms of the report have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# "failed" is what the verdict is about; "worse" and "better" only say which way a number went.
Tone = Literal["plain", "failed", "worse", "better", "quiet"]


@dataclass(frozen=True)
class Cell:
    """The fact, beneath it what changed or why, beneath that details: short lines, so that columns are narrow.

    `tone` is of the change, or of the fact where it is alone. `place` is where the fact was measured, where that is
    not what the column's title says.
    """

    fact: str = ""
    remark: str = ""
    detail: str = ""
    tone: Tone = "plain"
    aside: str = ""
    place: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for line in (self.fact, self.remark, self.detail, self.aside, self.place) if line)
