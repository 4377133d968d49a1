"""examples/android-app, as far as that goes without Gradle and a phone.

Its Java and Kotlin compile against the real classes of both runtimes, and what loads and runs the model does so in a
JVM on Android's own libraries, with the files that `pocketfit export` writes for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pocketfit.formats import FORMATS
from pocketfit.runtimes.library import AndroidSide, android_or_why
from tests.integration.conftest import require
from tests.integration.test_run import pocketfit

ROOT = Path(__file__).parents[3]
HERE, APP = Path(__file__).parent, ROOT / "examples/android-app"
SOURCES = APP / "app/src"
TOOLS = ROOT / "build/android-app"
FLAVOURS = ("lite", "executorch")
KOTLIN = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
QUICK = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@pytest.fixture(scope="module")
def android() -> AndroidSide:
    found = android_or_why()
    require(isinstance(found, AndroidSide) and shutil.which("javac"), f"the Android side, and a JDK: {found}")
    assert isinstance(found, AndroidSide)
    return found


@pytest.fixture(scope="module")
def tools() -> Mapping[str, Path]:
    """The jars of pom.xml by their names, fetched again where it changed."""
    require(shutil.which("mvn"), "mvn is not on PATH: apt-get install maven")
    pom, stamp = HERE / "pom.xml", TOOLS / "of"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(TOOLS, ignore_errors=True)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={TOOLS}", "-Dmdep.stripVersion=true"]
        subprocess.run(["mvn", "-B", "-q", "-f", str(pom), *goal], check=True)
        stamp.write_text(wanted)
    return {path.stem: path for path in TOOLS.glob("*.jar")}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command of the app's README writes: artifacts/ below it are the app's assets."""
    out = tmp_path_factory.mktemp("app") / "model"
    done = pocketfit(ROOT, "export", "--config", "examples/android-app/pocketfit.toml", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out


def classpath(*parts: Path | str) -> str:
    return ":".join(map(str, parts))


def jars(android: AndroidSide, flavour: str) -> list[Path]:
    """The classes of a flavour's runtime."""
    found = sorted(Path(android.desktop_classpath(FORMATS[flavour].runtime)).parent.glob("*.jar"))
    assert found
    return found


def run(command: Sequence[str], **environment: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compile_java(flavour: str, android: AndroidSide, tools: Mapping[str, Path], target: Path) -> None:
    """The app's Java, and the program that stands in for its activity."""
    sources = [
        *SOURCES.glob("main/java/**/*.java"),
        *SOURCES.glob(f"{flavour}/java/**/*.java"),
        HERE / "AppOnDesktop.java",
    ]
    classes = classpath(tools["json"], *jars(android, flavour))
    run(["javac", "--release", "11", "-Xlint:all,-classfile", "-Werror", "-cp", classes, "-d", str(target), *map(str, sources)])  # fmt: skip


def public(target: Path) -> str:
    text = run(["javap", "-public", "-cp", str(target), "dev.pocketfit.example.Classifier"])
    assert "public float[] scores(float[], long[]);" in text
    return text


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_it_loads_and_runs_on_the_real_runtime(
    flavour: str, android: AndroidSide, tools: Mapping[str, Path], model: Path, tmp_path: Path
) -> None:
    missing = android.missing(flavour, android.desktop_abi)
    require(not missing, f"{flavour}: {missing}")
    compile_java(flavour, android, tools, tmp_path / "classes")
    runtime = FORMATS[flavour].runtime
    classes = classpath(tmp_path / "classes", tools["json"], *jars(android, flavour))
    libraries = android.libraries(runtime, android.desktop_abi)
    (tmp_path / "files").mkdir()
    (entry,) = [
        entry
        for entry in json.loads((model / "artifacts/head/manifest.json").read_text())["artifacts"]
        if entry["format"] == flavour
    ]
    # A copy that was cut short, as a phone that is switched off leaves it.
    (tmp_path / "files" / f"{entry['sha256']}.unfinished").write_text("half of it")
    folders = [str(libraries), str(android.shim), str(model / "artifacts"), str(tmp_path / "files")]
    program = ["java", *QUICK, "-cp", classes, "dev.pocketfit.AppOnDesktop", runtime, *folders]
    # An app's libraries find each other by their names.
    said = run(program, LD_LIBRARY_PATH=str(libraries))
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    # The digit of the example is a 5, of ten.
    assert (found["label"], found["scores"]) == ("5", "10")
    assert 0 <= float(found["difference"]) < 1e-3
    assert float(found["milliseconds"]) > 0
    assert found["path"] == found["again"] == str(tmp_path / "files" / entry["sha256"])
    assert found["missing"] == "head/manifest.json has no model of the format onnx"
    assert found["dtype"] == "this app reads float32, and inputs has int64"
    assert Path(found["path"]).stat().st_size == entry["size_bytes"]
    assert [path.name for path in (tmp_path / "files").iterdir()] == [entry["sha256"]]


def test_kotlin_and_java_compile_for_both_runtimes(
    android: AndroidSide, tools: Mapping[str, Path], tmp_path: Path
) -> None:
    compiler = classpath(*(path for name, path in tools.items() if name not in ("android", "json")))
    given = classpath(tools["android"], tools["kotlin-stdlib"], *jars(android, "lite"))
    words = ["-no-reflect", "-no-stdlib", "-Werror", "-jvm-target", "11", "-cp", given, "-d", str(tmp_path / "kotlin")]
    sources = [str(SOURCES / folder) for folder in ("main/kotlin", "main/java", "lite/java")]
    run(["java", *QUICK, "-cp", compiler, KOTLIN, *words, *sources])
    assert (tmp_path / "kotlin/dev/pocketfit/example/MainActivity.class").is_file()
    # For the other flavour Kotlin finds the same class, so that it needs no second run of its compiler.
    found = []
    for flavour in FLAVOURS:
        if not android.missing(flavour, android.desktop_abi):
            compile_java(flavour, android, tools, tmp_path / flavour)
            found.append(public(tmp_path / flavour))
    assert len(set(found)) == 1
