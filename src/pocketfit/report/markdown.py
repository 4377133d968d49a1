"""The report as a comment.

Whatever a pull request could have written is data here: it can't link, mention or break out of its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pocketfit.config.model_lines import NO_LINES, ConfigLines
from pocketfit.judge.needed import ACCEPTABLE
from pocketfit.records import ABOUT_THE_REPORT, ACCEPTED_UNTIL, Report, Row
from pocketfit.report.cell import Cell
from pocketfit.report.cells import LABEL_LENGTH, NAME_LENGTH, Line, device_label, lines, titles
from pocketfit.report.failing import Failing, by_model, shown_reasons
from pocketfit.report.glance import AGREES, Glance, glance_titles, glances, room_of
from pocketfit.report.past import OTHERS, largest_named
from pocketfit.report.reasons.entries import address
from pocketfit.report.summary import (
    SHORT_SHA,
    changed_rows,
    count_of_variants,
    headline,
    legend,
    minor_rows,
    notes,
    sides,
    surroundings,
    unchanged_rows,
)
from pocketfit.text import clean, utf16_length
from pocketfit.units import format_percent

SIGNS = {"good": "✅", "bad": "❌", "unknown": "⚠️"}
# A comment of 200 variants is two screens high: so many lines, and the reasons of so many that fail.
GLANCED = 30
GLANCED_REASONS = 12
# Where a report has more rows, links would push some of them out of the comment.
LINKED = 50
# A check that says more than a few words may stand on two lines.
SENTENCE = 20
MANY_REASONS = 8
BESIDE = 2
MANY_NOTES = 12
MANY_ACCEPTED = 3
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


@dataclass(frozen=True)
class Job:
    """What only the job knows: the page of the run that made the report, and the commit that was pushed.

    GitHub checks out a merge of that commit with the target branch, which is the report's head and says nothing to a
    reader. `tree` is the address that files of that commit stand below, and `config` where its limits stand.
    """

    url: str | None = None
    pushed: str | None = None
    tree: str | None = None
    config: ConfigLines = NO_LINES


def render_markdown(report: Report, limit_chars: int = COMMENT_LIMIT, job: Job = Job()) -> str:
    """The comment's body, without the hidden marker; at most `limit_chars` long (in UTF-16 units, as GitHub may count).

    One screen says what a reviewer has to know; all that was measured is folded beneath it. What doesn't fit is left
    out from the end, unchanged variants first, and a line says so, with a link to the job's page where that is known.
    Nobody cuts what comes from here again: whatever the report holds, a limit of at least LEAST_LIMIT is kept.
    """
    most = len(report.rows)
    if utf16_length(text := _body(report, most, job)) <= limit_chars:
        return text
    low, high = 0, most - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if utf16_length(_body(report, middle, job)) <= limit_chars else (low, middle - 1)
    text, many_notes = _body(report, low, job), MANY_NOTES
    # Each sign of a hostile note may take twelve.
    while utf16_length(text) > limit_chars and many_notes:
        many_notes //= 2
        text = _body(report, 0, job, many_notes)
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


def _body(report: Report, most: int, job: Job, many_notes: int = MANY_NOTES) -> str:
    """The whole text with at most so many rows and notes."""
    changed, unchanged = changed_rows(report)[:most], unchanged_rows(report)
    folded = unchanged[: max(0, most - len(changed))]
    shown, quiet = lines(report, changed), lines(report, folded)
    missing = len(report.rows) - len(shown) - len(quiet)
    failing = [(row, line) for line, row in zip(shown, changed, strict=True) if row.fails]
    others = [line for line, row in zip(shown, changed, strict=True) if not row.fails]
    # Above the fold are all reasons of the first ones, but for what only explains them.
    abridged = [
        line for n, (_, line) in enumerate(failing) if n >= GLANCED_REASONS or shown_reasons(line) != line.reasons
    ]
    urgent = [note for note in notes(report) if note in ABOUT_THE_REPORT]
    accepted = [note for note in notes(report) if note.startswith(ACCEPTED_UNTIL)]
    all_numbers = [
        _context(report),
        _table(report, shown),
        _reasons([*abridged, *others], linked=len(report.rows) <= LINKED),
        _identical(report, quiet),
        _notes(report, many_notes),
        f"<sub>{' '.join(map(escape, legend(report)))}</sub>" if report.rows else "",
    ]
    blocks = [
        _headline(report),
        *(f"⚠️ {item(note)}" for note in urgent),
        _glance(report, [row for row in changed if row.minor_below is None]),
        _minor(minor_rows(report)),
        _unchanged(len(unchanged)) if changed else "",
        _largest(report),
        _accepted(accepted, min(many_notes, MANY_ACCEPTED)),
        _failing(failing[:GLANCED_REASONS]),
        _next_step(changed, job),
        f"**{CUT.format(missing, len(report.rows), _whole(job))}**" if missing else "",
        _fold("All numbers, reasons and notes", all_numbers),
        _where(report, job),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _whole(job: Job) -> str:
    return f"[the job's summary]({job.url})" if job.url else "the whole report"


def _where(report: Report, job: Job) -> str:
    """Name what was compared on what, and link to the job and to what it kept, in one small line."""
    both = sides(report)
    head = job.pushed[:SHORT_SHA] if job.pushed else both.head
    commits = f"{code(both.base)} → {code(head)}" if both.base and head else code(head) if head else ""
    # Both are artifacts of the run, whose page has an anchor for these: no address of one is known before it is kept.
    links = [f"[the job]({job.url})", f"[the page and the files]({job.url}#artifacts)"] if job.url else []
    parts = [commits, escape(device_label(report.environment)), *links]
    return f"<sub>{' · '.join(part for part in parts if part)}</sub>" if any(parts) else ""


def _glance(report: Report, rows: Sequence[Row]) -> str:
    """The table for a reviewer: a line for each variant, the first ones alone where there are many."""
    if not rows:
        return ""
    titles_ = glance_titles(report)
    header = [f"| {' | '.join(map(_cell, titles_))} |", "|:--|:--|" + ":--|" * (len(titles_) - 2)]
    table = "\n".join([*header, *map(_glance_row, glances(report, rows[:GLANCED], room_of(report)))])
    more = len(rows) - GLANCED
    return table if more <= 0 else f"{table}\n\n{count_of_variants(more)} more changed less: below."


def _glance_row(line: Glance) -> str:
    model = f"**{code(line.model)}**" if line.model else ""
    *columns, check = line.columns
    sign = {"failed": "❌ ", "worse": "⚠️ ", "better": "✅ "}.get(check.tone, "")
    last = f"{sign}{_cell(check)}" if check.fact != AGREES else sign.strip()
    cells = [*(_kept_together(_cell(cell)) for cell in columns), last if len(last) > SENTENCE else _kept_together(last)]
    return f"| {' | '.join([model, code(line.variant), *cells])} |"


def _kept_together(cell: str) -> str:
    """Let a browser break a cell between what it says, where a table is too wide, and not a number from its unit."""
    blank = "\N{NO-BREAK SPACE}"
    return cell.replace(" ", blank).replace(f",{blank}", ", ").replace(f"{blank}(", " (")


def _minor(rows: Sequence[Row]) -> str:
    """Count what has no line, by the minimum_change that it is below."""
    counts = Counter(row.minor_below for row in rows if row.minor_below is not None)
    said = (
        f"{count_of_variants(count)} changed by less than {format_percent(below)}"
        for below, count in sorted(counts.items())
    )
    return f"{', '.join(said)} in all that was measured ({code('minimum_change')})." if counts else ""


def _accepted(said: Sequence[str], most: int) -> str:
    """Name what passes by an exception, a few where there are many.

    It is no list: the reasons' list after it would become one with it, with a gap between all items.
    """
    shown = [escape(f"{note[:1].upper()}{note[1:]}") for note in said[:most]]
    if len(said) > most:
        shown.append(f"and {len(said) - most} more exceptions from limits")
    return "<br>".join(shown)


def _largest(report: Report) -> str:
    """Name what is larger than it was for long, a few where there are many."""
    shown, more = largest_named(report)
    said = [f"{code(variant)} {escape(words)}" for variant, words in shown]
    if more:
        said.append(OTHERS.format(more))
    return f"{'; '.join(said)}." if said else ""


def _unchanged(count: int) -> str:
    if not count:
        return ""
    return f"{count_of_variants(count)} {'is' if count == 1 else 'are'} byte-identical to base."


def _fold(title: str, blocks: Sequence[str]) -> str:
    inside = "\n\n".join(block for block in blocks if block)
    return f"<details>\n<summary>{title}</summary>\n\n{inside}\n\n</details>"


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


def _failing(pairs: Sequence[tuple[Row, Line]]) -> str:
    """List why rows fail, those of a model as one, with links to what explains it."""
    found = by_model([row for row, _ in pairs], [line for _, line in pairs])
    return "\n".join(item for one in found for item in _failing_items(one))


def _failing_items(failing: Failing) -> Iterator[str]:
    if not failing.said:
        return
    shared = [reason for said in failing.said if not said.variants for reason in said.reasons]
    own = [said for said in failing.said if said.variants]
    # Where each says something of its own, the lines beneath have their names.
    name = code(failing.name) if failing.count == 1 or own else f"{code(failing.name)}, {failing.count} variants"
    begin = f"- ❌ {name}{_help(failing.kinds)}:"
    lines = [f"{', '.join(map(code, one.variants))}: {'; '.join(_first(map(escape, one.reasons)))}" for one in own]
    if len(shared) > BESIDE:
        yield begin
        yield from (f"  - {text}" for text in [*_first(map(item, shared)), *lines])
    else:
        # Breaks take less room than a list in a list does, and two reasons beside each other are read as quickly.
        said = "; ".join(item(reason) if place == 0 else escape(reason) for place, reason in enumerate(shared))
        yield "<br>".join([f"{begin} {said}" if said else begin, *lines])


def _first(texts: Iterable[str]) -> list[str]:
    reasons = list(texts)
    more = len(reasons) - MANY_REASONS
    return [*reasons[:MANY_REASONS], f"and {more} more"] if more > 0 else reasons


def _help(kinds: Sequence[str]) -> str:
    return f" ({', '.join(f'[{kind}]({address(kind)})' for kind in kinds)})" if kinds else ""


def _reasons(lines: Sequence[Line], *, linked: bool = False) -> str:
    """List the reasons; `linked` ones lead to what explains them."""
    return "\n".join(item for row in lines for item in _reason_items(row, linked=linked))


def _reason_items(row: Line, *, linked: bool) -> Iterator[str]:
    if not row.reasons:
        return
    sign = "❌ " if row.status.tone == "failed" else ""
    help_ = _help(row.kinds) if linked else ""
    shown = _first(map(item, row.reasons))
    if len(shown) == 1:
        yield f"- {sign}{code(row.name)}{help_}: {shown[0]}"
        return
    yield f"- {sign}{code(row.name)}{help_}:"
    yield from (f"  - {reason}" for reason in shown)


def _next_step(rows: Sequence[Row], job: Job) -> str:
    """Say how a change is accepted, with the first limit that is in its way."""
    limits = [(row, limit) for row in rows if row.fails for limit in row.failed_limits]
    if not limits:
        return ""
    row, limit = next((one for one in limits if one[1] in ACCEPTABLE), limits[0])
    place = _linked(code(f"[models.{clean(row.model, NAME_LENGTH)}.limits]"), job, row.model, limit)
    if limit not in ACCEPTABLE:
        return f"If this is meant to be so, change {code(clean(limit, LABEL_LENGTH))} under {place}."
    return (
        "If this growth is meant to be so: `pocketfit accept`, after a `pocketfit run` or with this run's report.json,"
        f" raises {code(limit)} under {place}; with `--until DATE` only for a while."
    )


def _linked(text: str, job: Job, model: str, limit: str) -> str:
    """A text that links to the line of the configuration where the limit stands, in the commit that was pushed."""
    line = job.config.of_limit(model, limit)
    return f"[{text}]({job.tree}/{quote(job.config.file)}#L{line})" if job.tree and line else text


def _identical(report: Report, lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    return "\n\n".join(filter(None, ["Byte-identical to base:", _table(report, lines), _reasons(lines)]))


def _notes(report: Report, most: int) -> str:
    all_notes = notes(report)
    shown = [f"- {item(note)}" for note in all_notes[:most]]
    if len(all_notes) > most:
        shown.append(f"- and {len(all_notes) - most} more notes")
    return "\n".join(["Notes:", *shown]) if shown else ""
