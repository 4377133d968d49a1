"""What a run says while it builds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side, ended, snapshot_of
from pocketfit.cli.watching import PlainLines
from pocketfit.progress import Progress, observed_by, tell
from pocketfit.records import Accepted, Built, Config, DeviceSpec, Export, Failed, Limits, ModelSpec, Parity, Variant

NET = Variant("net", "lite", "fp32")
BEGUN = Progress("build", "head", str(NET), "starting")


def printed(outcome: Built | Failed) -> str:
    lines: list[str] = []
    with observed_by(PlainLines(lines.append)):
        tell(ended(BEGUN, outcome))
    (line,) = lines
    return line


def test_a_variant_that_was_built() -> None:
    export = Export(1, {}, (), (), (), Parity())
    built = Built(NET, "net.ptl", 13_995_123, 8, "ab" * 32, export, build_s=3.25)
    assert printed(built) == "head net/lite/fp32: 14.00 MB (3.2 s)"
    # As the report has it: never 0.00 MB.
    assert printed(replace(built, size_bytes=4_540)) == "head net/lite/fp32: 4.54 kB (3.2 s)"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("it has no forward", "it has no forward"),
        ("a\n::add-mask::b\r\n::error::c", "a ::add-mask::b ::error::c"),
        ("##[error]x", "## [error]x"),
        ("\x1b]52;c;YQ==\x07\x1b[2J", "]52;c;YQ== [2J"),
        ("\u202eevil\u2066", "evil"),
        ("x" * 100_000, "x" * 391 + "…"),
    ],
)
def test_a_childs_words_do_nothing_to_a_terminal_or_a_log(reason: str, said: str) -> None:
    """See hole 17: in `docker run ... run` nothing else stands between them and the runner."""
    assert printed(Failed(NET, reason, build_s=1.0)) == f"head net/lite/fp32: failed: {said} (1.0 s)"


@pytest.mark.parametrize(
    ("formats", "runtimes", "is_said"),
    [(("executorch",), ("0.9", "99.0"), True), (("executorch",), ("99.0",), False), (("lite",), ("0.9",), False)],
)
def test_runtimes_that_are_older_than_the_exporter_are_a_note(
    formats: tuple[str, ...], runtimes: tuple[str, ...], is_said: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pocketfit.formats.version", lambda name: "1.3.1")
    # None is built there, so that what is asked for counts alone.
    monkeypatch.setenv("POCKETFIT_ANDROID", str(tmp_path))
    config = Config((ModelSpec("net", "net.py:net", formats=formats),), DeviceSpec(runtimes=runtimes))
    notes = snapshot_of(Side("head", tmp_path, None, config, notes=("a note",)), [], Sandbox()).notes
    said = (
        "executorch 1.3.1 exports, and the runtime 0.9 is older: ExecuTorch promises that newer runtimes run older files, "
        "never the reverse"
    )
    assert notes == (("a note", said) if is_said else ("a note",))


@pytest.mark.parametrize(("until", "holds"), [("9999-12-31", True), ("2020-01-01", False)])
def test_an_exception_holds_today_or_not(until: str, holds: bool, tmp_path: Path) -> None:
    spec = ModelSpec("net", "net.py:net", limits=Limits(1_000), accepted=Accepted(until, Limits(2_000)))
    side = Side("head", tmp_path, None, Config((spec,)))
    snapshot = snapshot_of(side, [], Sandbox())
    assert snapshot.limits == {"net": Limits(2_000 if holds else 1_000)}
    (note,) = snapshot.notes
    assert note.startswith(
        f"accepted until {until}{': net has size = 2.00 kB' if holds else ', which is over: net has'}"
    )
    assert snapshot_of(replace(side, name="base"), [], Sandbox()).notes == ()
