"""The part of GitHub's REST API that we need, typed. HTTP is spoken nowhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from pocketfit import __version__
from pocketfit.errors import EnvironmentProblem

log = logging.getLogger(__name__)

TIMEOUT_S = (5.0, 30.0)
# All waiting for rate limits together. A job that waits longer costs more than its comment is worth.
RATE_LIMIT_BUDGET_S = 90.0
# What GitHub asks of clients that it gave no time to wait.
SECONDARY_LIMIT_WAIT_S = 60.0
WRITE_PAUSE_S = 1.0
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})


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
    """No usable answer: no connection, a time-out, a 5xx. Whether a POST was carried out is not known."""


KINDS: dict[int, type[GitHubError]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 410: NotFound, 422: Invalid}


@dataclass(frozen=True)
class Comment:
    id: int
    author: str
    body: str
    url: str


class _Bearer(requests.auth.AuthBase):
    """Set as `auth`, since requests lets a .netrc override a plain Authorization header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Retry(Retry):
    # A 429 is a rate limit, which `GitHub._send` counts against its budget.
    RETRY_AFTER_STATUS_CODES = frozenset()


class GitHub:
    """One session with one token. `sleep` and `now` are arguments so that tests need not wait."""

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        backoff_s: float = 1.0,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._sleep = sleep
        self._now = now
        self._timeout_s = timeout_s
        self._waited_s = 0.0
        self._last_write: float | None = None
        self._session = _session(token, backoff_s)

    def viewer(self) -> str:
        """The login that the token writes as; Forbidden for the token of a job, which is no user's."""
        return _read(self._request("GET", "/user"), "login")

    def comments(self, repository: str, number: int) -> Iterator[Comment]:
        """All comments of an issue or pull request, oldest first."""
        for item in self._pages(f"/repos/{repository}/issues/{number}/comments"):
            yield _comment(item)

    def create_comment(self, repository: str, number: int, body: str) -> Comment:
        return _comment(self._request("POST", f"/repos/{repository}/issues/{number}/comments", json={"body": body}))

    def update_comment(self, repository: str, comment_id: int, body: str) -> Comment:
        return _comment(
            self._request("PATCH", f"/repos/{repository}/issues/comments/{comment_id}", json={"body": body})
        )

    def delete_comment(self, repository: str, comment_id: int) -> None:
        self._send("DELETE", f"{self._api_url}/repos/{repository}/issues/comments/{comment_id}")

    def merge_base(self, repository: str, base: str, head: str) -> str:
        """The commit that both descend from; works for forks, and needs no history here."""
        # One commit a page: the answer would otherwise carry up to 250 of them.
        compared = self._request("GET", f"/repos/{repository}/compare/{base}...{head}", params={"per_page": "1"})
        return _read(compared, "merge_base_commit", "sha")

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        url: str | None = self._api_url + path
        params: dict[str, str] | None = {"per_page": "100"}
        while url is not None:
            response = self._send("GET", url, params=params)
            page = _json(response)
            if not isinstance(page, list):
                raise Unavailable(f"GitHub's answer is no list: {str(page)[:80]}")
            yield from page
            # The link carries per_page itself. Only where we were sent anyway: the token goes along.
            url = response.links.get("next", {}).get("url")
            params = None
            if url is not None and not url.startswith(self._api_url + "/"):
                raise Unavailable(f"GitHub's next page is not at {self._api_url}: {url}")

    def _request(self, method: str, path: str, **options: Any) -> Any:
        return _json(self._send(method, self._api_url + path, **options))

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send one request, waiting out rate limits; every answer but a success raises."""
        what = f"{method} {url.removeprefix(self._api_url)}"
        while True:
            self._pace(method)
            try:
                response = self._session.request(method, url, timeout=self._timeout_s, **options)
            except requests.RequestException as error:
                raise Unavailable(f"no answer from GitHub to {what}: {_cause(error)}") from error
            wait_s = _rate_limit_wait_s(response, self._now())
            if wait_s is None:
                break
            if self._waited_s + wait_s > RATE_LIMIT_BUDGET_S:
                raise RateLimited(f"GitHub's rate limit is used up, for {wait_s:.0f} s more ({what})")
            log.info("GitHub's rate limit: waiting %.0f s", wait_s)
            self._sleep(wait_s)
            self._waited_s += wait_s
        if response.ok:
            return response
        kind = KINDS.get(response.status_code, Unavailable if response.status_code >= 500 else GitHubError)
        raise kind(f"GitHub answered {response.status_code} to {what}: {_message(response)}")

    def _pace(self, method: str) -> None:
        """GitHub asks for a second between writes, and limits who gives it none."""
        if method == "GET":
            return
        if self._last_write is not None and (left := self._last_write + WRITE_PAUSE_S - self._now()) > 0:
            self._sleep(left)
        self._last_write = self._now()


def _session(token: str, backoff_s: float) -> requests.Session:
    session = requests.Session()
    session.auth = _Bearer(token)
    session.headers.update(
        {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": f"pocketfit/{__version__}",
        }
    )
    retry = _Retry(
        total=4,
        connect=4,
        read=2,
        backoff_factor=backoff_s,
        backoff_jitter=backoff_s / 2,
        status_forcelist=(500, 502, 503, 504),
        # No POST: a comment whose answer got lost would stand there twice.
        allowed_methods=IDEMPOTENT,
        raise_on_status=False,
        retry_after_max=60,
    )
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def _rate_limit_wait_s(response: requests.Response, now: float) -> float | None:
    """How long GitHub asks us to wait; None where this is no rate limit.

    A limit comes as 403 or 429, sometimes without a time, and a 403 is also how it says "not allowed".
    """
    if response.status_code not in (403, 429):
        return None
    headers = response.headers
    if (after := headers.get("Retry-After", "")).isdigit():
        return max(float(after), 1.0)
    if headers.get("X-RateLimit-Remaining") == "0" and (reset := headers.get("X-RateLimit-Reset", "")).isdigit():
        return max(float(reset) - now, 1.0)
    if response.status_code == 429 or "rate limit" in _message(response).lower():
        return SECONDARY_LIMIT_WAIT_S
    return None


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise Unavailable(f"GitHub's answer is not JSON: {response.text[:80]!r}") from error


def _message(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.reason or "(no message)"


def _cause(error: requests.RequestException) -> str:
    """The innermost of the reasons that urllib3 and requests wrap in each other."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", None) or inner).rsplit(">: ", 1)[-1]


def _read(answer: Any, *keys: str) -> str:
    """The text at a path of keys of an answer."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(answer, str):
        raise Unavailable(f"GitHub's answer lacks {'.'.join(keys)}")
    return answer


def _comment(item: Any) -> Comment:
    if not isinstance(item, dict) or type(item.get("id")) is not int:
        raise Unavailable(f"GitHub's answer is no comment: {str(item)[:80]}")
    # `user` is null for an account that was deleted.
    author = (item.get("user") or {}).get("login") or ""
    return Comment(item["id"], author, item.get("body") or "", _read(item, "html_url"))
