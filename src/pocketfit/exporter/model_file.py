"""The file that is made of a model, and how it compares with eager: each file is run for that once.

What ships is compared always. Where that leaves no doubt, what each step on the way made need not be run too: a step
can only hand on what the one before it made, so one that is wrong ends in a file that is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.given import where
from pocketfit.exporter.state.eager import Loaded
from pocketfit.judge.parity import DEFAULT_MIN_SQNR_DB, ROUNDING_MIN_SQNR_DB

if TYPE_CHECKING:
    from pocketfit.exporter.builder import Builder, Optimized
    from pocketfit.exporter.verify import Verifier
    from pocketfit.judge.outputs import Judged

# How far above the SQNR at which a step counts as wrong a file leaves no doubt of any. Our choice: a step's error would
# have to be more than five times that of the file which comes of it; steps that were right differ by less.
BEYOND_DOUBT_DB = 15.0


class ModelFile:
    """The file at `path`, which is written by `builder`; `enter` is told of each stage."""

    def __init__(self, builder: Builder, path: Path, verify: Verifier, enter: Callable[[str], None]) -> None:
        self.builder, self.path, self.verify, self._enter = builder, path, verify, enter
        self.dropped_debug_bytes: int | None = None
        self._made_of: Any = None
        self._compared: tuple[Loaded, Judged] | None = None

    def make(self, optimized: Optimized) -> None:
        """Write it, unless it was made of this very module; raises what the builder does."""
        if self._made_of is optimized.module:
            return
        self._made_of = self._compared = None
        self._enter(f"saving {self.path.name}")
        self.dropped_debug_bytes = self.builder.save(optimized, self.path)
        self._made_of = optimized.module

    def compare(self) -> tuple[Loaded, Judged]:
        """Load it and run it beside eager, unless that was done; raises whatever loading and running raise."""
        if self._compared is None:
            self._enter(f"running {self.path.name} on {where(self.builder.name)}")
            file = Loaded(partial(self.builder.load, self.path))
            self._compared = file, self.verify.measure(file)
        return self._compared

    def settles(self, stage: str, optimized: Optimized) -> bool:
        """Say whether the file that is made of `optimized` leaves no doubt of the steps to it; if not, `stage` goes on.

        What raises here raises again where it is told of.
        """
        try:
            self.make(optimized)
            if is_beyond_doubt(self.verify, self.compare()[1]):
                return True
        except Exception:
            self.path.unlink(missing_ok=True)
            self._made_of = None
        self._enter(stage)
        return False


def may_settle(verify: Verifier) -> bool:
    """Say whether a file alone can tell that all steps to it are right.

    Not of a model that does more than answer: a step may lose its state, and others put that right by chance. Nor where
    a limit counts differences, whose size says nothing of how far a step was from it.
    """
    habits = verify.habits
    return not (habits.has_state or habits.written) and verify.limits.max_abs_diff is None


def is_beyond_doubt(verify: Verifier, judged: Judged) -> bool:
    """Say whether every output of a file has a score, and one far above what any step is held to."""
    asked_db, precision = verify.limits.min_sqnr_db, verify.precision
    least_db = max(
        DEFAULT_MIN_SQNR_DB[precision] if asked_db is None else asked_db, ROUNDING_MIN_SQNR_DB.get(precision, 0.0)
    )
    scores_db = [None if one.degenerate else one.sqnr_db for one in judged.parity.outputs]
    return (
        not judged.problem
        and bool(scores_db)
        and all(score_db is not None and score_db >= least_db + BEYOND_DOUBT_DB for score_db in scores_db)
    )
