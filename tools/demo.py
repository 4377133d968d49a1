"""Builds a small git repository from examples/ with a base and a head, and runs Pocketfit, or an IMAGE of it, there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "build" / "demo"

# Head makes mobilenet_v2 wider, so larger and slower; the other models stay as they are.
CHANGE = ("MOBILENET_WIDTH = 1.0", "MOBILENET_WIDTH = 1.4")
WHO = {name: "Pocketfit demo" for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME")} | {
    name: "demo@example.invalid" for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
}
# Fixed, so that the demo's commits have the same names wherever it runs.
WHEN = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def git(*args: str) -> None:
    subprocess.run(["git", "-C", str(DEMO), *args], check=True, env={**os.environ, **WHO, **WHEN})


def build_repository() -> None:
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(ROOT / "examples", DEMO, ignore=shutil.ignore_patterns("__pycache__", "workflows"))
    # The last model is trained each time it is built: for those who read on, not for a first minute.
    config = DEMO / "pocketfit.toml"
    config.write_text(config.read_text().partition("# Needs scikit-learn")[0])
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "Three models")
    git("switch", "-q", "-c", "wider")
    models = DEMO / "models" / "classify.py"
    models.write_text(models.read_text().replace(*CHANGE))
    git("commit", "-q", "-am", "Make mobilenet_v2 wider")


def main(words: list[str]) -> int:
    """Run it by the Pocketfit that is installed, or by the image that is named."""
    build_repository()
    image = words[0] if words else None
    program = (
        ["docker", "run", "--rm", "--volume", f"{DEMO}:/work", image] if image else [sys.executable, "-m", "pocketfit"]
    )
    command = ["run", "--base", "main", "--device", "jvm"]
    print("\nA pull request that makes one of three models wider, tried: a minute.")
    print(f"in {DEMO.relative_to(ROOT)}, on branch wider:\n$ pocketfit {' '.join(command)}\n", flush=True)
    return subprocess.run([*program, *command], cwd=DEMO, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
