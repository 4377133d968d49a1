from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from entrypoint.workflow_commands import (
    SUMMARY_LIMIT_BYTES,
    annotate,
    append_summary,
    group,
    stopped_commands,
    summary_room_bytes,
    write_output,
)


def test_an_annotation_is_one_line_whatever_it_says() -> None:
    log = io.StringIO()
    annotate(log, "error", "50% gone\r\n::set-output name=verdict::pass", title="a:b,c")
    assert log.getvalue() == "::error title=a%3Ab%2Cc::50%25 gone%0D%0A::set-output name=verdict::pass\n"


def test_an_annotation_on_a_line_of_a_file() -> None:
    log = io.StringIO()
    annotate(log, "error", "too big", file="ci/a:b,c%.toml", line=12)
    annotate(log, "error", "somewhere", file="", line=None)
    assert log.getvalue() == (
        "::error file=ci/a%3Ab%2Cc%25.toml,line=12,title=Pocketfit::too big\n::error title=Pocketfit::somewhere\n"
    )


def test_a_group_ends_also_after_an_error() -> None:
    log = io.StringIO()
    with contextlib.suppress(ValueError), group(log, "Exporting\n::x::"):
        log.write("inside\n")
        raise ValueError
    assert log.getvalue() == "::group::Exporting%0A::x::\ninside\n::endgroup::\n"


def test_commands_are_stopped_until_the_token_comes() -> None:
    log = io.StringIO()
    with stopped_commands(log):
        log.write("::error::not a command, and no line end")
    match = re.fullmatch(
        r"::stop-commands::(\w{32})\n::error::not a command, and no line end\n::(\w{32})::\n", log.getvalue()
    )
    assert match is not None
    assert match[1] == match[2]


def test_every_token_is_new() -> None:
    log = io.StringIO()
    for _ in range(2):
        with stopped_commands(log):
            pass
    assert len(set(re.findall(r"stop-commands::(\w+)", log.getvalue()))) == 2


def test_an_output_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("earlier=1\n")
    write_output(path, "verdict", "pass\nother=2\nverdict<<EOF")
    match = re.fullmatch(
        r"earlier=1\nverdict<<(pocketfit-\w{32})\npass\nother=2\nverdict<<EOF\n(pocketfit-\w{32})\n", path.read_text()
    )
    assert match is not None
    assert match[1] == match[2]


def test_a_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary(path, "one")
    append_summary(path, "two\n\n")
    assert path.read_text() == "one\ntwo\n"


def test_what_is_in_a_summary_takes_room(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    assert summary_room_bytes(path) == SUMMARY_LIMIT_BYTES - 1
    path.write_text("größer\n")
    assert summary_room_bytes(path) == SUMMARY_LIMIT_BYTES - 10
    path.write_text("x" * (SUMMARY_LIMIT_BYTES + 1))
    assert summary_room_bytes(path) == 0


def test_a_summary_that_nobody_cut_is_our_fault(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    with pytest.raises(AssertionError, match="the summary was to be cut where it is rendered"):
        append_summary(path, "ü" * (SUMMARY_LIMIT_BYTES // 2))
    assert not path.exists()
