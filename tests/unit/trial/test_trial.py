from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from pocketfit.devices.base import DeviceRun
from pocketfit.judge.golden import write_arrays
from pocketfit.records import (
    Also,
    Built,
    DeviceInfo,
    Export,
    Failed,
    Limits,
    Load,
    OutputParity,
    Parity,
    SideName,
    Smoke,
    SmokeInput,
    Snapshot,
    TensorFile,
    Timing,
    Variant,
)
from pocketfit.trial.also import Further
from pocketfit.trial.timing import Place
from pocketfit.trial.trial import Artifacts, run_trial

Folders = Mapping[SideName, Path]

NET = Variant("net", "lite", "fp32")


@dataclass
class Doubler:
    """A device whose runtime answers each artifact with twice its input, plus what stands in the artifact."""

    timed: list[tuple[str, str]] = field(default_factory=list)
    path: str = ""
    flat: bool = False
    calls: int = 1
    abi: str = "x86_64"

    @property
    def info(self) -> DeviceInfo:
        emulated = None if self.abi == "x86_64" else "cortex-a76"
        notes = () if emulated is None else ("it was emulated",)
        return DeviceInfo("jvm", self.abi, "a desk", 1, {"lite": "a runtime"}, notes, emulated_cpu=emulated)

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        text = given.artifact.read_text()
        if text == "crash":
            return DeviceRun("failed", "the runtime crashed with SIGSEGV", "a runtime")
        values = np.fromfile(given.folder / given.inputs[0].file, dtype="<f4") * 2 + float(text)
        answer = write_arrays([(self.path, values)], folder, "answer")
        assert given.calls == self.calls
        later = (answer,) * (self.calls - 1)
        return DeviceRun("passed", "", "a runtime", 5.0, 1.0, 1000, answer, self.flat, later)

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        self.timed.append((base.artifact.read_text(), head.artifact.read_text()))
        return Load((1.0, 1.0), (2.0, 2.0), (2.0, 2.0))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for side in ("base", "head"):
        (tmp_path / side).mkdir()
        write_arrays([("", np.array([-1, 1, -1, 1], dtype=np.float32))], tmp_path / side, "input")
        write_arrays([("", np.array([-2, 2, -2, 2], dtype=np.float32))], tmp_path / side, "output")
    return {"base": tmp_path / "base", "head": tmp_path / "head"}


def built(folder: Path, text: str, ops: dict[str, int] | None = None) -> Built:
    (folder / "net.ptl").write_text(text)
    one = (TensorFile("", "float32", (4,), "input0.bin"),)
    two = (TensorFile("", "float32", (4,), "output0.bin"),)
    return Built(NET, "net.ptl", 1, 1, text, Export(0, ops or {}, one, two, (), Parity()))


def artifacts(folder: Path, *outcomes: Built | Failed, limits: Limits | None = None) -> Artifacts:
    side: SideName = "base" if folder.name == "base" else "head"
    return Artifacts(Snapshot(side, None, "0", "2", ".", outcomes, {"net": limits or Limits()}), folder)


def base_and_head(folders: Folders, base: str, head: str) -> tuple[Artifacts, Artifacts]:
    """Both sides of a net whose artifacts hold these texts."""
    return (
        artifacts(folders["base"], built(folders["base"], base)),
        artifacts(folders["head"], built(folders["head"], head)),
    )


def passed(max_abs_diff: float, sqnr_db: float) -> Smoke:
    return Smoke(
        "passed",
        "",
        "jvm",
        "x86_64",
        "a runtime",
        5.0,
        1.0,
        1000,
        Parity(max_abs_diff, sqnr_db, 1.0, 1.0, (OutputParity("", max_abs_diff, sqnr_db, 1.0, 1.0, None, 2.0),)),
    )


def test_identical_artifacts_are_tried_once_and_not_timed(folders: Folders) -> None:
    device = Doubler()
    sides = base_and_head(folders, "0", "0")
    (row,) = run_trial(device, *sides).rows
    assert (row.base, row.head, row.timing) == (None, passed(0.0, 300.0), None)
    assert device.timed == []


def test_changed_artifacts_are_tried_each_and_timed(folders: Folders) -> None:
    device = Doubler()
    sides = base_and_head(folders, "0", "0.0")
    (row,) = run_trial(device, *sides).rows
    assert (row.base, row.head) == (passed(0.0, 300.0), passed(0.0, 300.0))
    assert row.timing is not None
    assert (row.timing.device, row.timing.threads, row.timing.comparisons) == ("jvm x86_64", 1, 1)
    assert row.timing.loads == (Load((1.0, 1.0), (2.0, 2.0), (2.0, 2.0)),) * 8
    assert device.timed == [("0", "0.0")] * 8


@pytest.mark.parametrize(("text", "trial_s"), [("0", 1.0), ("0.0", 2 * 1.0 + 8 * 0.5)])
def test_a_row_says_what_smoke_and_timing_took(folders: Folders, text: str, trial_s: float) -> None:
    now_s = 0.0

    class Slow(Doubler):
        def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
            nonlocal now_s
            now_s += 1.0
            return super().smoke(given, folder)

        def time_load(
            self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int
        ) -> Load | str:
            nonlocal now_s
            now_s += 0.5
            return super().time_load(base, head, seed=seed, rounds=rounds, budget_ms=budget_ms)

    sides = base_and_head(folders, "0", text)
    (row,) = run_trial(Slow(), *sides, clock=lambda: now_s).rows
    assert row.trial_s == trial_s


def test_pairs_are_counted_before_the_first_is_timed(folders: Folders) -> None:
    """The more there are, the surer each answer must be."""

    def side(name: SideName, text: str) -> Artifacts:
        one = built(folders[name], text)
        crash = replace(one, variant=Variant("broken", "lite", "fp32"), file="crash.ptl")
        (folders[name] / "crash.ptl").write_text("crash")
        others = [replace(one, variant=Variant(f"net{number}", "lite", "fp32")) for number in range(3)]
        return artifacts(folders[name], *others, crash)

    rows = run_trial(Doubler(), side("base", "0"), side("head", "0.0")).rows
    assert [row.timing.comparisons for row in rows if row.timing] == [3, 3, 3, 1]
    assert len({row.timing.seed for row in rows if row.timing and row.timing.loads}) == 1
    assert rows[3].timing == Timing(reason="not timed, since head fails")


def test_other_shards_count_as_well(folders: Folders) -> None:
    sides = base_and_head(folders, "0", "0.0")
    (row,) = run_trial(Doubler(), *sides, elsewhere=4).rows
    assert row.timing is not None
    assert row.timing.comparisons == 5


def test_another_answer_than_eagers_fails(folders: Folders) -> None:
    sides = base_and_head(folders, "0", "1")
    (row,) = run_trial(Doubler(), *sides).rows
    assert row.head is not None
    assert (row.head.status, row.head.reason) == ("failed", "SQNR against eager is 6.0 dB, below 60 dB")
    assert (row.head.parity.max_abs_diff, row.head.parity.argmax_agreement) == (1.0, 1.0)
    assert row.timing == Timing(reason="not timed, since head fails")


def test_a_flat_list_of_outputs_is_put_where_eager_has_them(folders: Folders) -> None:
    head = artifacts(folders["head"], built(folders["head"], "0"))
    (row,) = run_trial(Doubler(path="[0]", flat=True), None, head).rows
    assert row.head == passed(0.0, 300.0)
    (row,) = run_trial(Doubler(path="[0]"), None, head).rows
    assert row.head is not None
    assert row.head.status == "failed"


def test_a_file_that_forgets_its_state_on_the_device_fails(folders: Folders) -> None:
    whole = built(folders["head"], "0")
    # Eager answers something else when it is asked again, and the device always the same.
    (again,) = write_arrays([("", np.array([-2, 2, -2, 4], "<f4"))], folders["head"], "call2-output")
    stateful = replace(whole, export=replace(whole.export, later=((again,),)))
    (row,) = run_trial(Doubler(calls=2), None, artifacts(folders["head"], stateful)).rows
    assert row.head is not None
    assert row.head.status == "failed"
    assert row.head.reason.startswith("it is right when first called, and not from the second call on: SQNR against ")


def test_a_limit_of_the_users_own(folders: Folders) -> None:
    head = artifacts(folders["head"], built(folders["head"], "1"), limits=Limits(min_sqnr_db=6.0))
    (row,) = run_trial(Doubler(), None, head).rows
    assert row.head is not None
    assert row.head.status == "passed"


def test_the_librarys_own_fault_is_named(folders: Folders) -> None:
    head = artifacts(folders["head"], built(folders["head"], "1", {"aten::conv2d": 3}))
    (row,) = run_trial(Doubler(), None, head).rows
    assert row.head is not None
    assert row.head.reason == (
        "SQNR against eager is 6.0 dB, below 60 dB (its aten::conv2d may be to blame: the library's x86_64 "
        "kernels compute a plain 1x1 convolution on an image of under 4 pixels wrongly, a phone's do not)"
    )


def test_a_crash_is_the_runtimes_own_reason(folders: Folders) -> None:
    sides = base_and_head(folders, "crash", "0")
    device = Doubler()
    (row,) = run_trial(device, *sides).rows
    assert row.base == Smoke("failed", "the runtime crashed with SIGSEGV", "jvm", "x86_64", "a runtime")
    assert row.head == passed(0.0, 300.0)
    assert row.timing is not None
    assert (row.timing.alone, len(row.timing.loads), device.timed) == (True, 6, [("0", "0")] * 6)


def test_head_is_timed_alone_where_there_is_no_base(folders: Folders) -> None:
    device = Doubler()
    (row,) = run_trial(device, None, artifacts(folders["head"], built(folders["head"], "0"))).rows
    assert row.timing is not None
    assert (row.timing.alone, row.timing.comparisons, row.timing.device) == (True, 1, "jvm x86_64")
    assert row.timing.loads == (Load((1.0, 1.0), (2.0, 2.0), (2.0, 2.0)),) * 6
    assert device.timed == [("0", "0")] * 6


def test_head_alone_is_timed_on_the_host_where_no_device_runs_it(folders: Folders) -> None:
    host = Host()
    (row,) = run_trial(Bare(), None, artifacts(folders["head"], built(folders["head"], "0")), host=host).rows
    assert row.timing is not None
    assert (row.timing.alone, row.timing.device, host.timed) == (True, "host, lite", [("0", "0", 5), ("0", "0", 1)])


def test_what_was_not_built_is_not_tried(folders: Folders) -> None:
    head = artifacts(folders["head"], Failed(NET, "no"))
    assert run_trial(Doubler(), None, head).rows == ()


@dataclass
class Bare(Doubler):
    """A device that has no runtime for anything."""

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        return DeviceRun("skipped", "this image has no such runtime")


@dataclass
class Host:
    """A host that has a runtime of its own for these formats."""

    formats: tuple[str, ...] = ("lite",)
    timed: list[tuple[str, str, int]] = field(default_factory=list)

    def takes(self, format_name: str) -> bool:
        return format_name in self.formats

    def place(self, format_name: str) -> Place:
        return Place(f"host, {format_name}", 3, 5)

    def time_loads(
        self, base: SmokeInput, head: SmokeInput, *, seeds: Sequence[int], rounds: int, budget_ms: int
    ) -> tuple[Load, ...] | str:
        self.timed.append((base.artifact.read_text(), head.artifact.read_text(), len(seeds)))
        return (Load((1.0, 1.0), (3.0, 3.0)),) * len(seeds)


def test_what_no_device_runs_is_timed_on_the_host(folders: Folders) -> None:
    sides = base_and_head(folders, "0", "1")
    host = Host()
    (row,) = run_trial(Bare(), *sides, host=host).rows
    assert row.head == Smoke("skipped", "this image has no such runtime", "jvm", "x86_64")
    assert row.timing is not None
    assert (row.timing.device, row.timing.threads) == ("host, lite", 3)
    assert row.timing.loads == (Load((1.0, 1.0), (3.0, 3.0)),) * 8
    assert host.timed == [("0", "1", 5), ("0", "1", 3)]


@pytest.mark.parametrize("host", [None, Host(formats=())])
def test_what_nothing_can_time(folders: Folders, host: Host | None) -> None:
    sides = base_and_head(folders, "0", "1")
    (row,) = run_trial(Bare(), *sides, host=host).rows
    assert row.timing == Timing(reason="not timed, since head was not tried")


def test_what_a_device_runs_is_timed_there_alone(folders: Folders) -> None:
    sides = base_and_head(folders, "0", "0.0")
    host = Host()
    (row,) = run_trial(Doubler(), *sides, host=host).rows
    assert row.timing is not None
    assert row.timing.device == "jvm x86_64"
    assert host.timed == []


def test_further_abis_are_tried_beside_the_device_and_not_timed(folders: Folders) -> None:
    device, phone = Doubler(), Doubler(abi="arm64-v8a")
    sides = base_and_head(folders, "crash", "0")
    trial = run_trial(device, *sides, also=[Further("arm64-v8a", "jvm", phone)])
    (row,) = trial.rows

    on_phone = replace(passed(0.0, 300.0), abi="arm64-v8a", emulated_cpu="cortex-a76")
    crashed = Smoke("failed", "the runtime crashed with SIGSEGV", "jvm", "arm64-v8a", "a runtime")
    assert row.also == (Also(replace(crashed, emulated_cpu="cortex-a76"), on_phone),)
    assert row.head == passed(0.0, 300.0)
    assert (len(device.timed), phone.timed) == (6, [])
    assert trial.device.notes == ("it was emulated",)


def test_identical_artifacts_are_tried_once_there_too(folders: Folders) -> None:
    phone = Further("arm64-v8a", "jvm", Doubler(abi="arm64-v8a"))
    (row,) = run_trial(Doubler(), *base_and_head(folders, "0", "0"), also=[phone]).rows
    assert [each.base for each in row.also] == [None]


def test_a_further_abi_that_can_not_be_used_is_skipped_with_the_reason(folders: Folders) -> None:
    missing = Further("arm64-v8a", "jvm", problem="qemu-aarch64 is not on PATH")
    trial = run_trial(Doubler(), None, artifacts(folders["head"], built(folders["head"], "0")), also=[missing])
    skipped = Smoke("skipped", "qemu-aarch64 is not on PATH", "jvm", "arm64-v8a")
    assert [row.also for row in trial.rows] == [(Also(None, skipped),)]
    assert trial.device.notes == ("nothing was tried on arm64-v8a: qemu-aarch64 is not on PATH",)
