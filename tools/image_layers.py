"""Writes what each layer of the images takes into docs/performance.md: image_layers.py IMAGE SMALL_IMAGE."""

from __future__ import annotations

import sys
from pathlib import Path

from pocketfit.process import run
from tools.documents import write_between

PAGE = Path(__file__).parents[1] / "docs/performance.md"
BEGIN, END = "<!-- layers -->", "<!-- end of layers -->"
# What a layer is called, by a word of what made it, the first that fits.
NAMES = {
    "gather_licenses": "licences",
    "install-torch.sh": "torch, torchvision, executorch, torchao",
    "requirements.txt": "Python packages",
    "jvm/pocketfit": "a JVM",
    "apt-get": "git, adb, QEMU",
    "python -m venv": "Python environment",
    "android/": "Android libraries, the Java program, a JVM for arm64",
    "pip install --no-deps --no-build-isolation": "Pocketfit",
}
LEAST_BYTES = 100_000
# What is among the Python packages for torch and executorch alone: requirements/torch-dependencies.in and what these
# need, but what Pocketfit asks for itself.
FOR_TORCH = (
    "filelock", "flatbuffers", "fsspec", "mpmath", "networkx", "pillow", "ruamel.yaml", "ruamel.yaml.clib",
    "setuptools", "sympy", "tabulate",
)  # fmt: skip
# The bytes of the files that distributions brought and that are still there.
WEIGH = """
import sys
from importlib.metadata import files
paths = (file.locate() for name in sys.argv[1:] for file in files(name) or ())
print(sum(path.stat().st_size for path in paths if path.is_file()))
"""


def named(made_by: str) -> str:
    return next((name for word, name in NAMES.items() if word in made_by), "the rest")


def table(layers: list[tuple[str, int]], for_torch_bytes: int, small_bytes: int) -> str:
    """Return the table for layers as (what made it, bytes), the base first.

    Beside them stand the bytes of what torch alone needs of other layers, and those of the small image.
    """
    sizes: dict[str, int] = {}
    for number, (made_by, size_bytes) in enumerate(layers):
        name = "base" if number == 0 else named(made_by)
        sizes[name] = sizes.get(name, 0) + size_bytes
    total = sum(sizes.values())
    torch = sizes.get(NAMES["install-torch.sh"], 0)
    rows = [f"| {name} | {size / 1e6:,.1f} MB |" for name, size in sizes.items() if size >= LEAST_BYTES]
    ends = [
        f"| all of it | {total / 1e6:,.1f} MB |",
        f"| without torch's layer | {(total - torch) / 1e6:,.1f} MB |",
        f"| without what torch and executorch alone need, too | {(total - torch - for_torch_bytes) / 1e6:,.1f} MB |",
        f"| the small image, of `comment/action.yml` | {small_bytes / 1e6:,.1f} MB |",
    ]
    return "\n".join(["| layer | unpacked |", "| :-- | --: |", *rows, *ends])


def layers_of(image: str) -> list[tuple[str, int]]:
    """Ask docker for them, the base first."""
    words = ("--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}")
    lines = run("docker", "history", *words, image, timeout=60).splitlines()
    return [(made_by, int(size)) for size, _, made_by in (line.partition(" ") for line in reversed(lines))]


def for_torch_bytes(image: str) -> int:
    return int(run("docker", "run", "--rm", "--entrypoint", "python", image, "-c", WEIGH, *FOR_TORCH, timeout=300))


def size_bytes(image: str) -> int:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", image, timeout=60))


def main(image: str, small: str) -> None:
    write_between(PAGE, BEGIN, END, table(layers_of(image), for_torch_bytes(image), size_bytes(small)))


if __name__ == "__main__":
    main(*sys.argv[1:])
