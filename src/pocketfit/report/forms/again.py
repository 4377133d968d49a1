"""Every form that a report can be written in again, by its name on the command line."""

from __future__ import annotations

from pocketfit.config.model_lines import NO_LINES, ConfigLines
from pocketfit.records import Report
from pocketfit.report.forms import Form

# What a job's log is wide; a terminal says how wide it is.
COLUMNS = 120


def render(report: Report, form: Form, config: ConfigLines = NO_LINES) -> str:
    """Write a report in one form; `config` has the lines that SARIF points at. The terminal's is plain text here."""
    match form:
        case "terminal":
            return _plain(report)
        case "md":
            from pocketfit.report.markdown import render_markdown

            return render_markdown(report)
        case "html":
            from pocketfit.report.html import render_html

            return render_html(report)
        case "json":
            from pocketfit.store import report_json

            return report_json(report)
        case "junit":
            from pocketfit.report.forms.junit import render_junit

            return render_junit(report)
        case "sarif":
            from pocketfit.report.forms.sarif import render_sarif

            return render_sarif(report, config)


def _plain(report: Report) -> str:
    """All rows as text, without colours."""
    import io

    from rich.console import Console

    from pocketfit.report.terminal.whole import View, render_terminal

    text = io.StringIO()
    console = Console(file=text, width=COLUMNS, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(render_terminal(report, View(every_row=True)))
    return text.getvalue()
