"""When work is counted, of which files, and what is said where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from pocketfit.devices.program import Counted
from pocketfit.judge.work import Counts
from pocketfit.progress import Progress, observed_by
from pocketfit.records import Anatomy, DeviceInfo, DeviceSpec, Load, SmokeInput, Trial, Work
from pocketfit.trial.also import Further
from pocketfit.trial.counting import Counter, counter_for
from pocketfit.trial.trial import Artifacts, run_trial
from tests.unit.trial.test_trial import Doubler, Folders, artifacts, base_and_head, built, folders

__all__ = ["folders"]
PHONE = DeviceInfo("jvm", "arm64-v8a", "cortex-a76, emulated", 1, {"lite": "lite 1.12.2"}, emulated_cpu="cortex-a76")
WHERE = Work(abi="arm64-v8a", cpu="cortex-a76", runtime="lite 1.12.2")


@dataclass
class Emulator(Doubler):
    """A device on which a call of an artifact executes so many instructions as stand in it, and the first some more."""

    asked: list[tuple[str, Counted, float]] = field(default_factory=list)
    problem: str = ""
    own: bool = False

    @property
    def info(self) -> DeviceInfo:
        return replace(PHONE, cpu="neoverse-n2", emulated_cpu=None) if self.own else PHONE

    def count(self, given: SmokeInput, counted: Counted, limit_s: float) -> tuple[Counts, ...] | str:
        text = given.artifact.read_text()
        self.asked.append((text, counted, limit_s))
        number = 10**6 * (7 + len(text))
        return self.problem or tuple(Counts(number + call, 10 * number, number) for call in (200, 100, 0))


def work(millions: int) -> Work:
    number = millions * 10**6
    return replace(
        WHERE,
        instructions=number + 100,
        loaded_bytes=10 * number,
        stored_bytes=number,
        calls=3,
        spread=200 / (number + 100),
    )


def counted(emulator: Emulator, base: Artifacts | None, head: Artifacts, budget_s: float = 120.0) -> Trial:
    """A trial on x86_64, with the emulator beside it."""
    also = (Further("arm64-v8a", "jvm", emulator),)
    device = Doubler()
    counter = counter_for(DeviceSpec(also=("arm64-v8a",), work_budget_s=budget_s), device, also)
    return run_trial(device, base, head, also=also, counter=counter)


def test_both_sides_are_counted_before_any_is_timed(folders: Folders) -> None:
    emulator, phases = Emulator(), list[tuple[str, str]]()

    def observe(progress: Progress) -> None:
        phases.append((progress.phase, progress.stage))

    with observed_by(observe):
        (row,) = counted(emulator, *base_and_head(folders, "0", "0.0")).rows

    assert (row.base_work, row.head_work) == (work(8), work(10))
    assert emulator.asked == [("0", Counted(3, left_out=1), 240.0), ("0.0", Counted(3, left_out=1), 240.0)]
    first_timed = min(index for index, (phase, _) in enumerate(phases) if phase == "time")
    last_counted = max(index for index, (phase, _) in enumerate(phases) if phase == "count")
    assert last_counted < first_timed
    assert phases[last_counted] == ("count", "counted on arm64-v8a")


@dataclass
class Unsteady(Doubler):
    """A device on which nobody can tell which side is faster."""

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        head_ms = (0.97, 1.03)[seed % 2]
        return Load((1.0, 1.0), (head_ms, head_ms), (head_ms, head_ms))


@pytest.mark.parametrize(
    ("head", "loads", "reason", "said"),
    [
        # Other bytes of the same length are another file, and as many instructions.
        (
            "0e0", 8,
            "still unclear after a short look of 8 fresh loads",
            "timing base and head in turn on jvm x86_64, briefly since their work is the same",
        ),
        ("0.00", 24, "still unclear after 24 fresh loads", "timing base and head in turn on jvm x86_64"),
    ],
)  # fmt: skip
def test_what_does_the_same_work_gets_a_short_look(
    folders: Folders, head: str, loads: int, reason: str, said: str
) -> None:
    also, stages = (Further("arm64-v8a", "jvm", Emulator()),), list[str]()
    counter = counter_for(DeviceSpec(also=("arm64-v8a",)), Unsteady(), also)
    with observed_by(lambda progress: stages.append(progress.stage)):
        (row,) = run_trial(
            Unsteady(), *base_and_head(folders, "0.0", head), also=also, counter=counter, budget_s=600
        ).rows
    assert row.timing
    assert (len(row.timing.loads), row.timing.reason) == (loads, reason)
    assert said in stages


def test_identical_files_are_not_counted(folders: Folders) -> None:
    emulator = Emulator()
    (row,) = counted(emulator, *base_and_head(folders, "0", "0")).rows
    assert (row.base_work, row.head_work, emulator.asked) == (None, None, [])


def test_what_has_no_base_is_counted_alone(folders: Folders) -> None:
    (row,) = counted(Emulator(), None, artifacts(folders["head"], built(folders["head"], "0"))).rows
    assert (row.base_work, row.head_work) == (None, work(8))


def test_what_fails_on_the_phones_libraries_is_not_counted(folders: Folders) -> None:
    emulator = Emulator()
    (row,) = counted(emulator, *base_and_head(folders, "crash", "0")).rows
    assert (row.base_work, row.head_work) == (replace(WHERE, reason="it fails on arm64-v8a"), work(8))
    assert [text for text, _, _ in emulator.asked] == ["0"]


def test_what_is_too_large_for_the_budget_is_not_started(folders: Folders) -> None:
    emulator = Emulator()
    base, head = base_and_head(folders, "0", "0.0")
    (outcome,) = head.snapshot.outcomes
    large = replace(outcome, export=replace(outcome.export, anatomy=Anatomy(macs={"net": 10**12})))  # type: ignore[union-attr, arg-type]
    (row,) = counted(emulator, base, replace(head, snapshot=replace(head.snapshot, outcomes=(large,)))).rows
    assert row.head_work
    assert row.head_work.reason.startswith("it is too large: 1,000.0 G MACs would take ")
    assert row.head_work.reason.endswith(" s of processor time, work_budget_s = 120")
    assert [text for text, _, _ in emulator.asked] == ["0"]


def test_on_its_own_core_nothing_is_too_large_and_the_core_is_named(folders: Folders) -> None:
    base, head = base_and_head(folders, "0", "0.0")
    (outcome,) = head.snapshot.outcomes
    large = replace(outcome, export=replace(outcome.export, anatomy=Anatomy(macs={"net": 10**12})))  # type: ignore[union-attr, arg-type]
    head = replace(head, snapshot=replace(head.snapshot, outcomes=(large,)))
    device = Emulator(own=True)
    (row,) = counted(device, base, head).rows
    # A call takes so little there that more of them are left out.
    assert [given for _, given, _ in device.asked] == [Counted(3, left_out=8)] * 2
    assert row.head_work == replace(work(10), cpu="neoverse-n2", counted_by="perf_event")


def test_the_devices_own_problem_is_the_reason(folders: Folders) -> None:
    (row,) = counted(Emulator(problem="no answer in 240 s"), *base_and_head(folders, "0", "0.0")).rows
    assert row.base_work == row.head_work == replace(WHERE, reason="no answer in 240 s")


def test_an_abi_that_did_not_come_up_counts_nothing(folders: Folders) -> None:
    also = (Further("arm64-v8a", "jvm", problem="qemu-aarch64 is not on PATH"),)
    counter = counter_for(DeviceSpec(also=("arm64-v8a",)), Doubler(), also)
    (row,) = run_trial(Doubler(), *base_and_head(folders, "0", "0.0"), also=also, counter=counter).rows
    assert row.head_work == Work(reason="qemu-aarch64 is not on PATH", abi="arm64-v8a")


@pytest.mark.parametrize(
    ("spec", "device", "counter"),
    [
        (DeviceSpec(), Doubler(), None),
        (DeviceSpec(abi="x86_64"), Doubler(), None),
        # Nothing asked for it, though it could.
        (DeviceSpec(), EMULATOR := Emulator(), None),
        (DeviceSpec(abi="arm64-v8a", work_budget_s=7), EMULATOR, Counter(EMULATOR, 7)),
        (DeviceSpec(abi="arm64-v8a"), Doubler(), Counter(None, 120, 'this device does not count: use kind = "jvm"')),
        # On an arm64 machine, and with a phone on the cable: nothing is tried besides.
        (DeviceSpec(also=("arm64-v8a",)), EMULATOR, Counter(EMULATOR, 120)),
        (DeviceSpec(also=("arm64-v8a",)), Doubler(), Counter(None, 120, 'this device does not count: use kind = "jvm"')),
    ],
)  # fmt: skip
def test_nothing_is_counted_unless_asked_for(spec: DeviceSpec, device: Doubler, counter: Counter | None) -> None:
    assert counter_for(spec, device, ()) == counter
