"""The meaning of GitHub's answers: a value, an error that is final, or how long to wait. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pocketfit.errors import EnvironmentProblem
from pocketfit.text import clean

# What GitHub asks of clients that it gave no time to wait.
SECONDARY_LIMIT_WAIT_S = 60.0
SECONDS = re.compile(r"[0-9]{1,9}")
LIMITED = ("rate limit", "abuse detection")


class GitHubError(EnvironmentProblem):
    """GitHub did not do what was asked; the message says what was asked and what it answered."""


class Forbidden(GitHubError):
    """The token may not do this (401, 403)."""


class NotFound(GitHubError):
    """There is no such thing, or the token may not see it (404, 410)."""


class RateLimited(GitHubError):
    """Waiting for GitHub's rate limit would take longer than we are willing to."""


class Invalid(GitHubError):
    """GitHub understood and refused (422)."""


class Unavailable(GitHubError):
    """No usable answer: no connection, a time-out, a 5xx, no JSON. Whether a POST was carried out is not known."""


KINDS: dict[int, type[GitHubError]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 410: NotFound, 422: Invalid}


@dataclass(frozen=True)
class Answer:
    """`json` is None where the answer has no body."""

    status: int
    headers: Mapping[str, str]
    next_url: str | None
    body: bytes
    json: Any = None

    @property
    def message(self) -> str:
        message = self.json.get("message") if isinstance(self.json, dict) else None
        return clean(message, 200) if isinstance(message, str) and message else "(no message)"


def with_json(answer: Answer, what: str) -> Answer:
    """Add what the body says as JSON; raises Unavailable for a success that is none, while an error may be a page."""
    if answer.status == 204 or 300 <= answer.status < 400:
        return answer
    try:
        # RecursionError: brackets without end.
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        if answer.status >= 400:
            return answer
        beginning = clean(answer.body[:200].decode(errors="replace"), 80)
        raise Unavailable(f"GitHub's answer to {what} is not JSON: {beginning!r}") from error
    return replace(answer, json=value)


def backoff_s(attempt: int) -> float:
    return float(min(2**attempt, 32))


def seconds(text: str) -> float | None:
    return float(text) if SECONDS.fullmatch(text) else None


def rate_limit_wait_s(answer: Answer, now: float) -> float | None:
    """Return the seconds that GitHub asks us to wait; None where this is no rate limit.

    A limit comes as 403 or 429, sometimes without a time, and a 403 is also how it says "not allowed".
    """
    if answer.status not in (403, 429):
        return None
    headers = answer.headers
    if (after := seconds(headers.get("Retry-After", ""))) is not None:
        return max(after, 1.0)
    reset = seconds(headers.get("X-RateLimit-Reset", "")) if headers.get("X-RateLimit-Remaining") == "0" else None
    if reset is not None:
        return max(reset - now, 1.0)
    if answer.status == 429 or any(words in answer.message.lower() for words in LIMITED):
        return SECONDARY_LIMIT_WAIT_S
    return None
