"""The report as a comment.

Whatever a pull request could have written is data here: it can't link, mention or break out of its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pocketfit.records import Report, Row
from pocketfit.report.cell import Cell
from pocketfit.report.cells import Line, lines, titles
from pocketfit.report.summary import changed_rows, headline, legend, notes, sides, surroundings, unchanged_rows
from pocketfit.text import clean, utf16_length

SIGNS = {"good": "✅", "bad": "❌", "unknown": "⚠️"}
MANY_REASONS = 8
MANY_NOTES = 12
# Room for the names of all limits that there are.
REMARK_LENGTH = 160
# GitHub takes 65,536; the rest is for the hidden marker, see github/comment.py.
COMMENT_LIMIT = 65_000
# What can't be left out: a headline of three variants, each with a name of 120 characters and a remark, and eight texts
# of 160 about the device. A hostile character takes twelve, so that these come to less than 26,000.
LEAST_LIMIT = 30_000
CUT = "{} of {} variants are left out here, since a comment has no room for them; {} has them all."

# Written as entities these are text wherever they stand: Markdown reads its own signs before it reads entities.
SPECIAL = re.compile(
    r"""
      (?P<mention> @ ) | (?P<issue> \# | \bGH-(?=\d) ) | (?P<link> :// | \bwww\. )
    | (?P<sign> [\\`*\[\]<>|~$&] | (?<![a-z0-9])_ | _(?![a-z0-9]) )
    | (?P<command> (?<!\w):: ) | (?P<emoji> :(?=[\w+-]+:) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# GitHub looks for mentions, issues and addresses after entities are read, so there it takes a character
# between that has no width.
BREAK = "&#8203;"
# What begins a list, a rule or a heading where it begins a line.
BLOCK = re.compile(r"[-+=]|[0-9](?=[0-9]{0,8}[.)])")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_./+-]+")


def render_markdown(report: Report, limit_chars: int = COMMENT_LIMIT, whole_url: str | None = None) -> str:
    """The comment's body, without the hidden marker; at most `limit_chars` long (in UTF-16 units, as GitHub may count).

    What doesn't fit is left out from the end, unchanged variants first, and a line says so, with a link to
    `whole_url`, the job's summary, where that is known. Nobody cuts what comes from here again: whatever the report
    holds, a limit of at least LEAST_LIMIT is kept.
    """
    whole = f"[the job's summary]({whole_url})" if whole_url else "the whole report"
    most = len(report.rows)
    if utf16_length(text := _body(report, most, whole)) <= limit_chars:
        return text
    low, high = 0, most - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if utf16_length(_body(report, middle, whole)) <= limit_chars else (low, middle - 1)
    text, many_notes = _body(report, low, whole), MANY_NOTES
    # Each sign of a hostile note may take twelve.
    while utf16_length(text) > limit_chars and many_notes:
        many_notes //= 2
        text = _body(report, 0, whole, many_notes)
    return text


def escape(text: str) -> str:
    """Text from outside, as Markdown that shows exactly it."""
    return SPECIAL.sub(_escape_match, text)


def item(text: str) -> str:
    """Text from outside where a line of a list begins, which it can't make another list or a heading of."""
    # A dash without a text makes a heading of the line above.
    escaped = escape(text) or "(empty)"
    return f"&#{ord(escaped[0])};{escaped[1:]}" if BLOCK.match(escaped) else escaped


def code(text: str) -> str:
    """A name in monospace, where GitHub makes no mentions or links of it."""
    if PLAIN_NAME.fullmatch(text):
        return f"`{text}`"
    return f"<code>{''.join(char if char.isalnum() or char in ' /.-' else f'&#{ord(char)};' for char in text)}</code>"


def _escape_match(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "mention":
            return f"{found}{BREAK}"
        case "emoji":
            return f":{BREAK}"
        case "issue":
            return f"{found}{BREAK}" if found != "#" else f"&#35;{BREAK}"
        case "link":
            return f"{found[0]}{BREAK}{found[1:]}" if found == "://" else f"{found[:3]}{BREAK}."
    return "".join(f"&#{ord(char)};" for char in found)


def _body(report: Report, most: int, whole: str, many_notes: int = MANY_NOTES) -> str:
    """The whole text with at most so many rows and notes; `whole` is where the rest is."""
    changed, unchanged = changed_rows(report)[:most], unchanged_rows(report)
    folded = unchanged[: max(0, most - len(changed))]
    shown, quiet = lines(report, changed), lines(report, folded)
    missing = len(report.rows) - len(shown) - len(quiet)
    blocks = [
        _headline(report),
        _context(report),
        _table(report, shown),
        _reasons(shown),
        _next_step(changed),
        _folded(report, quiet, len(unchanged)),
        f"**{CUT.format(missing, len(report.rows), whole)}**" if missing else "",
        _notes(report, many_notes),
        f"<sub>{' '.join(map(escape, legend(report)))}</sub>" if report.rows else "",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headline(report: Report) -> str:
    head = headline(report)
    about = ", ".join(f"{code(variant)} ({escape(clean(remark, REMARK_LENGTH))})" for variant, remark in head.about)
    more = f" and {head.more} more" if head.more else ""
    tail = f": {head.lead}{about}{more}" if about else ""
    return f"{SIGNS[head.mood]} **Pocketfit: {head.text}**{tail}"


def _context(report: Report) -> str:
    both = sides(report)
    head = f"head {code(both.head)}" if both.head else "the working tree"
    if not both.has_baseline:
        compared = f"No baseline to compare {head} with"
    else:
        compared = f"Base {code(both.base) if both.base else 'without a commit'} → {head}"
    return " · ".join([compared, *map(escape, surroundings(report))])


def _table(report: Report, lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    columns = titles(report)
    header = [f"| {' | '.join(map(_cell, columns))} |", f"|:--|{'--:|' * (len(columns) - 2)}:--|"]
    return "\n".join([*header, *map(_table_row, lines)])


def _table_row(row: Line) -> str:
    sign = "❌ " if row.status.tone == "failed" else ""
    first = f"{sign}{code(row.name)}<br>{_cell(row.status)}"
    return f"| {' | '.join([first, *map(_cell, row.columns)])} |"


def _cell(cell: Cell) -> str:
    """Write a cell on several lines; bold marks what failed, since a comment has no colours."""
    lines = [escape(text) for text in cell.lines]
    if lines and cell.tone == "failed":
        lines = [f"**{text}**" for text in lines]
    return "<br>".join(lines)


def _reasons(lines: Sequence[Line]) -> str:
    return "\n".join(item for row in lines for item in _reason_items(row))


def _reason_items(row: Line) -> Iterator[str]:
    if not row.reasons:
        return
    sign = "❌ " if row.status.tone == "failed" else ""
    shown = [item(reason) for reason in row.reasons[:MANY_REASONS]]
    if len(row.reasons) > MANY_REASONS:
        shown.append(f"and {len(row.reasons) - MANY_REASONS} more")
    if len(shown) == 1:
        yield f"- {sign}{code(row.name)}: {shown[0]}"
        return
    yield f"- {sign}{code(row.name)}:"
    yield from (f"  - {reason}" for reason in shown)


def _next_step(rows: Sequence[Row]) -> str:
    if not any(row.failed_limits for row in rows):
        return ""
    return "If a change is meant to be so, raise its limit in Pocketfit's configuration."


def _folded(report: Report, lines: Sequence[Line], total: int) -> str:
    if not lines:
        return ""
    count = "1 variant is" if total == 1 else f"{total} variants are"
    table = _table(report, lines)
    inside = "\n\n".join(filter(None, [table, _reasons(lines)]))
    return f"<details>\n<summary>{count} byte-identical to base</summary>\n\n{inside}\n\n</details>"


def _notes(report: Report, most: int) -> str:
    all_notes = notes(report)
    shown = [f"- {item(note)}" for note in all_notes[:most]]
    if len(all_notes) > most:
        shown.append(f"- and {len(all_notes) - most} more notes")
    return "\n".join(["Notes:", *shown]) if shown else ""
