"""Forms of a report for other programs: JUnit for what shows test results, SARIF for findings in code, node data. Pure.

Whatever a report says is data there: it has no markup, no control character, and nothing that turns the direction of
writing. Nothing is cut but texts that the one door would not let in.
"""

from __future__ import annotations

from typing import Literal, get_args

Form = Literal["terminal", "md", "html", "json", "junit", "sarif"]
FORMS: tuple[Form, ...] = get_args(Form)
