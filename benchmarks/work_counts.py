"""What is said of work, where the truth is known: docs/work.md has its tables, docs/work.svg its plot.

    .venv/bin/python -m benchmarks.work_counts pairs processes cost --out work.json
    .venv/bin/python -m benchmarks.work_counts --out work.json --plot docs/work.svg

`pairs` counts models against themselves with other weights, with one more convolution of 1, 5 or 20 % of their
multiply-accumulates, and with a tenth of their classes; with --format, of another format than .ptl. `processes` counts
one model in ten processes, two of which run beside four busy loops. `cost` takes processor seconds, on this machine's
own architecture and emulated. Each part adds its results to the file; what a file has is printed as tables, and drawn.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import work_report
from benchmarks.work_models import LARGE_SIDE, MEDIUM_SIDE, MODELS, SHARES, SIDE, Made, export, plain, with_convolution
from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.devices.program import Counted
from pocketfit.formats import FORMATS
from pocketfit.judge.work import COUNTED_CALLS, left_out, work_of
from pocketfit.records import DeviceSpec, Work
from pocketfit.runtimes.library import find_android

LIMIT_S = 1200
PROCESSES, BUSY_PROCESSES, LOOPS = 10, 2, 4
PHONE = "arm64-v8a"
FEWER_CLASSES = 100
# Calls that are told from a process with one: many of those that take milliseconds, and so many that are emulated.
OWN_CALLS, MANY_MACS = 101, 300_000_000

Parts = dict[str, Callable[[Path], Iterator[dict[str, Any]]]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--format", choices=FORMATS, default="lite", help="of pairs (lite)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    found = json.loads(given.out.read_text()) if given.out.is_file() else {}
    parts: Parts = {**PARTS, "pairs": partial(pairs, format=given.format)}
    with tempfile.TemporaryDirectory() as folder:
        for part in given.parts:
            for result in parts[part](Path(folder)):
                found.setdefault(part, []).append(result)
                given.out.write_text(json.dumps(found, indent=1) + "\n")
    print(work_report.tables(found))
    if given.plot:
        given.plot.write_text(work_report.plot(found))


def pairs(folder: Path, format: str = "lite") -> Iterator[dict[str, Any]]:
    suffix = FORMATS[format].suffix
    with running(PHONE) as device:
        for name in MODELS:
            model = plain(name)
            base = export(model, folder / f"{name}{suffix}")
            before = counted(device, base)
            yield {"model": name, "change": "", "macs": base.macs, **before}
            for change, head in changes(name, model, base, folder):
                yield {"model": name, "change": change, "macs": head.macs, **counted(device, head)}


def changes(name: str, model: Any, base: Made, folder: Path) -> Iterator[tuple[str, Made]]:
    suffix = base.given.artifact.suffix
    yield "other weights", export(plain(name, seed=1), folder / f"{name}-other{suffix}")
    for share in SHARES:
        longer = with_convolution(model, base.macs, share)
        change = f"one more 3x3 convolution of about {100 * share:.0f} %"
        yield change, export(longer, folder / f"{name}-{share}{suffix}")
    fewer = plain(name, num_classes=FEWER_CLASSES)
    yield f"{FEWER_CLASSES} classes, not 1,000", export(fewer, folder / f"{name}-fewer{suffix}")


def processes(folder: Path) -> Iterator[dict[str, Any]]:
    made = export(plain("mobilenet_v2"), folder / "mobilenet_v2.ptl", MEDIUM_SIDE)
    with running(PHONE) as device:
        for number in range(PROCESSES):
            loops = LOOPS if number < BUSY_PROCESSES else 0
            with busy(loops):
                yield {"loops": loops, "macs": made.macs, "load": os.getloadavg()[0], **counted(device, made)}


def cost(folder: Path) -> Iterator[dict[str, Any]]:
    with running(None) as own, running(PHONE) as phone:
        for name, side in [*((name, SIDE) for name in MODELS), ("mobilenet_v2", LARGE_SIDE)]:
            made = export(plain(name), folder / f"{name}-{side}.ptl", side)
            calls = max(3, min(13, MANY_MACS // made.macs))
            result = {
                "model": name,
                "side": side,
                "macs": made.macs,
                "own": of_process_and_call(partial(smoke, own, made), OWN_CALLS),
                "emulated": of_process_and_call(partial(smoke, phone, made), calls),
                "counted": of_process_and_call(partial(count, phone, made), calls, before=1),
            }
            print(result, flush=True)
            yield result


def of_process_and_call(run: Callable[[int], None], calls: int, before: int = 0) -> tuple[float, float]:
    """Processor seconds of a process with the runtime and the file loaded, without any call; and of a call.

    `run` takes the number of calls, `before` is how many it makes besides.
    """
    one, many = cpu_s(partial(run, 1)), cpu_s(partial(run, calls))
    call_s = (many - one) / (calls - 1)
    return one - (1 + before) * call_s, call_s


def cpu_s(run: Callable[[], None]) -> float:
    before = os.times()
    run()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def smoke(device: RunningJvm, made: Made, calls: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = device.smoke(replace(made.given, calls=calls), Path(folder))
    assert run.status == "passed", run.reason


def count(device: RunningJvm, made: Made, calls: int) -> None:
    """The file is called once more before."""
    counts = device.count(made.given, Counted(calls, 0), LIMIT_S)
    assert not isinstance(counts, str), counts


def counted(device: RunningJvm, made: Made) -> dict[str, Any]:
    format = made.given.format
    counts = device.count(made.given, Counted(COUNTED_CALLS, left_out(FORMATS[format].runtime)), LIMIT_S)
    assert not isinstance(counts, str), counts
    work = work_of(counts, Work(abi=PHONE, cpu=device.info.emulated_cpu, runtime=device.info.runtimes[format]))
    print(made.given.artifact.name, work, flush=True)
    return {"work": asdict(work)}


@contextmanager
def running(abi: str | None) -> Iterator[RunningJvm]:
    device = JvmDevice(DeviceSpec(kind="jvm", abi=abi), find_android(), timeout_s=LIMIT_S)
    if problem := device.unavailable():
        raise SystemExit(problem)
    with device.up() as up:
        yield up


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing but keep the machine busy."""
    workers = [multiprocessing.Process(target=spin, daemon=True) for _ in range(loops)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def spin() -> None:
    # Others work on the machine too; what counts yields to them as well.
    os.nice(5)
    while True:
        pass


PARTS: Parts = {"pairs": pairs, "processes": processes, "cost": cost}

if __name__ == "__main__":
    main()
