"""The versions of ExecuTorch that there are, and what is said of an exporter that is newer."""

from __future__ import annotations

import re
from pathlib import Path

from pocketfit.records import Library
from pocketfit.runtimes.kernels import kernels_of
from pocketfit.runtimes.versions import NEWEST, VERSIONS, newer_exporter, version_of

POM = Path(__file__).parents[3] / "src/android/pom.xml"


def test_they_are_those_that_the_android_side_builds() -> None:
    built = dict(re.findall(r"<executorch\.(\d\.\d)\.npm\.version>(.+)</", POM.read_text()))
    newest = re.findall(r"<executorch\.npm\.version>(.+)</", POM.read_text())
    assert {version: library.version for version, library in VERSIONS.items()} == {**built, NEWEST: newest[0]}
    assert all(f'"title": "{library.title}"' in POM.read_text() for library in VERSIONS.values())


def test_the_kernels_and_backends_of_each_are_known() -> None:
    counts = {}
    for version, library in VERSIONS.items():
        kernels = kernels_of(library)
        assert kernels
        assert "XnnpackBackend" in kernels.backends
        counts[version] = len(kernels.kernels)
    assert counts == {"1.0": 253, "1.1": 258, "1.3": 261}


def test_the_version_of_a_library() -> None:
    assert version_of(str(VERSIONS["1.1"])) == "1.1"
    assert version_of(str(Library("executorch-android", "1.0.1"))) == "1.0"
    assert version_of(str(Library("react-native-executorch", "0.6.0"))) is None
    assert version_of("pytorch_android_lite 1.12.2") is None
    assert version_of("") is None


def test_an_exporter_newer_than_a_runtime() -> None:
    assert newer_exporter("executorch 1.3.1", ("1.3",)) is None
    assert newer_exporter("executorch", ("1.0",)) is None
    assert newer_exporter("executorch 1.3.1", ("1.1", "1.3")) == (
        "executorch 1.3.1 exports, and the runtime 1.1 is older: ExecuTorch promises that newer runtimes run older files, "
        "never the reverse"
    )
    assert newer_exporter("executorch 1.10.0", ("1.0", "1.1", "1.3")) == (
        "executorch 1.10.0 exports, and the runtimes 1.0, 1.1 and 1.3 are older: ExecuTorch promises that newer runtimes "
        "run older files, never the reverse"
    )
