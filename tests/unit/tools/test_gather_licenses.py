from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path

import pytest

from tools.gather_licenses import gather


def package(folder: Path, name: str, metadata: str = "", **files: str) -> Distribution:
    """A wheel as pip leaves it; `licenses__MIT` is the file licenses/MIT."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}")
    record = []
    for path, text in files.items():
        file = info / path.replace("__", "/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        record.append(f"{file.relative_to(folder)},,")
    (info / "RECORD").write_text("\n".join(record))
    return Distribution.at(info)


def test_each_packages_own_and_debians_and_further_ones(tmp_path: Path) -> None:
    doc, further, target = tmp_path / "doc", tmp_path / "notices", tmp_path / "licenses"
    (doc / "libc6").mkdir(parents=True)
    (doc / "libc6/copyright").write_text("GNU")
    further.mkdir()
    (further / "PyTorch.txt").write_text("BSD")
    one = package(tmp_path, "one", "License-Expression: MIT\n", licenses__LICENSE="MIT text", licenses__NOTICE="named")
    two = package(tmp_path, "two", "Classifier: License :: OSI Approved :: BSD License\n", entry_points="x")

    assert gather(target, doc, [one, two], [further]) == []

    assert {str(path.relative_to(target)): path.read_text() for path in target.rglob("*") if path.is_file()} == {
        "debian/libc6": "GNU",
        "notices/PyTorch.txt": "BSD",
        "python/one-1.0/LICENSE": "MIT text",
        "python/one-1.0/1-NOTICE": "named",
        "python/one-1.0/METADATA": "MIT\n",
        "python/two-1.0/METADATA": "License :: OSI Approved :: BSD License\n",
    }


@pytest.mark.parametrize(("metadata", "silent"), [("", ["three"]), ("License: MIT\n all of it\n", [])])
def test_a_package_that_says_nothing_is_named(tmp_path: Path, metadata: str, silent: list[str]) -> None:
    three = package(tmp_path, "three", metadata)
    assert gather(tmp_path / "licenses", tmp_path / "doc", [three], []) == silent
