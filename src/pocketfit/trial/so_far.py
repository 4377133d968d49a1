"""What a run has found so far: a whole report can be made of it when the run is stopped before its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side, snapshot_of
from pocketfit.records import (
    CUT_SHORT,
    Built,
    DeviceInfo,
    Outcome,
    Report,
    SideName,
    Skipped,
    Smoke,
    Snapshot,
    Timing,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.report.compare import compare
from pocketfit.variants import variants

STOPPED = "not tried, since the run was stopped"
UNTIMED = "not timed, since the run was stopped"


@dataclass
class SoFar:
    """The sides of a run, and what its threads added of each variant.

    `sandbox` is what its models run in, `device` where they are tried, if anywhere.
    """

    sides: tuple[Side, ...]
    sandbox: Sandbox
    device: DeviceInfo | None = None
    _outcomes: dict[tuple[SideName, Variant], tuple[Outcome, str]] = field(default_factory=dict)
    _rows: dict[Variant, TrialRow] = field(default_factory=dict)

    def add_outcome(self, side: SideName, outcome: Outcome, torch_version: str) -> None:
        self._outcomes[side, outcome.variant] = outcome, torch_version

    def add_row(self, row: TrialRow) -> None:
        self._rows[row.variant] = row

    def snapshots(self) -> dict[SideName, Snapshot]:
        """Each side with all of its variants: what was not built is skipped."""
        return {
            side.name: snapshot_of(
                side,
                [
                    self._outcomes.get((side.name, variant), (Skipped(variant, STOPPED), ""))
                    for variant, _ in variants(side.config)
                ],
                self.sandbox,
            )
            for side in self.sides
        }

    def trial(self, head: Snapshot) -> Trial | None:
        """What the device said of head's artifacts: those that it did not get to are skipped."""
        if self.device is None:
            return None
        built = [outcome.variant for outcome in head.outcomes if isinstance(outcome, Built)]
        return Trial(self.device, tuple(self._row(variant) for variant in built))

    def _row(self, variant: Variant) -> TrialRow:
        row = self._rows.get(variant)
        if row is None:
            assert self.device
            return TrialRow(variant, None, Smoke("skipped", STOPPED, self.device.kind), Timing(reason=UNTIMED))
        return row if row.timing else replace(row, timing=Timing(reason=UNTIMED))


def cut_short(base: Snapshot | None, head: Snapshot, trial: Trial | None) -> Report:
    """The report of a run that was stopped. Its verdict is never a pass, nor a fail: nobody knows what is missing."""
    report = compare(base, head, trial)
    return replace(report, verdict="error", notes=(CUT_SHORT, *report.notes))
