"""What the measuring loop of the Java program adds to a model of 1 ms: a share, to stay below 1 %.

make android-test && .venv/bin/python -m benchmarks.loop_overhead
"""

from __future__ import annotations

from pathlib import Path

from pocketfit.process import run

CLASSES = Path(__file__).parents[1] / "build" / "maven"


def main() -> None:
    path = f"{CLASSES / 'classes'}:{CLASSES / 'test-classes'}"
    shares = [float(run("java", "-cp", path, "dev.pocketfit.LoopOverhead", timeout=120)) for _ in range(5)]
    print(
        f"overhead of the measuring loop on a call of 1 ms, 5 runs: {', '.join(f'{100 * one:.3f} %' for one in shares)}"
    )


if __name__ == "__main__":
    main()
