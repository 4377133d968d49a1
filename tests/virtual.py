"""Time that passes only by waiting, and a way to the simulated GitHub without sockets: thousands of faults in seconds."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from tests.fake_github import Answer, FakeGitHub, handle


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def now(self) -> float:
        return self.now_s


class InProcess(BaseAdapter):
    """A transport for requests that asks the simulated GitHub directly; `before` is called ahead of each request."""

    def __init__(self, hub: FakeGitHub, before: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.hub = hub
        self.before = before

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.before()
        return as_response(request, self.ask(request))

    def ask(self, request: requests.PreparedRequest) -> Answer | None:
        parts = urlsplit(request.url or "")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = request.body or b""
        return handle(
            self.hub,
            request.method or "",
            target,
            request.headers.get("Authorization"),
            body if isinstance(body, bytes) else body.encode(),
        )

    def close(self) -> None:
        pass


def as_response(request: requests.PreparedRequest, said: Answer | None) -> requests.Response:
    if said is None:
        raise requests.ConnectionError("Connection aborted.")
    response = requests.Response()
    response.status_code = said.status
    response.headers = CaseInsensitiveDict(said.headers)
    response.raw = BytesIO(said.content())
    response.url = request.url or ""
    response.request = request
    return response


LIMIT_HEADERS: list[tuple[int, str, Mapping[str, str]]] = [
    (403, "You have exceeded a secondary rate limit", {"Retry-After": "3"}),
    (403, "You have exceeded a secondary rate limit", {}),
    (403, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1010"}),
    (403, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "999999"}),
    (429, "Too many requests", {"Retry-After": "2"}),
    (429, "Too many requests", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    (429, "Too many requests", {}),
]


@dataclass
class Storm(InProcess):
    """GitHub on a bad day: each request may fail in any of the ways that are known, before or after it was done.

    A POST whose answer is lost may also be carried out late, but as GitHub promises within 10 s.
    """

    hub: FakeGitHub
    random: random.Random
    clock: Clock
    badness: float
    most: int = 1_000_000
    before: Callable[[], None] = lambda: None
    kinds: tuple[str, ...] = ("status", "limit", "reset", "timeout", "truncated", "page", "odd", "deleted", "late")
    late: list[tuple[float, requests.PreparedRequest]] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.before()
        self.clock.now_s += self.random.uniform(0.01, 0.5)
        self.carry_out_late()
        if self.most <= 0 or self.random.random() >= self.badness:
            return as_response(request, self.ask(request))
        self.most -= 1
        return self.fail(request)

    def carry_out_late(self, by: float | None = None) -> None:
        for due in [due for due in self.late if due[0] <= (self.clock.now_s if by is None else by)]:
            self.late.remove(due)
            self.ask(due[1])

    def fail(self, request: requests.PreparedRequest) -> requests.Response:
        kind = self.random.choice(self.kinds)
        done = self.random.random() < 0.5
        match kind:
            case "limit":
                # A request that is limited is never carried out.
                status, message, headers = self.random.choice(LIMIT_HEADERS)
                return as_response(request, Answer(status, {"message": message}, dict(headers)))
            case "deleted" if comments := [one for one in self.hub.comments.values() if one]:
                comments = self.random.choice(comments)
                comments.pop(self.random.randrange(len(comments)))
                return as_response(request, self.ask(request))
            case "late" if request.method == "POST":
                self.late.append((self.clock.now_s + self.random.uniform(0, 9.9), request))
                done = False
        said = self.ask(request) if done and kind != "deleted" else None
        if kind in ("timeout", "late"):
            self.clock.now_s += 30 if kind == "timeout" else self.random.uniform(0, 9)
            raise requests.ReadTimeout("Read timed out. (read timeout=30)")
        if kind == "truncated" and said is not None:
            return as_response(request, Answer(said.status, said.content()[:-3], said.headers))
        if kind == "page":
            return as_response(request, Answer(200, b"<html>Unicorn!</html>"))
        if kind == "odd" and request.method != "DELETE":
            return as_response(request, Answer(200, self.random.choice([{}, [3], {"id": None}, None, "x"])))
        if kind == "status":
            return as_response(request, Answer(self.random.choice([500, 502, 503, 504]), {"message": "fault"}))
        raise requests.ConnectionError("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))")


class Turns:
    """Lets one of several jobs go at a time, from request to request, in an order that a seed decides."""

    def __init__(self, seed: int, jobs: int) -> None:
        self.random = random.Random(seed)
        self.changed = threading.Condition()
        self.running = jobs
        self.waiting: list[int] = []
        self.chosen: int | None = None

    def wait(self, job: int) -> None:
        with self.changed:
            self.waiting.append(job)
            self._choose()
            self.changed.wait_for(lambda: self.chosen == job, timeout=60)
            self.waiting.remove(job)
            self.chosen = None

    def end(self) -> None:
        with self.changed:
            self.running -= 1
            self._choose()

    def _choose(self) -> None:
        """Once all that still run are waiting; who waits first depends on threads, so they are sorted."""
        if self.chosen is None and self.waiting and len(self.waiting) == self.running:
            self.chosen = self.random.choice(sorted(self.waiting))
            self.changed.notify_all()
