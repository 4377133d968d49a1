"""`make differential N=40`: random models, built by Pocketfit and judged by plain torch; a table, and each find kept.

    python -m tests.differential --count 40 --first 0 --keep build/differential

Exit code 1 where there is a find that known.toml does not list.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocketfit.devices.base import DeviceOptions, Running
from pocketfit.devices.choose import choose_device
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import android_or_why
from tests.differential.classify import (
    CLASSES,
    FALSE_FAIL,
    FALSE_PASS,
    OUT_OF_TIME,
    TRUE_PASS,
    WRONG_REASON,
    Verdict,
    classify,
)
from tests.differential.device import Trial
from tests.differential.forks import Worker
from tests.differential.grammar.sample import Sample, make_sample
from tests.differential.known import Known, cause_of, read_known

LIMIT_S = 120.0
FINDS = (FALSE_PASS, FALSE_FAIL, WRONG_REASON)


@dataclass(frozen=True)
class Judged:
    sample: Sample
    format: str
    precision: str
    verdict: Verdict
    cpu_s: float

    @property
    def where(self) -> str:
        return f"{self.sample.name}/{self.format}/{self.precision}"


class Pair:
    """A process of Pocketfit's and one of plain torch's."""

    def __init__(self, device: Running | None) -> None:
        self.device = device
        self.product, self.truth = Worker("tests.differential.product"), Worker("tests.differential.truth")

    def judge(self, sample: Sample, work: Path) -> Iterator[Judged]:
        """Each variant of a sample, in turn."""
        root = work / "repository"
        sample.write(root)
        for format_name, precision in sample.variants:
            folder = work / f"{format_name}.{precision}"
            job = {"root": str(root), "format": format_name, "precision": precision, "limit_s": LIMIT_S}
            built = self.product.ask({**job, "folder": str(folder / "product")})
            file = folder / "product" / built["file"] if built.get("state") == "exported" else None
            truth = self.truth.ask({**job, "folder": str(folder / "truth"), "file": str(file) if file else None})
            verdict = classify(precision, built, truth, sample.features)
            if self.device and truth.get("file"):
                trial = Trial(self.device, format_name, precision, truth["calls"], folder / "truth")
                if verdict.kind == TRUE_PASS and (problem := trial.fails_afresh(Path(truth["file"]))):
                    verdict = Verdict(FALSE_PASS, f"on the device: {problem}")
                if not file and verdict.kind in FINDS and (problem := trial.fails(Path(truth["file"]))):
                    # What the library lacks, no way of exporting can help.
                    verdict = classify(precision, built, {**truth, "device": problem}, sample.features)
            yield Judged(sample, format_name, precision, verdict, built["cpu_s"] + truth["cpu_s"])

    def close(self) -> None:
        self.product.close()
        self.truth.close()


def run(seeds: Sequence[int], jobs: int, keep: Path | None, device: Running | None) -> list[Judged]:
    """All variants of these seeds, by so many pairs of processes; finds are kept as they come."""
    local, pairs, known = threading.local(), [], read_known()

    def one(seed: int) -> list[Judged]:
        if not hasattr(local, "pair"):
            local.pair = Pair(device)
            pairs.append(local.pair)
        with tempfile.TemporaryDirectory(prefix="pocketfit-differential-") as work:
            judged = list(local.pair.judge(make_sample(seed), Path(work)))
        for found in judged:
            if is_news(found, known):
                print(line(found), file=sys.stderr, flush=True)
                if keep:
                    keep_find(found, keep)
        return judged

    with ThreadPoolExecutor(jobs) as pool:
        results = [found for judged in pool.map(one, seeds) for found in judged]
    for pair in pairs:
        pair.close()
    return results


@contextmanager
def device_of(kind: str) -> Iterator[Running | None]:
    """The device, up for as long as the block runs; raises EnvironmentProblem where it can't be used here."""
    chosen = choose_device(DeviceSpec(), kind, DeviceOptions(android_or_why())).devices
    if not chosen:
        yield None
        return
    with chosen[0].up() as up:
        yield up


def is_news(judged: Judged, known: tuple[Known, ...]) -> bool:
    return judged.verdict.kind in FINDS and not cause_of(judged.verdict.kind, judged.where, judged.verdict.why, known)


def line(judged: Judged) -> str:
    return f"{judged.verdict.kind}: {judged.where}: {judged.verdict.why}"


def keep_find(judged: Judged, keep: Path) -> None:
    """A folder that can become a case: model.py, pocketfit.toml with the variant, and what was found."""
    folder = keep / f"{judged.sample.name}-{judged.format}-{judged.precision}"
    judged.sample.write(folder)
    with (folder / "pocketfit.toml").open("a") as config:
        config.write(f'formats = ["{judged.format}"]\nprecisions = ["{judged.precision}"]\n')
    (folder / "found.md").write_text(f"{line(judged)}\n")


def table(results: Sequence[Judged]) -> str:
    """Counts by format, precision and class, in Markdown."""
    counts = Counter((one.format, one.precision, one.verdict.kind) for one in results)
    variants = sorted({(one.format, one.precision) for one in results})
    shown = [kind for kind in CLASSES if kind != OUT_OF_TIME or any(key[2] == OUT_OF_TIME for key in counts)]
    rows = [(*variant, *(counts[(*variant, kind)] for kind in shown)) for variant in variants]
    total = [sum(one.verdict.kind == kind for one in results) for kind in shown]
    lines = [
        f"| format | precision | {' | '.join(kind.lower() for kind in shown)} |",
        f"| :-- | :-- |{' --: |' * len(shown)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        f"| all | | {' | '.join(map(str, total))} |",
    ]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.differential", description="Random models against plain torch."
    )
    parser.add_argument("--count", type=int, default=40, help="how many models (default: 40)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (default: 2)")
    parser.add_argument("--keep", type=Path, help="a folder for the finds, each a repository of its own")
    parser.add_argument(
        "--device", choices=("jvm", "none"), default="jvm", help="where files are tried too (default: jvm)"
    )
    options = parser.parse_args(words)
    if options.keep:
        shutil.rmtree(options.keep, ignore_errors=True)
    began = time.monotonic()
    with device_of(options.device) as device:
        results = run(range(options.first, options.first + options.count), options.jobs, options.keep, device)
    print(table(results))
    print(
        f"\n{options.count} models, {len(results)} variants, seeds from {options.first}: "
        f"{time.monotonic() - began:.0f} s, {sum(one.cpu_s for one in results):.0f} s of processor"
    )
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / "results.json").write_text(
            json.dumps(
                [[one.sample.name, one.format, one.precision, one.verdict.kind, one.verdict.why] for one in results]
            )
        )
    known = read_known()
    news = [one for one in results if is_news(one, known)]
    print(f"{sum(one.verdict.kind in FINDS for one in results) - len(news)} finds are known, {len(news)} are not")
    return 1 if news else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
