from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketfit.config.edit import with_limits
from pocketfit.errors import ConfigError

TODAY, LAST = date(2026, 11, 27), date(2030, 12, 31)
NET = ("models", "net")
WHOLE = """\
# Our models.

[models.net]
source = "net.py:net"   # the small one
arguments = { width = 8 }

[models.net.limits]
# agreed with the app's team
size_growth = "1%"      # of base

# The other one is not shipped.
[models.other]
source = "net.py:other"
"""


def changed(before: str, after: str) -> list[str]:
    """The lines that came and went."""
    old, new = before.splitlines(), after.splitlines()
    return [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]


def test_a_limit_that_is_there_keeps_its_place_and_comment() -> None:
    after = with_limits(WHOLE, NET, {"size_growth": "41%"}, None, TODAY)
    assert after == WHOLE.replace('"1%"', '"41%"')


def test_an_exception_stands_beside_the_limit() -> None:
    after = with_limits(WHOLE, NET, {"size_growth": "41%", "metric_drop": 0.02}, LAST, TODAY)
    line = 'accepted = { until = 2030-12-31, size_growth = "41%", metric_drop = 0.02 }'
    assert after == WHOLE.replace("# of base\n", f"# of base\n{line}\n")


def test_a_table_that_was_not_there_comes_before_the_comment_on_the_next_one() -> None:
    text = WHOLE.replace("[models.net.limits]\n# agreed with the app's team\n", "").replace(
        'size_growth = "1%"      # of base\n', ""
    )
    after = with_limits(text, NET, {"size": "19.7 MB"}, None, TODAY)
    assert after == (
        '# Our models.\n\n[models.net]\nsource = "net.py:net"   # the small one\narguments = { width = 8 }\n\n'
        '[models.net.limits]\nsize = "19.7 MB"\n\n'
        '# The other one is not shipped.\n[models.other]\nsource = "net.py:other"\n'
    )


@pytest.mark.parametrize(
    ("text", "until", "lines"),
    [
        (
            '[models.net]\nsource = "a:b"',
            None,
            ["+", "+[models.net.limits]", '+size_growth = "41%"'],
        ),
        (
            '[models.net]\nsource = "a:b"\nlimits = { size = "1 MB" } # why\n',
            None,
            ['-limits = { size = "1 MB" } # why', '+limits = { size = "1 MB", size_growth = "41%" } # why'],
        ),
        (
            '[models]\nnet = { source = "a:b", limits = { size_growth = "1%" } }\n',
            None,
            [
                '-net = { source = "a:b", limits = { size_growth = "1%" } }',
                '+net = { source = "a:b", limits = { size_growth = "41%" } }',
            ],
        ),
        (
            'models.net.source = "a:b"\nmodels.net.limits.size_growth = "1%"\n',
            LAST,
            ['+models.net.limits.accepted = { until = 2030-12-31, size_growth = "41%" }'],
        ),
        (
            '[models.net]\nsource = "a:b"\n[limits]\nsize = "1 MB"\n[models.other]\nsource = "c:d"\n',
            None,
            ["+", "+[models.net.limits]", '+size_growth = "41%"', "+"],
        ),
        (
            '[models.net]\nsource = "a:b"\n[models.net.limits]\naccepted = { size = "2 MB", until = 2029-01-01 }\n',
            None,
            ['+size_growth = "41%"'],
        ),
    ],
)  # fmt: skip
def test_a_file_keeps_its_form(text: str, until: date | None, lines: list[str]) -> None:
    after = with_limits(text, NET, {"size_growth": "41%"}, until, TODAY)
    assert changed(text, after) == lines


ACCEPTED = '[models.net]\nsource = "a:b"\n[models.net.limits]\nsize_growth = "1%"\naccepted = {} # launch\n'


@pytest.mark.parametrize(
    ("accepted", "until", "left"),
    [
        # One that holds is joined, and its day is the new one.
        ('{ until = 2029-01-01, size = "2 MB" }', LAST, {"until": LAST, "size": "2 MB", "size_growth": "41%"}),
        # One that is over would come to life again.
        ('{ until = 2026-11-26, size = "2 MB" }', LAST, {"until": LAST, "size_growth": "41%"}),
        ('{ until = "2026-11-26", size = "2 MB" }', LAST, {"until": LAST, "size_growth": "41%"}),
        # What is accepted for good needs no exception.
        ('{ until = 2029-01-01, size_growth = "9%" }', None, None),
        (
            '{ until = 2029-01-01, size_growth = "9%", size = "2 MB" }',
            None,
            {"until": date(2029, 1, 1), "size": "2 MB"},
        ),
    ],
)
def test_exceptions_that_were_there(accepted: str, until: date | None, left: dict[str, Any] | None) -> None:
    text = ACCEPTED.replace("{}", accepted)
    limits = tomllib.loads(with_limits(text, NET, {"size_growth": "41%"}, until, TODAY))["models"]["net"]["limits"]
    assert limits.get("accepted") == left
    assert limits["size_growth"] == ("1%" if until else "41%")


def test_a_table_of_an_exception_stays_one() -> None:
    text = '[models.net]\nsource = "a:b"\n[models.net.limits.accepted]\nuntil = 2029-01-01 # launch\nsize = "2 MB"\n'
    after = with_limits(text, NET, {"size": "3 MB"}, LAST, TODAY)
    assert after == text.replace("2029-01-01", "2030-12-31").replace("2 MB", "3 MB")


def test_lines_that_end_as_on_windows_do_so_still() -> None:
    text = WHOLE.replace("\n", "\r\n")
    after = with_limits(text, NET, {"size": "3 MB"}, LAST, TODAY)
    assert after.count("\n") == after.count("\r\n") == WHOLE.count("\n") + 1


def test_in_pyproject_under_a_name_that_needs_quotes() -> None:
    text = (
        '[project]\nname = "x"\n\n[tool.pocketfit.models."net.v2"]\nsource = "a:b"\n\n[tool.ruff]\nline-length = 100\n'
    )
    after = with_limits(text, ("tool", "pocketfit", "models", "net.v2"), {"size": "3 MB"}, None, TODAY)
    assert changed(text, after) == ['+[tool.pocketfit.models."net.v2".limits]', '+size = "3 MB"']


def test_what_can_not_be_kept_is_left_to_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomlkit.parse", lambda text: {"models": {"net": {"limits": {}}}})
    with pytest.raises(
        ConfigError,
        match=r"^the file can't be changed without writing it anew: under \[models\.net\.limits\] write "
        r'size_growth = "41%"; size = "2 MB"$',
    ):
        with_limits(WHOLE, NET, {"size_growth": "41%", "size": "2 MB"}, None, TODAY)


COMMENTS = st.sampled_from(["", "# a note\n", "\n# [models.net.limits]\n\n", "\n\n"])


@given(
    st.lists(COMMENTS, min_size=4, max_size=4), st.permutations(range(3)), st.booleans(), st.sampled_from([None, LAST])
)
def test_comments_and_all_else_stay(
    comments: list[str], order: list[int], has_limits: bool, until: date | None
) -> None:
    tables = ['[models.net]\nsource = "a:b"\n', '[models.z]\nsource = "c:d" # z\n', '[device]\nkind = "jvm"\n']
    if has_limits:
        tables[0] += 'limits.size_growth = "1%"\n'
    text = "".join(f"{comment}{tables[place]}" for comment, place in zip(comments, order, strict=False)) + comments[3]
    after = with_limits(text, NET, {"size": "3 MB"}, until, TODAY)
    lines = [line for line in text.splitlines() if line.strip()]
    assert [line for line in after.splitlines() if line in lines] == lines
    assert len([line for line in after.splitlines() if line.strip() and line not in lines]) <= 2
