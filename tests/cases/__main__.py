"""`make cases`: runs every case in turn, one report at the end. `python -m tests.cases 02 14` runs two of them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cases.checks import CHECKS
from tests.cases.expected import read_expected
from tests.cases.judge import differences
from tests.cases.rows import folders, run_case


def main(names: Sequence[str]) -> int:
    """Returns an exit code: 1 where a case differs from what is right."""
    report, differing, cpu_s = [], 0, 0.0
    cases = folders(tuple(names))
    if not cases:
        print(f"no case is named {', '.join(names)}", file=sys.stderr)
        return 2
    for case in cases:
        began = time.monotonic()
        problems, rows, used_s = judge(case)
        cpu_s += used_s
        differing += bool(problems)
        report.append(f"{'differs' if problems else 'OK':8}{case.name}: {rows} rows, {used_s:.0f} s of processor")
        print(f"{report[-1]} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        report += [f"        {problem}" for problem in problems]
    print("\n".join(report))
    print(f"{len(cases) - differing} of {len(cases)} cases are as they should be; {cpu_s:.0f} s of processor")
    return 1 if differing else 0


def judge(case: Path) -> tuple[list[str], int, float]:
    """What differs from expected.toml, how many rows there are, and the seconds of processor they took."""
    expected = read_expected(case / "expected.toml")
    with tempfile.TemporaryDirectory(prefix="pocketfit-case-") as work:
        outcome = run_case(case, expected, Path(work))
        return list(differences(expected, outcome.rows, CHECKS, outcome.printed)), len(outcome.rows), outcome.cpu_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
