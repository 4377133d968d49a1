from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pocketfit.commands.accept import Asked, Change, accept
from pocketfit.config import read_config
from pocketfit.errors import ConfigError
from pocketfit.records import Accepted, Growth, Limits, Row, Variant
from pocketfit.store import write_report
from tests.unit.cli.test_commands import pocketfit
from tests.unit.report.samples import BROKEN, CALM, EVERYTHING, GREW, UNSUPPORTED, side

TODAY = date(2026, 11, 27)
ALL = Asked()
CONFIG = """\
# What we ship.
[limits]
size_growth = "1%"
latency_growth = "10%"

[models.mobilenet_v2]
source = "nets.py:mobile"

[models.detector]
source = "nets.py:detector"

# Text.
[models.vit_b_16]
source = "nets.py:vit"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "pocketfit.toml").write_text(CONFIG)
    save(tmp_path, GREW, BROKEN, UNSUPPORTED)
    return tmp_path


def save(folder: Path, *rows: Row) -> None:
    verdict = "fail" if any(row.fails for row in rows) else "pass"
    write_report(folder / "report.json", replace(EVERYTHING, verdict=verdict, rows=rows))


def accepted(folder: Path, asked: Asked = ALL, today: date = TODAY) -> Change:
    return accept(folder, folder / "report.json", None, asked, today)


def test_the_limits_that_fail_become_ones_that_take_it(repository: Path) -> None:
    change = accepted(repository)
    assert (repository / "pocketfit.toml").read_text() == CONFIG
    change.write()
    written = '[models.mobilenet_v2.limits]\nsize_growth = "41%"\nlatency_growth = "34%"\n'
    assert (repository / "pocketfit.toml").read_text() == CONFIG.replace(
        "[models.detector]", f"{written}\n[models.detector]"
    )
    model = read_config(repository / "pocketfit.toml").models[0]
    assert model.limits == Limits(size_growth=Growth(ratio=0.41), latency_growth=0.34)
    assert change.said == (
        "accepted: size_growth = 41% for all variants of mobilenet_v2 (mobilenet_v2/lite/fp32 needs the most)",
        "accepted: latency_growth = 34% for all variants of mobilenet_v2 (mobilenet_v2/lite/fp32 needs the most)",
    )
    assert change.left == (
        "detector/torchscript/fp32: it fails in the build, which no limit can accept",
        "vit_b_16/lite/fp32: it fails on jvm, which no limit can accept",
    )


def test_until_a_day(repository: Path) -> None:
    change = accepted(repository, Asked(until=date(2026, 12, 31)))
    change.write()
    model = read_config(repository / "pocketfit.toml").models[0]
    assert model.limits == Limits(size_growth=Growth(ratio=0.01), latency_growth=0.1)
    assert model.accepted == Accepted("2026-12-31", Limits(size_growth=Growth(ratio=0.41), latency_growth=0.34))
    assert change.said[0].startswith("accepted until 2026-12-31: size_growth = 41% for all variants of mobilenet_v2")
    with pytest.raises(ConfigError, match=r"size_growth takes it already, as the configuration is now"):
        accepted(repository, Asked(models=["mobilenet_v2"]))
    # After that day the limits are back, and it can be accepted anew.
    assert accepted(repository, today=date(2027, 1, 1)).after != change.after


def test_the_variant_that_needs_the_most_decides(repository: Path) -> None:
    larger = replace(GREW, precision="int8", failed_limits=("size_growth",), head=side(28_000_000, 1, "cc"))
    save(repository, GREW, larger)
    change = accepted(repository)
    assert 'size_growth = "101%"\nlatency_growth = "34%"' in change.after
    assert "(mobilenet_v2/lite/int8 needs the most)" in change.said[0]
    only = accepted(repository, Asked(variants=[Variant("mobilenet_v2", "lite", "fp32")]))
    assert 'size_growth = "41%"' in only.after


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ([GREW, BROKEN], Asked(models=["detector"])),
        ([BROKEN], Asked()),
    ],
)
def test_a_failed_build_is_no_growth(repository: Path, rows: Sequence[Row], asked: Asked) -> None:
    save(repository, *rows)
    with pytest.raises(
        ConfigError, match=r"^detector/torchscript/fp32: it fails in the build, which no limit can accept$"
    ):
        accepted(repository, asked)


def test_a_wrong_answer_is_no_growth(repository: Path) -> None:
    save(repository, replace(GREW, failed_limits=("min_sqnr_db", "size_growth")))
    change = accepted(repository)
    assert change.left == (
        "mobilenet_v2/lite/fp32: min_sqnr_db is on what the file computes, which is no growth to accept",
    )
    assert "min_sqnr_db" not in change.after


def test_a_limit_over_commits_is_changed_by_hand(repository: Path) -> None:
    save(repository, replace(GREW, failed_limits=("size_growth_over", "size_growth")))
    change = accepted(repository)
    assert change.left == (
        "mobilenet_v2/lite/fp32: size_growth_over is over many commits: write another growth, or last, in the configuration",
    )
    assert "size_growth_over" not in change.after


def test_nothing_fails(repository: Path) -> None:
    write_report(repository / "report.json", CALM)
    assert accepted(repository).after == CONFIG
    save(repository, replace(GREW, failed_before=True))
    assert accepted(repository).after == CONFIG


def test_what_the_report_or_the_configuration_does_not_have(repository: Path) -> None:
    saved = repository / "report.json"
    with pytest.raises(ConfigError, match=r"^--model nett: .*/report\.json has none of that name$"):
        accepted(repository, Asked(models=["nett"]))
    with pytest.raises(ConfigError, match=r"^--variant detector/lite/fp32: .*/report\.json has none of that name$"):
        accepted(repository, Asked(variants=[Variant("detector", "lite", "fp32")]))
    save(repository, replace(GREW, model="gone"))
    with pytest.raises(ConfigError, match=r"^gone: pocketfit\.toml has no such model$"):
        accepted(repository)
    saved.unlink()
    with pytest.raises(ConfigError, match=r"report\.json can't be read: No such file or directory$"):
        accepted(repository)


def test_in_pyproject_and_through_a_link(repository: Path) -> None:
    text = CONFIG.replace("[limits]", "[tool.pocketfit.limits]").replace("[models.", "[tool.pocketfit.models.")
    (repository / "apps").mkdir()
    (repository / "apps/pyproject.toml").write_text(text)
    (repository / "pocketfit.toml").unlink()
    (repository / "pyproject.toml").symlink_to("apps/pyproject.toml")
    change = accepted(repository)
    change.write()
    assert (repository / "pyproject.toml").is_symlink()
    assert (
        '[tool.pocketfit.models.mobilenet_v2.limits]\nsize_growth = "41%"'
        in (repository / "apps/pyproject.toml").read_text()
    )


def test_the_command_shows_the_difference_and_writes(repository: Path) -> None:
    done = pocketfit(repository, "accept", "report.json", "--until", "2999-12-31", "--dry-run")
    diff = (
        "--- pocketfit.toml\n+++ pocketfit.toml\n@@ -6,6 +6,9 @@\n [models.mobilenet_v2]\n"
        ' source = "nets.py:mobile"\n \n+[models.mobilenet_v2.limits]\n'
        '+accepted = { until = 2999-12-31, size_growth = "41%", latency_growth = "34%" }\n+\n'
        ' [models.detector]\n source = "nets.py:detector"\n \n'
    )
    assert done.stdout.startswith(diff)
    assert done.stdout.endswith("pocketfit.toml: nothing was written (--dry-run)\n")
    assert "not accepted: detector/torchscript/fp32: it fails in the build" in done.stderr
    assert done.returncode == 0
    assert (repository / "pocketfit.toml").read_text() == CONFIG
    done = pocketfit(repository, "accept", "report.json", "--until", "2999-12-31")
    assert done.stdout.startswith(diff)
    assert done.stdout.endswith("pocketfit.toml: written\n")
    assert "until = 2999-12-31" in (repository / "pocketfit.toml").read_text()
    again = pocketfit(repository, "accept", "report.json", "--model", "mobilenet_v2")
    assert again.returncode == 2
    assert again.stderr.startswith("error: mobilenet_v2/lite/fp32: size_growth takes it already")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--until", "soon"), "error: --until soon: write a day as YYYY-MM-DD, such as "),
        (("--until", "2020-01-01"), "error: --until 2020-01-01: that day has passed"),
        (("--variant", "net"), "error: --variant: 'net' is no variant: write it like resnet18/lite/fp32"),
    ],
)
def test_mistakes(repository: Path, words: tuple[str, ...], said: str) -> None:
    done = pocketfit(repository, "accept", "report.json", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_nothing_to_accept_is_said(repository: Path) -> None:
    write_report(repository / "report.json", CALM)
    done = pocketfit(repository, "accept", "report.json")
    assert (done.returncode, done.stdout) == (0, "report.json: nothing fails, so there is nothing to accept\n")
