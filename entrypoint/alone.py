"""Makes this process, which holds the token, independent of everything that model code may have changed or can read."""

from __future__ import annotations

import json
import pkgutil
import ssl
from importlib import import_module

from pocketfit.sandbox.hidden import hide_process

# What is used once the run has ended; the rest came with the entrypoint itself.
ROOMS = ("entrypoint", "pocketfit.data_branch", "pocketfit.github", "pocketfit.history", "pocketfit.report")
# Imported by the standard library and by requests where they first need it.
LATE = ("_strptime", "encodings.idna", "encodings.utf_16_le", "netrc", "stringprep", "pydantic.type_adapter")


def stand_alone() -> None:
    """Import all that is needed until the end, and hide from other processes.

    A module that is read from a file after the run could have been written by it, and would find the token here.
    """
    for room in ROOMS:
        for module in pkgutil.iter_modules(import_module(room).__path__, f"{room}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    for name in LATE:
        import_module(name)
    ssl.create_default_context()
    _rehearse()
    hide_process()


def _rehearse() -> None:
    """Read and show a report: the libraries for it import some of their own modules as late as that."""
    from pocketfit.records import Environment, Report, Row
    from pocketfit.report.markdown import render_markdown
    from pocketfit.store import parse_foreign_report, plain

    report = Report("pass", None, None, "", Environment(None, None, None, None), (Row("", "", "", "failed"),))
    render_markdown(parse_foreign_report(json.dumps(plain(report)).encode(), ""))
