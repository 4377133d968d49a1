"""Two snapshots and a trial, as a report. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from pocketfit.judge.alone import NO_BASE, judge_alone
from pocketfit.judge.latency import could_see, judge
from pocketfit.judge.limits import Broken, broken_limits, unjudged_limits
from pocketfit.judge.memory import TOLD_FOR, leaks, memory_of
from pocketfit.judge.over import broken_over, unjudged_over
from pocketfit.judge.parity import believable
from pocketfit.judge.places import base_elsewhere, places_of, without_place
from pocketfit.records import (
    Built,
    Environment,
    Evaluated,
    Failed,
    History,
    Latency,
    Limits,
    Memory,
    Metric,
    Outcome,
    Report,
    Row,
    SideFacts,
    Skipped,
    Smoke,
    Snapshot,
    Trial,
    TrialRow,
    Variant,
    Work,
    about_base,
)
from pocketfit.report.before import failed_before, fails_as_before, ignores_old_failures
from pocketfit.report.changes import beside_fp32, explain, grew_most
from pocketfit.report.columns.work import instead_of_time
from pocketfit.report.minor import minor_below
from pocketfit.report.notes import gather_notes
from pocketfit.report.past import with_history
from pocketfit.report.phone import runtime_sizes, with_totals
from pocketfit.report.runtimes import host_differs, not_everywhere
from pocketfit.runtimes.predicted import judged
from pocketfit.units import format_bytes


def compare(base: Snapshot | None, head: Snapshot, trial: Trial | None, history: History | None = None) -> Report:
    """One row per variant of head, in its order, then those that only base has; `history` is of earlier commits."""
    before = {outcome.variant: outcome for outcome in base.outcomes} if base else {}
    tried = {row.variant: row for row in trial.rows} if trial else {}
    present = {outcome.variant for outcome in head.outcomes}
    rows = [
        _row(
            before.get(outcome.variant),
            outcome,
            tried.get(outcome.variant) or TrialRow(outcome.variant, None, None),
            head.limits.get(outcome.variant.model, Limits()),
            "no device was used" if trial is None else "it was not part of the trial",
            ignores_old_failures(base, head, outcome.variant),
            Past(history, head.commit),
        )
        for outcome in head.outcomes
    ]
    rows += [_removed(outcome) for variant, outcome in before.items() if variant not in present]
    libraries = trial.device.runtimes if trial else {}
    rows = list(with_totals(beside_fp32(rows), libraries))
    report = Report(
        verdict=_verdict(rows),
        base=base.commit if base else None,
        head=head.commit,
        pocketfit=head.pocketfit,
        environment=_environment(head, trial),
        rows=tuple(rows),
        notes=gather_notes(base, head, trial, rows),
        runtimes=runtime_sizes(rows, libraries),
    )
    return with_history(report, history)


@dataclass(frozen=True)
class Past:
    """The history that a report is given, and head's own commit, which is no part of its past."""

    history: History | None
    commit: str | None


def _row(
    base: Outcome | None, head: Outcome, tried: TrialRow, limits: Limits, untried: str, ignores_old: bool, past: Past
) -> Row:
    match head:
        case Built():
            row = _built_row(base, head, tried, limits, untried, ignores_old, past)
            return replace(row, minor_below=minor_below(row, limits.minimum_change))
        case Failed():
            row = _bare_row(base, head.variant, "failed", (head.reason, *head.reasons), head)
            return replace(row, failed_before=ignores_old and failed_before(base, head))
        case Skipped():
            return _bare_row(base, head.variant, "skipped", (head.reason,), None)


def _built_row(
    base: Outcome | None, head: Built, tried: TrialRow, limits: Limits, untried: str, ignores_old: bool, past: Past
) -> Row:
    identical = isinstance(base, Built) and base.sha256 == head.sha256
    smoke = tried.head or Smoke("skipped", untried)
    latency = _latency(base, tried, smoke, identical)
    before = _facts(base, tried.base, tried.base_work)
    after = _facts(head, tried.head, tried.head_work)
    memory = (before.memory if before else Memory(), after.memory if after else Memory())
    runs_on = judged(head.runs_on, tried.runs_on, smoke)
    work = (tried.base_work, tried.head_work)
    places = places_of(tried, smoke, head)
    broken = (
        *broken_limits(limits, base if isinstance(base, Built) else None, head, places.judged, latency, memory, work),
        *broken_over(limits.size_growth_over, base, head, past.history, past.commit),
    )
    smoke_failed = places.failures
    failed = bool(broken or smoke_failed)
    return Row(
        model=head.variant.model,
        format=head.variant.format,
        precision=head.variant.precision,
        status="failed" if failed else "identical" if identical else "compared" if isinstance(base, Built) else "new",
        reasons=(
            *smoke_failed,
            *places.remarks,
            *host_differs(head, smoke),
            *_sentences(broken),
            *unjudged_limits(limits, base, head, latency, memory, work),
            *unjudged_over(limits.size_growth_over, base, head, past.history),
            *_about_base(base, tried, bool(smoke_failed)),
            *not_everywhere(runs_on, base.runs_on if isinstance(base, Built) else {}),
            *_retained(memory),
            *_growth(base, head),
            *_explanation(base, head, latency, instead_of_time(*work)),
            *head.export.reasons,
        ),
        failed_limits=tuple(dict.fromkeys(limit.name for limit in broken)),
        base=before,
        head=after,
        parity=head.export.parity,
        metric=_metric(base, head),
        latency=latency,
        layer_losses=head.export.layer_losses,
        runs_on=runs_on,
        # A failure is judged by all that the device said; agreement only by what can mean something.
        smoke=smoke if smoke_failed else replace(smoke, parity=believable(smoke.parity, head.export.parity)),
        failed_before=failed and ignores_old and fails_as_before(base, head, places.pairs, broken),
        also=tuple(
            one if smoke_failed else replace(one, parity=believable(one.parity, head.export.parity))
            for one in places.also
        ),
    )


def _metric(base: Outcome | None, head: Built) -> Metric | None:
    before = base.export.metric.value if isinstance(base, Built) and base.export.metric else None
    after = head.export.metric or Evaluated()
    metric = Metric(after.eager, before, after.value)
    return None if metric == Metric() and head.export.metric is None else metric


def _growth(base: Outcome | None, head: Built) -> tuple[str, ...]:
    if not isinstance(base, Built) or base.export.anatomy is None or head.export.anatomy is None:
        return ()
    sentence = grew_most(base.export.anatomy.modules, head.export.anatomy.modules)
    # The modules are eager's, whose tensors are fp32 whatever became of them.
    return (f"{sentence} in fp32" if head.variant.precision != "fp32" else sentence,) if sentence else ()


def _explanation(base: Outcome | None, head: Built, latency: Latency, work: str) -> tuple[str, ...]:
    if latency.verdict == "unclear":
        reason = f": {latency.reason}" if latency.reason else ""
        share = could_see(latency)
        seen = "" if share is None else f"a change of {math.ceil(100 * share)} % would have been seen"
        more = f"; {work or seen}" if work or seen else ""
        return (f"latency unclear{reason}{more}",) if reason or more else ()
    if not isinstance(base, Built) or latency.verdict not in ("slower", "faster"):
        return ()
    sentence = explain(base, head)
    return (f"{latency.verdict}, with {sentence}",) if sentence else ()


def _latency(base: Outcome | None, tried: TrialRow, smoke: Smoke, identical: bool) -> Latency:
    if smoke.status == "failed":
        return Latency("not-measured", "head fails")
    missing = _without_base(base, tried)
    if tried.timing and tried.timing.alone:
        return judge_alone(tried.timing, missing or "head was timed alone")
    if missing:
        return Latency("not-measured", (tried.timing and tried.timing.reason) or missing)
    return judge(tried.timing, identical)


def _without_base(base: Outcome | None, tried: TrialRow) -> str:
    """Why there is nothing to time head against; "" where there is."""
    if not isinstance(base, Built):
        return NO_BASE
    return "base fails" if tried.base and tried.base.status == "failed" else ""


def _bare_row(
    base: Outcome | None,
    variant: Variant,
    status: Literal["failed", "skipped"],
    reasons: tuple[str, ...],
    failed: Failed | None,
) -> Row:
    """A row without an artifact of head."""
    return Row(
        model=variant.model,
        format=variant.format,
        precision=variant.precision,
        status=status,
        reasons=(*reasons, *_about_base(base, None, True)),
        failed_limits=failed.failed_limits if failed else (),
        base=_facts(base),
        parity=failed.parity if failed else None,
        layer_losses=failed.layer_losses if failed else (),
        latency=Latency("not-measured", "there is no artifact of head"),
        smoke=Smoke("skipped", "there is no artifact of head"),
    )


def _removed(base: Outcome) -> Row:
    return Row(
        model=base.variant.model,
        format=base.variant.format,
        precision=base.variant.precision,
        status="removed",
        reasons=_about_base(base, None, False),
        base=_facts(base),
        latency=Latency("not-measured", "head does not have it"),
        smoke=Smoke("skipped", "head does not have it"),
    )


def _about_base(base: Outcome | None, tried: TrialRow | None, head_fails: bool) -> tuple[str, ...]:
    """Say what is wrong with base. It never counts against head; a reviewer reads in it that head is not to blame."""
    match base:
        case Failed() | Skipped():
            return (about_base(base.reason),)
        case Built() if tried and tried.base and tried.base.status == "failed":
            reason = without_place(tried.base.reason)
            fails = f"it fails on this runtime {'too' if head_fails else 'already'}"
            return (about_base(f"{fails}: {reason}"), *base_elsewhere(tried, head_fails))
        case Built() if tried:
            return base_elsewhere(tried, head_fails)
    return ()


def _sentences(broken: Iterable[Broken]) -> tuple[str, ...]:
    return tuple(limit.sentence for limit in broken if limit.sentence)


def _retained(memory: tuple[Memory, Memory]) -> tuple[str, ...]:
    """Say where head keeps memory that it should have given back, and whether base does as well."""
    before, after = (side.retained_bytes for side in memory)
    if after is None or not leaks(memory[1]):
        return ()
    as_base = "" if before is None else f" (base {format_bytes(max(before, 0))})"
    return (f"{format_bytes(after)} of memory are not given back after {TOLD_FOR} loads and releases{as_base}",)


def _facts(outcome: Outcome | None, tried: Smoke | None = None, work: Work | None = None) -> SideFacts | None:
    match outcome:
        case Built():
            return SideFacts(
                outcome.size_bytes,
                outcome.download_bytes,
                outcome.sha256,
                outcome.export.parameters,
                dict(outcome.export.ops),
                outcome.export.anatomy,
                outcome.delegation,
                memory=memory_of(outcome.planned_bytes, tried),
                work=work,
                operator_times=outcome.operator_times,
            )
    return None


def _verdict(rows: Iterable[Row]) -> Literal["pass", "fail", "error"]:
    rows = tuple(rows)
    if any(row.fails for row in rows):
        return "fail"
    built = [row for row in rows if row.head]
    return "error" if built and all(row.smoke.status == "infra-error" for row in built) else "pass"


def _environment(head: Snapshot, trial: Trial | None) -> Environment:
    if trial is None:
        return Environment(torch=head.torch, device=None, runtime=None, cpu=None, sandbox=head.sandbox)
    formats = dict.fromkeys(outcome.variant.format for outcome in head.outcomes)
    runtimes = dict.fromkeys(trial.device.runtimes[format] for format in formats if format in trial.device.runtimes)
    hardware = trial.device.hardware
    return Environment(
        torch=head.torch,
        device=trial.device.kind,
        runtime=", ".join(runtimes) or None,
        cpu=trial.device.cpu or None,
        abi=trial.device.abi or None,
        threads=trial.device.threads,
        hardware=replace(hardware, model=hardware.model or None, android=hardware.android or None),
        sandbox=head.sandbox,
    )
