from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pocketfit.judge.parity import ONE_VALUE_KNOWN
from pocketfit.records import (
    Anatomy,
    Built,
    Delegation,
    DeviceInfo,
    Environment,
    Evaluated,
    Export,
    Failed,
    Growth,
    Hardware,
    Latency,
    Limits,
    Load,
    Metric,
    Outcome,
    OutputParity,
    Parity,
    Report,
    Row,
    RunsOn,
    SideFacts,
    Skipped,
    Smoke,
    Snapshot,
    Timing,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.report.cell import Cell
from pocketfit.report.cells import lines
from pocketfit.report.compare import compare
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from pocketfit.report.summary import headline
from pocketfit.runtimes.versions import VERSIONS
from tests.unit.report.terminal.test_whole import printed

TIMES = "\N{MULTIPLICATION SIGN}"
NET = Variant("net", "lite", "fp32")
DEVICE = DeviceInfo(
    "jvm", "x86_64", "Xeon", 1, {"lite": "pytorch_android_lite 1.12.2", "torchscript": "pytorch_android 1.13.1"}
)
PASSED = Smoke("passed", "", "jvm", "x86_64", parity=Parity(1e-6, 110.0))
CRASHED = Smoke("failed", "aten::foo is not in pytorch_android_lite 1.12.2", "jvm", "x86_64")
SLOWER = Timing(
    tuple(Load((10.0, 10.0), (10 * factor,) * 2) for factor in (1.25, *[1.3] * 6, 1.4)), "", "jvm x86_64", 1, 7
)
AGREES = Parity(1e-6, 120.0)
FAILED = Failed(NET, "ValueError: no such layer", ("it warned before",), ("min_sqnr_db",), Parity(1.0, 3.0))
SKIPPED = Skipped(NET, "executorch is not installed")


def built(size: int = 1000, sha: str = "aa", variant: Variant = NET) -> Built:
    return Built(
        variant, f"{variant.stem}.ptl", size, size - 100, sha, Export(5, {"aten::add": 1}, (), (), ("trace",), AGREES)
    )


def with_export(built: Built, **changes: Any) -> Built:
    return replace(built, export=replace(built.export, **changes))


def snapshot(*outcomes: Outcome, commit: str | None = "h" * 40, **fields: Any) -> Snapshot:
    return Snapshot("head", commit, "0.1.0", "2.12.1", "artifacts/head", outcomes, **fields)


def trial(head: Smoke | None = PASSED, base: Smoke | None = PASSED, timing: Timing | None = None) -> Trial:
    return Trial(DEVICE, (TrialRow(NET, base, head, timing),))


def only_row(
    base: Outcome | None, head: Outcome | None, tried: Trial | None = None, limits: Limits | None = None
) -> Row:
    report = compare(
        snapshot(base) if base else None,
        replace(snapshot(*([head] if head else [])), limits={"net": limits} if limits else {}),
        tried or trial(),
    )
    (row,) = report.rows
    assert report.verdict == ("fail" if row.fails else "pass")
    return row


def _without_runtimes(report: Report) -> Report:
    """Without what test_phone.py looks at."""
    sides = {name: [getattr(row, name) for row in report.rows] for name in ("base", "head")}
    bare = {name: [side and replace(side, on_phone={}) for side in of_rows] for name, of_rows in sides.items()}
    rows = (replace(row, base=b, head=h) for row, b, h in zip(report.rows, bare["base"], bare["head"], strict=True))
    return replace(report, rows=tuple(rows), runtimes=())


def test_a_whole_report() -> None:
    other, gone = Variant("other", "torchscript", "fp32"), Variant("gone", "lite", "int8")
    base = snapshot(built(variant=gone), built(), commit="b" * 40, notes=("shared", "of base"))
    head = snapshot(
        with_export(built(1500, "bb"), reasons=("a constant was baked in",)), built(variant=other), notes=("shared",)
    )
    tried = Trial(
        replace(DEVICE, notes=("jvm: no adb device answered",)),
        (TrialRow(NET, PASSED, PASSED, SLOWER), TrialRow(other, None, PASSED)),
    )

    assert _without_runtimes(compare(base, head, tried)) == Report(
        verdict="pass",
        base="b" * 40,
        head="h" * 40,
        pocketfit="0.1.0",
        environment=Environment(
            torch="2.12.1",
            device="jvm",
            runtime="pytorch_android_lite 1.12.2, pytorch_android 1.13.1",
            cpu="Xeon",
            abi="x86_64",
            threads=1,
        ),
        rows=(
            Row(
                "net",
                "lite",
                "fp32",
                "compared",
                reasons=("a constant was baked in",),
                base=SideFacts(1000, 900, "aa", 5, {"aten::add": 1}),
                head=SideFacts(1500, 1400, "bb", 5, {"aten::add": 1}),
                parity=Parity(1e-6, 120.0),
                latency=Latency(
                    "slower",
                    "",
                    pytest.approx(1.3),
                    pytest.approx(1.25),
                    pytest.approx(1.4),
                    10.0,
                    13.0,
                    8,
                    8,
                    0.9875,
                    device="jvm x86_64",
                    threads=1,
                    seed=7,
                ),
                smoke=PASSED,
            ),
            Row(
                "other",
                "torchscript",
                "fp32",
                "new",
                head=SideFacts(1000, 900, "aa", 5, {"aten::add": 1}),
                parity=Parity(1e-6, 120.0),
                latency=Latency("not-measured", "there is no base to time it against"),
                smoke=PASSED,
            ),
            Row(
                "gone",
                "lite",
                "int8",
                "removed",
                base=SideFacts(1000, 900, "aa", 5, {"aten::add": 1}),
                latency=Latency("not-measured", "head does not have it"),
                smoke=Smoke("skipped", "head does not have it"),
            ),
        ),
        notes=("shared", "of base", "jvm: no adb device answered"),
    )


BASE_FAILED = "base: ValueError: no such layer"
BASE_SKIPPED = "base: executorch is not installed"
HEAD_FAILED = ("ValueError: no such layer", "it warned before")
HEAD_SKIPPED = ("executorch is not installed",)


@pytest.mark.parametrize(
    ("base", "head", "status", "reasons", "has_base", "has_head"),
    [
        (built(), built(), "identical", (), True, True),
        (built(), built(sha="bb"), "compared", (), True, True),
        (None, built(), "new", (), False, True),
        (FAILED, built(), "new", (BASE_FAILED,), False, True),
        (SKIPPED, built(), "new", (BASE_SKIPPED,), False, True),
        (built(), None, "removed", (), True, False),
        (FAILED, None, "removed", (BASE_FAILED,), False, False),
        (built(), FAILED, "failed", HEAD_FAILED, True, False),
        (None, FAILED, "failed", HEAD_FAILED, False, False),
        (FAILED, FAILED, "failed", (*HEAD_FAILED, BASE_FAILED), False, False),
        (built(), SKIPPED, "skipped", HEAD_SKIPPED, True, False),
        (SKIPPED, SKIPPED, "skipped", (*HEAD_SKIPPED, BASE_SKIPPED), False, False),
    ],
)
def test_status(
    base: Outcome | None, head: Outcome | None, status: str, reasons: tuple[str, ...], has_base: bool, has_head: bool
) -> None:
    row = only_row(base, head)
    assert (row.status, row.reasons, row.base is not None, row.head is not None) == (
        status,
        reasons,
        has_base,
        has_head,
    )


def test_a_failed_build_keeps_its_limits_and_parity() -> None:
    row = only_row(built(), FAILED)
    assert (row.failed_limits, row.parity) == (("min_sqnr_db",), Parity(1.0, 3.0))
    assert row.smoke == Smoke("skipped", "there is no artifact of head")
    assert row.latency == Latency("not-measured", "there is no artifact of head")


@pytest.mark.parametrize(
    ("base", "head", "tried", "status", "reasons", "latency"),
    [
        (
            built(sha="bb"),
            built(),
            trial(CRASHED),
            "failed",
            ("on jvm: aten::foo is not in pytorch_android_lite 1.12.2",),
            "head fails",
        ),
        # An unchanged artifact fails too: it is what ships.
        (
            built(),
            built(),
            trial(CRASHED, None),
            "failed",
            ("on jvm: aten::foo is not in pytorch_android_lite 1.12.2",),
            "head fails",
        ),
        (
            built(sha="bb"),
            built(),
            trial(CRASHED, CRASHED),
            "failed",
            (
                "on jvm: aten::foo is not in pytorch_android_lite 1.12.2",
                "base: it fails on this runtime too: aten::foo is not in pytorch_android_lite 1.12.2",
            ),
            "head fails",
        ),
        (
            built(sha="bb"),
            built(),
            trial(PASSED, CRASHED),
            "compared",
            ("base: it fails on this runtime already: aten::foo is not in pytorch_android_lite 1.12.2",),
            "base fails",
        ),
        (
            built(sha="bb"),
            built(),
            trial(Smoke("failed", device="jvm")),
            "failed",
            ("on jvm: it fails, and gives no reason",),
            "head fails",
        ),
        (built(sha="bb"), built(), trial(Smoke("infra-error", "adb: offline")), "compared", (), "it was not timed"),
        (
            built(),
            built(),
            trial(Smoke("skipped", "no device"), None),
            "identical",
            (),
            "identical files are not timed",
        ),
    ],
)
def test_the_device(
    base: Outcome, head: Outcome, tried: Trial, status: str, reasons: tuple[str, ...], latency: str
) -> None:
    report = compare(snapshot(base), snapshot(head), tried)
    (row,) = report.rows
    assert (row.status, row.reasons, row.latency.reason) == (status, reasons, latency)


# Earlier versions stored the place with the reason.
@pytest.mark.parametrize("place", ["", "on the device "])
def test_a_limit_that_the_device_named_is_not_said_twice(place: str) -> None:
    reason = f"{place}SQNR against eager is 3.0 dB, below 60 dB"
    smoke = replace(PASSED, status="failed", reason=reason, parity=Parity(sqnr_db=3.0))
    row = only_row(built(sha="bb"), built(), trial(smoke))
    assert row.reasons == ("on jvm: SQNR against eager is 3.0 dB, below 60 dB",)
    assert row.failed_limits == ("min_sqnr_db",)


@pytest.mark.parametrize(
    ("limits", "failed", "reason"),
    [
        (Limits(size_bytes=1500), None, None),
        (Limits(size_bytes=1499), "size", "the file is 1,500 B, the limit is 1,499 B"),
        (Limits(size_growth=Growth(ratio=0.5)), None, None),
        (
            Limits(size_growth=Growth(ratio=0.499)),
            "size_growth",
            "the file grew by 500 B (+50.0 %), the limit is +49.9 %",
        ),
        (Limits(size_growth=Growth(size_bytes=500)), None, None),
        (
            Limits(size_growth=Growth(size_bytes=499)),
            "size_growth",
            "the file grew by 500 B (+50.0 %), the limit is +499 B",
        ),
        (Limits(latency_growth=0.25), None, None),
        (
            Limits(latency_growth=0.24),
            "latency_growth",
            f"a run on jvm x86_64 takes {TIMES}1.30 as long, at least {TIMES}1.25; the limit is +24 %",
        ),
        (Limits(max_abs_diff=1e-5), None, None),
        (Limits(min_sqnr_db=115), "min_sqnr_db", "on jvm, SQNR against eager is 110.0 dB, below 115 dB"),
    ],
)
def test_limits(limits: Limits, failed: str | None, reason: str | None) -> None:
    """Grown by half, and 1.3 times as slow with an interval from 1.25; what is just at its limit is within it."""
    row = only_row(built(), built(1500, "bb"), trial(timing=SLOWER), limits)
    assert row.failed_limits == ((failed,) if failed else ())
    assert row.reasons == ((reason,) if reason else ())
    assert row.status == ("failed" if failed else "compared")


ALL_AGAINST_BASE = Limits(size_growth=Growth(ratio=0.01), latency_growth=0.1, metric_drop=0.01)


def test_limits_against_a_base_that_could_not_be_built() -> None:
    report = compare(snapshot(FAILED), snapshot(built(), limits={"net": ALL_AGAINST_BASE}), trial())
    (row,) = report.rows
    assert (row.status, report.verdict) == ("new", "pass")
    assert row.unjudged_limits == ("size_growth", "latency_growth", "metric_drop")
    assert row.reasons[0] == "size_growth could not be judged: base could not be built"
    assert "the limit size_growth could not be judged: net/lite/fp32" in report.notes
    shown = headline(report)
    assert (shown.mood, shown.text) == (
        "unknown",
        "1 variant built and run, but size_growth, latency_growth, metric_drop could not be judged",
    )


@pytest.mark.parametrize(
    ("degenerate", "limits", "reasons"),
    [
        (
            ONE_VALUE_KNOWN,
            Limits(min_sqnr_db=12),
            ("min_sqnr_db could not be judged: the output was calibrated and is compared on one value of an input",),
        ),
        (ONE_VALUE_KNOWN, Limits(), ()),
        (None, Limits(min_sqnr_db=12), ()),
    ],
)
def test_a_least_sqnr_of_what_has_no_score(degenerate: str | None, limits: Limits, reasons: tuple[str, ...]) -> None:
    parity = Parity(1e-6, None, outputs=(OutputParity("", 1e-6, None, degenerate=degenerate),))
    head = with_export(built(), parity=parity)
    row = only_row(None, head, trial(head=replace(PASSED, parity=parity)), limits)
    assert (row.status, row.reasons) == ("new", reasons)
    assert row.unjudged_limits == (("min_sqnr_db",) if reasons else ())


@pytest.mark.parametrize(
    ("base", "head", "limits", "unjudged"),
    [
        # Base never had it, or nobody asked.
        (None, built(), ALL_AGAINST_BASE, ()),
        (FAILED, built(), Limits(size_bytes=5000), ()),
        (built(), built(), ALL_AGAINST_BASE, ()),
        (built(), built(sha="bb"), Limits(latency_growth=0.1), ("latency_growth",)),
        (built(), built(sha="bb"), Limits(size_growth=Growth(ratio=0.01)), ()),
    ],
)
def test_limits_against_base_that_nobody_could_look_at(
    base: Outcome | None, head: Outcome, limits: Limits, unjudged: tuple[str, ...]
) -> None:
    assert only_row(base, head, limits=limits).unjudged_limits == unjudged


def test_agreement_that_means_nothing_is_no_score_of_the_devices() -> None:
    """One set of inputs is all that a device is given: the host saw that the output is the same for every one."""
    same = "is the same for all 4 sets of inputs"
    parity = Parity(0.0, outputs=(OutputParity("", 0.0, degenerate=same),), input_sets=4)
    on_device = Parity(0.0, 300.0, 1.0, 1.0, (OutputParity("", 0.0, 300.0, 1.0, 1.0),))
    head = with_export(built(sha="bb"), parity=parity)
    report = compare(snapshot(built()), snapshot(head), trial(replace(PASSED, parity=on_device)))
    (row,) = report.rows
    assert row.smoke.parity == replace(parity, input_sets=None)
    assert lines(report, [row])[0].check == Cell("ran", "agreement means nothing", f"the output {same}", "worse")
    assert headline(report).text == "1 variant built and run, but agreement means nothing for 1 variant"
    for text in (render_markdown(report), render_html(report), printed(report, 200)):
        assert "agreement means nothing" in text
        assert "SQNR" not in text


def test_every_limit_at_once() -> None:
    limits = Limits(1, Growth(ratio=0.01), 0.1, 1e-9, 200.0)
    row = only_row(built(), built(1500, "bb"), trial(timing=SLOWER), limits)
    assert row.failed_limits == ("size", "size_growth", "latency_growth", "min_sqnr_db", "max_abs_diff")
    assert row.reasons == (
        "the file is 1,500 B, the limit is 1 B",
        "the file grew by 500 B (+50.0 %), the limit is +1 %",
        f"a run on jvm x86_64 takes {TIMES}1.30 as long, at least {TIMES}1.25; the limit is +10 %",
        "on the host, SQNR against eager is 120.0 dB, below 200 dB",
        "on the host, the largest difference from eager is 1e-06, above 1e-09",
        "on jvm, SQNR against eager is 110.0 dB, below 200 dB",
        "on jvm, the largest difference from eager is 1e-06, above 1e-09",
    )


@pytest.mark.parametrize(
    ("base", "head", "metric", "sentence"),
    [
        # Against base where it has a value, whatever eager says.
        (Evaluated(0.99, 0.96), Evaluated(0.99, 0.95), Metric(0.99, 0.96, 0.95), None),
        (Evaluated(0.99, 0.97), Evaluated(0.99, 0.95), Metric(0.99, 0.97, 0.95), "the metric drops from 0.97 (base) to 0.95, the limit is a drop of 0.01"),
        # A new one, or one whose base had no metric, against its own model in eager mode.
        (None, Evaluated(0.96, 0.95), Metric(0.96, None, 0.95), None),
        (None, Evaluated(0.99, 0.95), Metric(0.99, None, 0.95), "the metric drops from 0.99 (eager) to 0.95, the limit is a drop of 0.01"),
        # Better is no drop.
        (Evaluated(0.9, 0.9), Evaluated(0.99, 0.99), Metric(0.99, 0.9, 0.99), None),
        (Evaluated(0.9, 0.9), Evaluated(0.99, None), Metric(0.99, 0.9, None), "the metric has no value, so nobody knows whether it dropped"),
        (None, None, None, None),
        (Evaluated(0.9, 0.9), None, Metric(None, 0.9, None), None),
    ],
)  # fmt: skip
def test_metric(base: Evaluated | None, head: Evaluated | None, metric: Metric | None, sentence: str | None) -> None:
    limits = Limits(metric_drop=0.01)
    row = only_row(with_export(built(), metric=base), with_export(built(sha="bb"), metric=head), limits=limits)
    assert (row.metric, row.reasons) == (metric, (sentence,) if sentence else ())
    assert row.failed_limits == (("metric_drop",) if sentence else ())


def test_growth_is_exact_where_floats_are_not() -> None:
    """0.29 * 100 is 28.999999999999996 in binary."""
    assert only_row(built(100), built(129, "bb"), limits=Limits(size_growth=Growth(ratio=0.29))).status == "compared"
    assert only_row(built(100), built(130, "bb"), limits=Limits(size_growth=Growth(ratio=0.29))).status == "failed"


def test_growth_needs_a_base_but_a_size_does_not() -> None:
    limits = Limits(size_bytes=999, size_growth=Growth(size_bytes=0))
    assert only_row(None, built(), limits=limits).failed_limits == ("size",)


def test_what_stands_behind_a_change_in_speed() -> None:
    slower = with_export(built(1500, "bb"), ops={"aten::add": 3})
    row = only_row(built(), slower, trial(timing=SLOWER))
    assert row.reasons == ("slower, with operators: +2 aten::add",)
    # What can't be told apart needs no explanation.
    same = Timing((Load((10.0, 10.0), (10.0, 10.0)),) * 8)
    assert only_row(built(), slower, trial(timing=same)).reasons == ()


def test_what_only_the_host_ran_says_so() -> None:
    """Skipped on the device, timed on the host: the time and its limit name where."""
    taken = Delegation(1, 2, {"aten::mean": 1})
    skipped = Smoke("skipped", "this image has no ExecuTorch Android runtime", "jvm", "x86_64")
    tried = trial(skipped, skipped, replace(SLOWER, device="host, executorch 1.3.1"))
    base, head = built(), replace(built(sha="bb"), delegation=taken)
    row = only_row(base, head, tried, Limits(latency_growth=0.1))
    assert row.smoke == skipped
    assert (row.latency.verdict, row.latency.device) == ("slower", "host, executorch 1.3.1")
    assert row.head is not None
    assert replace(row.head, on_phone={}) == SideFacts(1000, 900, "bb", 5, {"aten::add": 1}, None, taken)
    assert row.reasons == (
        f"a run on host, executorch 1.3.1 takes {TIMES}1.30 as long, at least {TIMES}1.25; the limit is +10 %",
    )


def test_slower_within_its_noise_is_no_failure() -> None:
    noisy = Timing(tuple(Load((10.0, 10.0), (head, head)) for head in (10.0, 30.0, 10.5, 30.0, 30.0, 30.0, 30.0, 30.0)))
    row = only_row(built(), built(sha="bb"), trial(timing=noisy), Limits(latency_growth=0.1))
    assert (row.latency.verdict, row.status) == ("unclear", "compared")
    assert row.reasons == ("latency unclear; a change of 77 % would have been seen",)
    ended = replace(noisy, loads=noisy.loads[:5], reason="ran out of time (latency_budget_s = 30)")
    assert only_row(built(), built(sha="bb"), trial(timing=ended)).reasons == (
        "latency unclear: ran out of time (latency_budget_s = 30): 5 fresh loads, and it takes 8 to tell",
    )


@pytest.mark.parametrize(
    ("smoke", "head", "verdict", "note"),
    [
        (
            Smoke("infra-error", "adb: offline"),
            built(),
            "error",
            "not checked on the device: net/lite/fp32 (adb: offline)",
        ),
        (Smoke("skipped", "no artifact"), built(), "pass", "not checked on the device: net/lite/fp32 (no artifact)"),
        (None, built(), "pass", "not checked on the device: net/lite/fp32 (it was not part of the trial)"),
        (None, SKIPPED, "pass", None),
    ],
)
def test_a_device_that_could_not_judge(smoke: Smoke | None, head: Outcome, verdict: str, note: str | None) -> None:
    report = compare(None, snapshot(head), trial(smoke, None))
    assert (report.verdict, report.notes) == (verdict, (note,) if note else ())


def test_one_passed_smoke_is_no_error() -> None:
    other = Variant("other", "lite", "fp32")
    tried = Trial(DEVICE, (TrialRow(NET, None, Smoke("infra-error", "offline")), TrialRow(other, None, PASSED)))
    assert compare(None, snapshot(built(), built(variant=other)), tried).verdict == "pass"


def test_reasons_shared_by_variants_are_one_note() -> None:
    names = [Variant(f"net{number}", "lite", "fp32") for number in range(3)]
    tried = Trial(DEVICE, tuple(TrialRow(name, None, Smoke("infra-error", "offline")) for name in names))
    report = compare(None, snapshot(*(built(variant=name) for name in names)), tried)
    assert report.notes == ("not checked on the device: net0/lite/fp32 and 2 more (offline)",)


def test_what_an_android_device_is() -> None:
    hardware = Hardware("Pixel 8", "15", 35, 16384, 9, 10**9)
    device = replace(DEVICE, kind="adb", abi="arm64-v8a", hardware=hardware)
    environment = compare(None, snapshot(built()), Trial(device, ())).environment
    assert environment == Environment("2.12.1", "adb", "pytorch_android_lite 1.12.2", "Xeon", "arm64-v8a", 1, hardware)


def test_no_trial() -> None:
    report = compare(None, snapshot(built(), commit=None), None)
    assert report.environment == Environment("2.12.1", None, None, None)
    assert (report.base, report.head, report.verdict) == (None, None, "pass")
    assert report.rows[0].smoke == Smoke("skipped", "no device was used")
    assert report.notes == ("no device was used, so nothing is known about loading, running and latency",)


def test_different_torches_are_told() -> None:
    report = compare(replace(snapshot(built()), torch="2.11.0"), snapshot(built()), trial(None, None))
    assert report.notes[0] == "base was built with torch 2.11.0, head with torch 2.12.1"
    # Nothing was built of it.
    report = compare(replace(snapshot(), torch=""), snapshot(built()), trial(None, None))
    assert not any("was built with torch" in note for note in report.notes)


@pytest.mark.parametrize(("precision", "suffix"), [("fp32", ""), ("int8", " in fp32")])
def test_the_module_that_grew_is_named(precision: str, suffix: str) -> None:
    variant = Variant("net", "lite", precision)
    base = with_export(built(variant=variant), anatomy=Anatomy(modules={"features.18": 1000, "head": 10}))
    head = with_export(built(1500, "bb", variant), anatomy=Anatomy(modules={"features.18": 1_201_000, "head": 10}))
    (row,) = compare(snapshot(base), snapshot(head), None).rows
    assert row.reasons == (f"grew most: features.18 (+1.20 MB){suffix}",)
    assert row.head
    assert row.head.anatomy == head.export.anatomy


@pytest.mark.parametrize(
    ("limits", "is_said"),
    [
        ({"net": Limits()}, True),
        ({"net": Limits(), "other": Limits(min_sqnr_db=40.0)}, False),
        ({"net": Limits(old_failures="fail")}, True),
        ({"net": Limits(minimum_change=0.01)}, True),
        # Snapshots of older versions hold none.
        ({}, False),
    ],
)
def test_that_no_limit_is_set_is_said_once(limits: dict[str, Limits], is_said: bool) -> None:
    notes = compare(None, snapshot(built(), limits=limits), trial()).notes
    note = 'no limit is set, so no size and no latency fails a check: set one in [limits], e.g. size_growth = "5%"'
    assert notes.count(note) == is_said


def test_head_alone_is_timed_where_base_does_not_run() -> None:
    alone = Timing((Load((4.0,) * 2, (4.0,) * 2, (4.0,) * 2),) * 6, "", "jvm x86_64", 1, 7, alone=True)
    for base, tried, reason in (
        (None, trial(base=None, timing=alone), "there is no base to time it against"),
        (built(), trial(base=CRASHED, timing=alone), "base fails"),
        (FAILED, trial(base=None, timing=alone), "there is no base to time it against"),
    ):
        latency = only_row(base, built(1001, "bb"), tried).latency
        assert (latency.verdict, latency.reason, latency.head_ms, latency.base_ms) == (
            "not-measured",
            reason,
            4.0,
            None,
        )
        assert (latency.head_low_ms, latency.head_high_ms) == (4.0, 4.0)


def test_the_versions_that_a_pte_runs_on_are_those_seen_before_those_predicted() -> None:
    program = Variant("net", "executorch", "fp32")
    one_0, one_3 = str(VERSIONS["1.0"]), str(VERSIONS["1.3"])
    fine = {version: RunsOn("runs", "prediction", str(library)) for version, library in VERSIONS.items()}
    refused = RunsOn("refused", "run", one_0, "it does not have aten::sin.out: leave it out", ("aten::sin.out",))
    own = Smoke("passed", "", "jvm", "x86_64", one_3, parity=AGREES)
    head = replace(built(1500, "bb", program), runs_on=fine)
    base = replace(built(variant=program), runs_on={"1.0": fine["1.0"]})

    row = only_row(base, head, Trial(DEVICE, (TrialRow(program, own, own, runs_on={"1.0": refused}),)))

    assert row.runs_on == {
        "1.0": refused,
        "1.1": fine["1.1"],
        "1.3": RunsOn("runs", "run", one_3, max_abs_diff=1e-6, sqnr_db=120.0),
    }
    said = "runs on ExecuTorch 1.1 (predicted) and 1.3, refused by 1.0: aten::sin.out; base's file runs on 1.0"
    # It fails nothing: the device's own runtime takes the file.
    assert (row.status, said in row.reasons) == ("compared", True)
    report = compare(snapshot(base), snapshot(head), None)
    assert report.rows[0].runs_on == fine
    assert not [reason for reason in report.rows[0].reasons if "ExecuTorch" in reason]
    assert "predicted to run, not tried" in render_html(report)
