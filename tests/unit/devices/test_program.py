from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from pocketfit import __version__
from pocketfit.devices.program import (
    Answer,
    Counted,
    ProgramError,
    RawOutput,
    Result,
    Timed,
    files_of,
    here,
    parse_answer,
    parse_counts,
    to_c_order,
    words,
)
from pocketfit.files import opened
from pocketfit.judge.work import Counts
from pocketfit.records import Load, SmokeInput, TensorFile

PASSED = (
    '{"artifacts": [{"load_ms": 6.7, "first_ms": 1.1, "peak_rss_bytes": 84029440, "outputs": '
    '[{"path": "[\'out\']", "dtype": "float32", "shape": [1, 5], "memory_format": "contiguous", "file": "0.bin"}]}]}'
)
RESULT = Result(6.7, 1.1, 84029440, (RawOutput("['out']", "float32", (1, 5), "contiguous", "0.bin"),))


def test_inputs_and_outputs_follow_their_artifact() -> None:
    image = TensorFile("[0]", "float32", (1, 3, 8, 8), "input0.bin")
    number = TensorFile("[1]", "int64", (), "input1.bin")
    base = SmokeInput("lite", Path("/base/a b.ptl"), (image, number), Path("/base"))
    head = SmokeInput("lite", Path("/head/a.ptl"), (), Path("/head"))

    assert words(
        [base, head],
        lambda path: f"/device{path}",
        runtime="lite",
        threads=2,
        libraries="/lib",
        shim="/shim",
        outputs="/out",
        timing=Timed(base, head, seed=3, rounds=5, budget_ms=9),
    ) == [
        __version__,
        "runtime=lite",
        "threads=2",
        "libraries=/lib",
        "shim=/shim",
        "rounds=5",
        "budget_ms=9",
        "seed=3",
        "artifact=/device/base/a b.ptl",
        "input=float32:1,3,8,8:/device/base/input0.bin",
        "input=int64::/device/base/input1.bin",
        "outputs=/out",
        "artifact=/device/head/a.ptl",
        "outputs=/out",
    ]


def test_a_file_is_loaded_again_where_its_memory_is_asked_for() -> None:
    given = SmokeInput("lite", Path("/a.ptl"), (), Path(), reloads=12)
    assert words([given], str, runtime="lite", threads=1, libraries="/lib")[1:] == [
        "runtime=lite", "threads=1", "libraries=/lib",
        "reloads=12", "fewest_reloads=6", "uncounted_reloads=2", "flat_bytes=400000", "artifact=/a.ptl",
    ]  # fmt: skip


def test_calls_are_counted_where_that_is_asked_for_and_memory_is_not_looked_at() -> None:
    given = SmokeInput("lite", Path("/a.ptl"), (), Path(), reloads=12)
    assert words([given], str, runtime="lite", threads=1, libraries="/lib", counted=Counted(3, left_out=1))[1:] == [
        "runtime=lite", "threads=1", "libraries=/lib", "counted=4", "artifact=/a.ptl",
    ]  # fmt: skip
    own = words([given], str, runtime="lite", threads=1, libraries="/l", counted=Counted(3, 1), counts="counts.jsonl")
    assert own[4:] == ["counted=4", "counts=counts.jsonl", "artifact=/a.ptl"]


def test_a_kernel_that_opens_no_counter_is_an_answer() -> None:
    assert parse_answer('{"counter_errno": 13}', artifacts=1) == Answer(counter_errno=13)
    assert parse_answer("{}", artifacts=1) is None


LINE = '{"instructions": 7, "loaded_bytes": 8, "stored_bytes": 0}'


@pytest.mark.parametrize(
    ("written", "counts"),
    [
        (f"{LINE}\n{LINE}\n", (Counts(7, 8, 0),) * 2),
        # By the machine's own core.
        (f"{LINE}\n" + LINE.replace("8", "null").replace("0}", "null}"), (Counts(7, 8, 0), Counts(7, None, None))),
        # One call that is missing, one too many, and what the plugin would not write.
        (f"{LINE}\n", None),
        (f"{LINE}\n" * 3, None),
        ("", None),
        (f"{LINE}\n{LINE[:-1]}\n", None),
        (f'{LINE}\n{{"instructions": 7}}\n', None),
        (f"{LINE}\n" + LINE.replace("7", "1.5"), None),
        (f"{LINE}\n" + LINE.replace("7", str(2**63)), None),
        (f"{LINE}\n" + LINE.replace("7", "NaN"), None),
    ],
)
def test_there_is_a_line_for_each_counted_call(written: str, counts: tuple[Counts, ...] | None) -> None:
    assert parse_counts(written, Counted(2, left_out=0)) == counts


def test_the_first_of_the_marked_calls_are_left_out() -> None:
    lines = "\n".join(LINE.replace("7", str(number)) for number in (9000, 7, 8))
    assert parse_counts(lines, Counted(2, left_out=1)) == (Counts(7, 8, 0), Counts(8, 8, 0))


def test_what_is_loaded_first_follows_from_the_seed() -> None:
    base, head = (SmokeInput("lite", Path(f"/{side}/a.ptl"), (), Path()) for side in ("base", "head"))
    orders = [Timed(base, head, seed, rounds=5, budget_ms=9) for seed in range(60)]
    assert {timed.order for timed in orders} == set(permutations((0, 1, 2)))
    assert orders[7].order == Timed(base, head, 7, 1, 1).order
    # Results come in the order that artifacts were given in, and each goes back to its own.
    times = {0: 1.0, 1: 2.0, 2: 3.0}
    for timed in orders:
        assert [one is base for one in timed.artifacts()] == [place == 0 for place in timed.order]
        results = [Result(times[place] * 10, times[place], 5, (), (times[place],)) for place in timed.order]
        assert timed.load(results) == Load((1.0,), (2.0,), (3.0,), 10.0, 20.0, 1.0, 2.0, 5)


def test_places_on_this_machine_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = SmokeInput("lite", Path("a.ptl"), (TensorFile("", "uint8", (1,), "in.bin"),), Path("golden"))
    assert words([given], here, runtime="lite", threads=1, libraries="/lib", outputs=here(Path()))[-3:] == [
        f"artifact={tmp_path}/a.ptl",
        f"input=uint8:1:{tmp_path}/golden/in.bin",
        f"outputs={tmp_path}",
    ]
    assert files_of([given]) == [Path("a.ptl"), Path("golden/in.bin")]


@pytest.mark.parametrize(
    ("stdout", "answer"),
    [
        (PASSED, Answer((RESULT,))),
        (f"vendor noise {{\n{{ more\n\n{PASSED}\nlast words", Answer((RESULT,))),
        ('{"error": {"stage": "start", "message": "no"}}', Answer(error=ProgramError("start", "no"))),
        ("", None),
        ("Killed", None),
        (PASSED[:-1], None),
        ('{"artifacts": []}', None),
        ('{"artifacts": [{"load_ms": "soon"}]}', None),
        ('{"artifacts": [{}, {}]}', None),
    ],
)
def test_the_last_line_with_a_brace_is_the_answer(stdout: str, answer: Answer | None) -> None:
    assert parse_answer(stdout, artifacts=1) == answer


@pytest.mark.parametrize(
    ("memory_format", "shape", "axes"),
    [
        ("contiguous", (2, 3, 4, 5), (0, 1, 2, 3)),
        ("channels_last", (2, 3, 4, 5), (0, 2, 3, 1)),
        ("channels_last_3d", (2, 3, 4, 5, 6), (0, 2, 3, 4, 1)),
    ],
)
def test_outputs_come_in_c_order(
    tmp_path: Path, memory_format: str, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    values.transpose(axes).tofile(tmp_path / "0.bin")
    ours = tmp_path / "ours"
    ours.mkdir()

    with opened(tmp_path) as given:
        tensor = to_c_order(RawOutput("", "float32", shape, memory_format, "0.bin"), given, ours)

    assert tensor == TensorFile("", "float32", shape, "0.bin")
    assert np.array_equal(np.fromfile(ours / "0.bin", np.float32).reshape(shape), values)
    # In the program's folder nothing of ours is written.
    assert np.array_equal(np.fromfile(tmp_path / "0.bin", np.float32), values.transpose(axes).ravel())


def test_an_output_of_another_size(tmp_path: Path) -> None:
    np.zeros(3, np.float32).tofile(tmp_path / "0.bin")
    with opened(tmp_path) as given, pytest.raises(ValueError, match="cannot reshape array of size 3"):
        to_c_order(RawOutput("", "float32", (4,), "contiguous", "0.bin"), given, tmp_path / "ours")


def test_an_output_outside_of_its_folder(tmp_path: Path) -> None:
    with opened(tmp_path) as given, pytest.raises(ValueError, match=r"'\.\./0\.bin', outside of its folder"):
        to_c_order(RawOutput("", "float32", (4,), "contiguous", "../0.bin"), given, tmp_path)
