"""HTTP as GitHub's REST API wants it: requests that are sent again, waits, and the moment to give up.

Everything that goes wrong is paid from one budget: the waiting and the requests that came to nothing. A POST is never
sent again here, since what it made would stand there twice; only a rate limit says that it was not carried out.
"""

from __future__ import annotations

import itertools
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import HTTPError

from pocketfit import __version__
from pocketfit.github.answers import (
    KINDS,
    Answer,
    GitHubError,
    Invalid,
    RateLimited,
    Unavailable,
    backoff_s,
    rate_limit_wait_s,
    seconds,
    with_json,
)
from pocketfit.text import clean

log = logging.getLogger(__name__)

TIMEOUT_S = (5.0, 30.0)
# A job that waits longer costs more than its comment is worth.
BUDGET_S = 90.0
WRITE_PAUSE_S = 1.0
# GitHub ends what it works on after 10 s (REST documentation, "Timeouts"): then a lost POST is there or never will be.
# The rest is for the way there.
CARRIED_OUT_S = 12.0
# A page of a hundred comments of the largest size, each character written as \uXXXX.
ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


class _Bearer(requests.auth.AuthBase):
    """Set as `auth`, since requests lets a .netrc override a plain Authorization header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def begins_with(self, *prefixes: str) -> bool:
        return self._token.startswith(prefixes)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send nothing that says who we are, where None would let a .netrc speak."""
    return request


class Rest:
    """One session with one token and one budget. `sleep`, `now` and `transport` are arguments so that tests need
    neither wait nor listen."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        transport: BaseAdapter | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        self._now = now
        self._timeout_s = timeout_s
        self._spent_s = 0.0
        self._last_write: float | None = None
        self._bearer = _Bearer(token)
        self._session = _session(transport)

    def token_begins_with(self, *prefixes: str) -> bool:
        """Tell whether the token is of one of these kinds, which GitHub tells apart by how they begin."""
        return self._bearer.begins_with(*prefixes)

    def send(self, method: str, url: str, *, follow: bool = True, **options: Any) -> Answer:
        """Send until there is a success; raises what the last answer was, once it is final or the budget is used up."""
        what = f"{method} {url.removeprefix(self.url).partition('?')[0]}"
        # What a POST becomes when it follows a redirect is a GET.
        options |= {"auth": self._bearer, "allow_redirects": follow and method == "GET"}
        attempts = itertools.count()
        while True:
            attempt = next(attempts)
            self._pace(method)
            started = self._now()
            try:
                answer = with_json(self._fetch(method, url, ANSWER_LIMIT_BYTES, what, **options), what)
            except Unavailable as problem:
                self._spent_s += self._now() - started
                if method == "POST":
                    raise
                self.wait(backoff_s(attempt), problem)
                continue
            if answer.status < (300 if follow else 400):
                return answer
            self._spent_s += self._now() - started
            self._refused(method, what, answer, attempt)

    def download(self, url: str, limit_bytes: int) -> bytes:
        """Fetch what GitHub redirects to, from a host that never sees the token; Invalid where it passes the limit."""
        attempts = itertools.count()
        while True:
            answer = self.send("GET", url, follow=False)
            address = answer.headers.get("Location", "")
            host = clean(urlsplit(address).hostname or "", 80)
            # Plain only where GitHub's own address is.
            if not host or not address.startswith(("https://", self.url.partition("://")[0] + "://")):
                raise GitHubError(f"GitHub redirects a download to {host or 'nowhere'}, which is no https address")
            what = f"the download from {host}"
            try:
                fetched = self._fetch("GET", address, limit_bytes, what, auth=_nobody, allow_redirects=False)
                if fetched.status == 200:
                    return fetched.body
                raise Unavailable(f"{host} answered {fetched.status} to {what}")
            except Unavailable as problem:
                # The address is good for minutes, and a new one costs nothing.
                self.wait(backoff_s(next(attempts)), problem)

    def wait(self, wait_s: float, problem: GitHubError) -> None:
        """Wait before another attempt; raises `problem` where the budget does not reach."""
        if self._spent_s + wait_s > BUDGET_S:
            raise problem
        log.info("%s: waiting %.0f s", problem, wait_s)
        self._sleep(wait_s)
        self._spent_s += wait_s

    def wait_until_carried_out(self, problem: Unavailable) -> None:
        """After a POST whose answer got lost: wait until GitHub has done it or given it up."""
        since = self._now() - (self._last_write or 0.0)
        self.wait(max(CARRIED_OUT_S - since, 1.0), problem)

    def _refused(self, method: str, what: str, answer: Answer, attempt: int) -> None:
        """Wait where the answer is not final; raises where it is."""
        limit_s = rate_limit_wait_s(answer, self._now())
        if limit_s is not None:
            limited = RateLimited(f"GitHub's rate limit is used up, for {limit_s:.0f} s more ({what})")
            return self.wait(limit_s, limited)
        kind = KINDS.get(answer.status, Unavailable if answer.status >= 500 else GitHubError)
        problem = kind(f"GitHub answered {answer.status} to {what}: {answer.message}")
        if kind is not Unavailable or method == "POST":
            raise problem
        asked_s = seconds(answer.headers.get("Retry-After", "")) or 0.0
        return self.wait(max(backoff_s(attempt), asked_s), problem)

    def _fetch(self, method: str, url: str, limit_bytes: int, what: str, **options: Any) -> Answer:
        """One request and the whole of its answer, never more of it or for longer than makes sense."""
        connect_s, read_s = self._timeout_s
        left_s = max(1.0, BUDGET_S - self._spent_s)
        deadline = self._now() + connect_s + 2 * read_s
        try:
            with self._session.request(
                method, url, timeout=(connect_s, min(read_s, left_s)), stream=True, **options
            ) as response:
                body = bytearray()
                for chunk in response.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > limit_bytes:
                        raise Invalid(f"the answer to {what} is larger than {limit_bytes:,} bytes")
                    if self._now() > deadline:
                        raise Unavailable(f"the answer to {what} takes too long")
                next_url = response.links.get("next", {}).get("url")
                return Answer(response.status_code, response.headers, next_url, bytes(body))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # ValueError: requests looks at where a redirect leads, and at nothing odd without complaint.
            raise Unavailable(f"no answer from GitHub to {what}: {_cause(error)}") from error

    def _pace(self, method: str) -> None:
        """GitHub asks for a second between writes, and limits who gives it none."""
        if method == "GET":
            return
        if self._last_write is not None and (left := self._last_write + WRITE_PAUSE_S - self._now()) > 0:
            self._sleep(left)
        self._last_write = self._now()


def _session(transport: BaseAdapter | None) -> requests.Session:
    session = requests.Session()
    session.headers.update(
        {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": f"pocketfit/{__version__}",
        }
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, transport or HTTPAdapter())
    return session


def _cause(error: Exception) -> str:
    """The innermost of the reasons that urllib3 and requests wrap in each other; no address of a download is in it."""
    inner = error.args[0] if error.args else error
    reason = str(getattr(inner, "reason", None) or inner).rsplit(">: ", 1)[-1]
    return clean(re.sub(r"\S*\?\S*", "(address)", reason), 200)
