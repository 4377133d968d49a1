"""The report as one page of HTML that needs nothing else: for an artifact of the job, or a browser on a laptop."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from importlib.resources import files

from pocketfit.records import Report
from pocketfit.report.cells import name
from pocketfit.report.glance import glance_titles
from pocketfit.report.page.about import about
from pocketfit.report.page.anatomy import anatomies, most_modules
from pocketfit.report.page.anchors import anchors
from pocketfit.report.page.groups import groups
from pocketfit.report.page.order import kinds
from pocketfit.report.summary import changed_rows, headline, legend, notes, sides, surroundings, unchanged_rows
from pocketfit.text import clean

PAGE = "pocketfit.report.page"
SIGNS = {"good": "✓", "bad": "✗", "unknown": "!"}
# Of what surrounds a report, the device and its runtime: the rest is at the end of the page.
SAID_FIRST = 2


def render_html(report: Report) -> str:
    """Self-contained: nothing is fetched, and the one script and style are those whose hashes the page itself names.

    The script searches, filters and sorts; without it everything can be read. All from outside is escaped by Jinja.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(PAGE, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    head = headline(report)
    changed, unchanged = changed_rows(report), unchanged_rows(report)
    addresses = list(anchors(row.variant for row in (*changed, *unchanged)))
    models = defaultdict(list)
    for row in report.rows:
        models[row.model].append(row)
    most = most_modules(sum(len(anatomies(rows)) for rows in models.values()))
    style, script = _packaged("page.css"), _packaged("page.js")
    return environment.get_template("page.html.j2").render(
        head=head,
        sign=SIGNS[head.mood],
        sides=sides(report),
        surroundings=surroundings(report)[:SAID_FIRST],
        titles=[" ".join(title.lines) for title in glance_titles(report)[1:]],
        changed=groups(report, changed, addresses[: len(changed)], most),
        unchanged=groups(report, unchanged, addresses[len(changed) :], most),
        counts={"changed": len(changed), "unchanged": len(unchanged)},
        links={
            name(row): (address, clean(str(row.variant)))
            for row, address in zip((*changed, *unchanged), addresses, strict=True)
        },
        kinds=kinds(report.rows),
        notes=notes(report),
        about=about(report),
        legend=legend(report),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _packaged(file: str) -> str:
    return (files(PAGE) / file).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
