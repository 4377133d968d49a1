"""What others say in JSON: results, snapshots, trials, reports, the device program's line and GitHub's events."""

from __future__ import annotations

import json
import math
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pocketfit.devices.program import parse_answer
from pocketfit.devices.verdict import judge_result
from pocketfit.door import NotFit, fit
from pocketfit.errors import ConfigError, PocketfitError
from pocketfit.files import opened
from pocketfit.github.context import read_context
from pocketfit.history.reading import read_folder
from pocketfit.job import Exported, NotExported, read_result
from pocketfit.judge.latency import is_clear
from pocketfit.judge.latency import judge as judge_latency
from pocketfit.judge.outputs import judge
from pocketfit.records import (
    Built,
    Environment,
    Failed,
    Limits,
    Load,
    Outcome,
    Report,
    Row,
    SideFacts,
    Snapshot,
    Timing,
    Variant,
)
from pocketfit.report.compare import compare
from pocketfit.report.forms.junit import render_junit
from pocketfit.report.forms.sarif import render_sarif
from pocketfit.report.html import render_html
from pocketfit.report.markdown import COMMENT_LIMIT, render_markdown
from pocketfit.report.past import with_history
from pocketfit.report.terminal.trend import render_trends
from pocketfit.store import (
    parse_foreign_report,
    plain,
    read_snapshot,
    read_trial,
    report_json,
    write_report,
    write_snapshot,
)
from pocketfit.text import utf16_length
from tests.fuzz.hostile import damaged, damaged_json, fuzzed, one_line
from tests.unit.history.samples import of_sizes, write
from tests.unit.report.terminal.test_whole import printed
from tests.unit.test_published import HEAD, RICH

PUBLISHED = Path(__file__).parents[1] / "data/published"
NET = Variant("net", "lite", "fp32")
EXPORTED: dict[str, Any] = {
    "state": "exported",
    "file": "net.lite.fp32.ptl",
    "torch": "2.12.1",
    "export": {name: value for name, value in plain(RICH.export).items()},
    "delegation": {"delegated": 68, "total": 70, "left_out": {"aten::relu": 2}},
}
OTHER_RESULTS: list[dict[str, Any]] = [
    {"state": "not-exported", "reason": "no", "reasons": ["x"], "failed_limits": ["min_sqnr_db"], "parity": {}, "torch": ""},
    {"state": "host-outputs", "outputs": plain(RICH.export.outputs), "torch": "2", "reasons": []},
    {"state": "host-times", "loads": [{"base_ms": [1.0, 2.0], "head_ms": [1.5, 2.5], "again_ms": []}], "torch": "2"},
    {"state": "unfit", "reason": "torch is built without XNNPACK"},
]  # fmt: skip


@fuzzed
def test_job_results(seed: int) -> None:
    """Whatever a child said, what we then write we can read again, and every form of it can be rendered."""
    dice = random.Random(seed)
    document = EXPORTED if dice.random() < 0.6 else dice.choice(OTHER_RESULTS)
    try:
        result = read_result(damaged_json(document, dice))
    except NotFit as error:
        one_line(error)
        return
    head, base = outcome_of(result), outcome_of(read_result(json.dumps(EXPORTED).encode()))
    if head is None:
        return
    limits = {"net": Limits(size_growth=HEAD.limits["net"].size_growth, metric_drop=0.01, min_sqnr_db=20.0)}
    sides = [
        Snapshot("base", None, "0", "2", ".", (base,)) if base else None,
        Snapshot("head", None, "0", "2", ".", (head,)),
    ]
    if dice.random() < 0.5:
        sides = [sides[1] and replace(sides[1], side="base"), sides[0] and replace(sides[0], side="head")]
    before, after = sides
    assert after is not None
    report = compare(before, replace(after, limits=limits), None)
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder, "head.json"), after)
        assert len(read_snapshot(Path(folder, "head.json")).outcomes) == 1
        write_report(Path(folder, "report.json"), report)
        shown = parse_foreign_report(Path(folder, "report.json").read_bytes(), "report.json")
    assert shown.verdict == report.verdict
    render_all(shown)


def outcome_of(result: object) -> Outcome | None:
    match result:
        case Exported():
            return Built(NET, result.file, 10, 8, "ab" * 32, result.export, delegation=result.delegation)
        case NotExported():
            return Failed(NET, result.reason, result.reasons, result.failed_limits, result.parity)
    return None


def render_all(report: Report) -> None:
    body = render_markdown(report)
    assert utf16_length(body) <= COMMENT_LIMIT
    junit, sarif = render_junit(report), render_sarif(report)
    assert len(ElementTree.fromstring(junit).findall(".//testcase")) >= len(report.rows)
    assert json.loads(sarif)["version"] == "2.1.0"
    for text in (body, render_html(report), printed(report, 100), junit, sarif):
        assert not {"\x1b", "\x07", "\x00", "\u202e"} & set(text)
        assert "##[" not in text
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@fuzzed
def test_reports(seed: int) -> None:
    dice = random.Random(seed)
    data = damaged_json(json.loads((PUBLISHED / "report.json").read_text()), dice)
    try:
        report = parse_foreign_report(data, "report.json")
    except ConfigError as error:
        one_line(error)
        return
    render_all(report)


@fuzzed
def test_histories(seed: int) -> None:
    """An entry that can be read can be shown, in a report and by itself; so can a report that holds a history."""
    dice = random.Random(seed)
    known = of_sizes([900, 1_000])
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name, "kept"), known)
        file = dice.choice(sorted((folder / "entries").iterdir()))
        file.write_bytes(damaged_json(json.loads(file.read_text()), dice))
        history = read_folder(folder)
    for problem in history.problems:
        one_line(problem)
    for line in render_trends(history) if history.entries else ():
        one_line(line)
    grown = Row("net", "lite", "fp32", "new", head=SideFacts(1_100, 900, "aa" * 32, 1, {}))
    report = Report("pass", None, "f" * 40, "0", Environment("2", None, None, None), (grown,))
    report = with_history(report, history)
    render_all(report)
    document = json.loads(report_json(report))
    document["history"] = damaged(document["history"], dice)
    document["rows"][0]["trend"] = damaged(document["rows"][0]["trend"], dice)
    try:
        render_all(parse_foreign_report(json.dumps(document).encode(), "report.json"))
    except ConfigError as error:
        one_line(error)


@fuzzed
def test_snapshots_and_trials(seed: int) -> None:
    """As `compare` and `merge` read them: what can be read can be compared, and the report can be read again."""
    dice = random.Random(seed)
    documents = {name: json.loads((PUBLISHED / f"{name}.json").read_text()) for name in ("base", "head", "trial")}
    hostile = dice.choice(list(documents))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, document in documents.items():
            data = damaged_json(document, dice) if kind == hostile else json.dumps(document).encode()
            (folder / f"{kind}.json").write_bytes(data)
        try:
            base, head = (read_snapshot(folder / f"{side}.json") for side in ("base", "head"))
            trial = read_trial(folder / "trial.json")
        except ConfigError as error:
            one_line(str(error).removeprefix(str(folder)))
            return
        report = compare(base, head, trial)
        write_report(folder / "report.json", report)
        shown = parse_foreign_report((folder / "report.json").read_bytes(), "report.json")
    render_all(shown)


ANSWER = {
    "artifacts": [
        {
            "load_ms": 6.7,
            "first_ms": 1.1,
            "peak_rss_bytes": 84029440,
            "outputs": [{"path": "['out']", "dtype": "float32", "shape": [1, 5], "memory_format": "contiguous", "file": "0.bin"}],
            "samples_ms": [1.0, 2.0],
        }
    ]
}  # fmt: skip
FAILED_ANSWER = {"artifacts": [{"error": {"stage": "load", "message": "Unknown builtin op: a::b\nx", "type": "E"}}]}


@fuzzed
def test_the_device_programs_line(seed: int) -> None:
    dice = random.Random(seed)
    document = damaged(dice.choice([ANSWER, ANSWER, FAILED_ANSWER]), dice)
    line = json.dumps(document)
    if dice.random() < 0.2:
        line = line[: dice.randrange(len(line) + 1)]
    answer = parse_answer(f"vendor {{\n{line}\nnoise", artifacts=1)
    if answer is None or answer.error:
        return
    with tempfile.TemporaryDirectory() as left, tempfile.TemporaryDirectory() as kept:
        Path(left, "0.bin").write_bytes(dice.randbytes(dice.choice([20, 19, 0])))
        with opened(Path(left)) as given:
            run = judge_result(answer.artifacts[0], given, Path(kept), "lite 1.12.2")
        assert run.status != "passed" or {path.name for path in Path(kept).iterdir()} <= {"0.bin"}
    assert run.status in ("passed", "failed", "infra-error")
    one_line(run.reason)


EVENTS: dict[str, Any] = {
    "pull_request": {
        "pull_request": {
            "number": 7,
            "head": {"sha": "a" * 40, "repo": {"full_name": "octo/phone"}},
            "base": {"sha": "b" * 40},
        },
        "repository": {"default_branch": "main"},
    },
    "workflow_run": {
        "workflow_run": {
            "id": 3,
            "event": "pull_request",
            "head_sha": "a" * 40,
            "head_branch": "topic",
            "head_repository": {"full_name": "octo/phone"},
        }
    },
    "push": {"before": "a" * 40, "repository": {"default_branch": "main"}},
    "merge_group": {"merge_group": {"base_sha": "a" * 40}},
}


@fuzzed
def test_event_payloads(seed: int) -> None:
    dice = random.Random(seed)
    name = dice.choice(list(EVENTS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "event.json")
        path.write_bytes(damaged_json(EVENTS[name], dice))
        environ = {"GITHUB_EVENT_NAME": name, "GITHUB_REPOSITORY": "octo/phone", "GITHUB_EVENT_PATH": str(path)}
        try:
            context = read_context(environ)
        except PocketfitError as error:
            one_line(error)
            return
    for sha in (context.previous_sha, context.pull_request and context.pull_request.head_sha):
        assert sha is None or len(sha) in (40, 64)


DTYPES = ("float32", "float64", "float16", "int64", "int32", "uint8")
LENGTHS: list[tuple[int, ...]] = [(), (0,), (1,), (5,), (2, 3), (1, 0, 4), (2, 3, 4, 5)]


@fuzzed
def test_recorded_outputs(seed: int) -> None:
    """Golden outputs are a child's own bytes: whatever they are, comparing a file with them is a verdict."""
    dice = random.Random(seed)
    expected, actual = ([(f"[{index}]", values(dice)) for index in range(dice.choice([1, 1, 2]))] for _ in range(2))
    if dice.random() < 0.7:
        # Alike but for a few values.
        actual = [(path, array.copy()) for path, array in expected]
        for _, array in actual:
            if array.size:
                array.reshape(-1)[dice.randrange(array.size)] = dice.choice([0, 1, 100])
    limits = dice.choice([Limits(), Limits(max_abs_diff=1e-3, min_sqnr_db=20.0)])
    judged = judge(expected, actual, limits, dice.choice(["fp32", "fp16", "int8"]), flat=dice.random() < 0.3)
    one_line(judged.problem)
    assert fit(judged.parity) == judged.parity
    assert all(
        number is None or math.isfinite(number) for number in (judged.parity.max_abs_diff, judged.parity.sqnr_db)
    )


def values(dice: random.Random) -> Any:
    import numpy as np

    dtype, shape = np.dtype(dice.choice(DTYPES)), dice.choice(LENGTHS)
    random_bytes = dice.randbytes(math.prod(shape) * dtype.itemsize)
    array = np.frombuffer(random_bytes, dtype).reshape(shape).copy()
    kind = dice.randrange(5)
    if kind == 0:
        array[...] = 0
    elif kind == 1 and dtype.kind == "f":
        array[...] = dice.choice([np.nan, np.inf, -np.inf, 1e-30])
    return array


TIMES = [0.0, -1.0, 1e-300, 5e-324, 1e-12, 1e12, 1e300, 1.7e308, -1.7e308, 1.0]


@fuzzed
def test_times(seed: int) -> None:
    """As a child or a saved trial gives them: any finite number, any count."""
    dice = random.Random(seed)

    def samples(count: int) -> tuple[float, ...]:
        strange = dice.choice([0.0, 0.0, 0.1, 1.0])
        return tuple(dice.choice(TIMES) if dice.random() < strange else dice.uniform(1, 2) for _ in range(count))

    def load() -> Load:
        count = dice.choice([0, 1, 2, 8, 40])
        sides = (samples(count if dice.random() < 0.8 else dice.choice([0, 3])) for _ in range(3))
        return Load(*sides, dice.choice(TIMES), None, dice.choice(TIMES))

    comparisons = dice.choice([1, 2, 0, -1, 10**6, 2**62])
    timing = Timing(tuple(load() for _ in range(dice.choice([0, 1, 2, 8, 12]))), comparisons=comparisons)
    latency = judge_latency(timing, identical=False)
    assert fit(latency) == latency
    assert all(math.isfinite(value) for value in (latency.ratio, latency.ci_low, latency.ci_high) if value is not None)
    assert is_clear(timing, 0.1) in (True, False)
