"""docs/android-app.md and examples/android-app say the same, and name the runtimes that files are tried on."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from pocketfit.config.model_lines import model_lines

ROOT = Path(__file__).parents[2]
APP = ROOT / "examples/android-app"
PAGE = (ROOT / "docs/android-app.md").read_text()
README = (APP / "README.md").read_text()
POM = (ROOT / "src/android/pom.xml").read_text()
LANGUAGES = {"java": "*.java", "kotlin": "*.kt*"}


def blocks(page: str, *languages: str) -> list[str]:
    return [
        code for name, code in re.findall(r"^```(\w*)\n(.*?)^```", page, re.DOTALL | re.MULTILINE) if name in languages
    ]


@pytest.mark.parametrize(
    ("language", "code"), [(language, code) for language in LANGUAGES for code in blocks(PAGE, language)]
)
def test_code_on_the_page_is_from_the_app(language: str, code: str) -> None:
    sources = [path.read_text() for path in APP.rglob(LANGUAGES[language])]
    assert any(code in source for source in sources), textwrap.dedent(code)


def test_all_code_on_the_page_is_looked_at() -> None:
    names = set(re.findall(r"^```(\w+)", PAGE, re.MULTILINE))
    assert names == {*LANGUAGES, "sh"}
    assert len(blocks(PAGE, *LANGUAGES)) == 8


def pinned(name: str) -> str:
    found = re.search(rf"<{re.escape(name)}>([\d.]+)</", POM)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("format_name", "artifact", "version"),
    [
        ("lite", "pytorch_android_lite", "pytorch.lite.version"),
        ("torchscript", "pytorch_android", "pytorch.full.version"),
        ("executorch", "executorch-android", "executorch.version"),
    ],
)
def test_the_runtimes_are_those_that_files_are_tried_on(format_name: str, artifact: str, version: str) -> None:
    line = f'mplementation("org.pytorch:{artifact}:{pinned(version)}")'
    (row,) = [row for row in PAGE.splitlines() if row.startswith(f"| `{format_name}` | `.")]
    assert f"`i{line}`" in row
    gradle = (APP / "app/build.gradle.kts").read_text()
    if format_name != "torchscript":
        assert f'"{format_name}Implementation"("org.pytorch:{artifact}:{pinned(version)}")' in gradle
        assert f'create("{format_name}")' in gradle
        assert (
            f'FORMAT = "{format_name}"'
            in (APP / f"app/src/{format_name}/java/dev/pocketfit/example/Classifier.java").read_text()
        )


def test_the_apps_model_is_exported_for_both() -> None:
    text = (APP / "pocketfit.toml").read_text()
    (model,) = tomllib.loads(text)["models"].values()
    assert model["formats"] == ["lite", "executorch"]
    assert list(model_lines(text)) == ["digits"]
    for key in ("source", "inputs"):
        file, _, name = model[key].partition(":")
        assert f"def {name}(" in (ROOT / file).read_text()


def test_what_the_apps_readme_names_is_there() -> None:
    for name in re.findall(r"`(app/[\w./]+)`", README):
        assert (APP / name).exists(), name
    (commands,) = blocks(README, "sh")
    folder, gradle = "examples/android-app/model", (APP / "app/build.gradle.kts").read_text()
    assert f"--config examples/android-app/pocketfit.toml --out {folder}" in commands
    assert 'assets.srcDir("../model/artifacts")' in gradle
