"""A small GitHub: a local HTTP server with real state that speaks the part of the REST API that we use."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

JOB_TOKEN = "ghs_job"
READ_ONLY_TOKEN = "ghs_fork"
USER_TOKEN = "ghp_octocat"
BODY_LIMIT = 65_536
NOT_ALLOWED = "Resource not accessible by integration"


@dataclass(frozen=True)
class Token:
    """Whom it writes as, whether that is a user that GET /user shows, and whether it may write."""

    login: str
    is_user: bool = False
    may_write: bool = True


@dataclass
class Fault:
    """What goes wrong with requests that match: the answer is replaced, `after` or instead of doing the work.

    Status 0 closes the connection without an answer.
    """

    method: str
    path: str
    status: int
    message: str = "fault"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    authorization: str | None


@dataclass
class FakeGitHub:
    """`comments` maps (repository, number) to comments as the API shows them; tests may put some there."""

    url: str = ""
    tokens: dict[str, Token] = field(
        default_factory=lambda: {
            JOB_TOKEN: Token("github-actions[bot]"),
            READ_ONLY_TOKEN: Token("github-actions[bot]", may_write=False),
            USER_TOKEN: Token("octocat", is_user=True),
        }
    )
    comments: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    merge_bases: dict[tuple[str, str], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    # Called before each comment is created, with its place: a chance for "another job" to be quicker.
    before_create: Any = None
    largest_page: int = 100
    next_id: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add_comment(self, repository: str, number: int, author: str, body: str) -> dict[str, Any]:
        with self.lock:
            self.next_id += 1
            comment = {
                "id": self.next_id,
                "user": {"login": author},
                "body": body,
                "html_url": f"https://github.com/{repository}/pull/{number}#issuecomment-{self.next_id}",
            }
            self.comments.setdefault((repository, number), []).append(comment)
            return comment

    def bodies(self, repository: str, number: int) -> list[str]:
        return [comment["body"] for comment in self.comments.get((repository, number), [])]

    def calls(self) -> list[str]:
        return [f"{seen.method} {urlsplit(seen.path).path}" for seen in self.seen]

    def fault_for(self, method: str, path: str, *, after: bool) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.after == after and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                return fault
        return None

    def find(self, repository: str, comment_id: int) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
        for (home, _), comments in self.comments.items():
            for comment in comments:
                if home == repository and comment["id"] == comment_id:
                    return comments, comment
        return None


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


REFUSED = Answer(403, {"message": NOT_ALLOWED})
MISSING = Answer(404, {"message": "Not Found"})


def answer(hub: FakeGitHub, method: str, path: str, query: dict[str, list[str]], sent: Any, token: Token) -> Answer:
    repo = r"/repos/(?P<repo>[^/]+/[^/]+)"
    if method == "GET" and path == "/user":
        return Answer(200, {"login": token.login}) if token.is_user else REFUSED
    if match := re.fullmatch(rf"{repo}/issues/(?P<number>\d+)/comments", path):
        place = (match["repo"], int(match["number"]))
        if method == "GET":
            return _page(hub, path, hub.comments.get(place, []), query)
        if method == "POST":
            return _create(hub, place, sent, token)
    if match := re.fullmatch(rf"{repo}/issues/comments/(?P<id>\d+)", path):
        return _change(hub, method, match["repo"], int(match["id"]), sent, token)
    if match := re.fullmatch(rf"{repo}/compare/(?P<base>\w+)\.\.\.(?P<head>\w+)", path):
        sha = hub.merge_bases.get((match["base"], match["head"]))
        return Answer(200, {"merge_base_commit": {"sha": sha}, "commits": []}) if sha else MISSING
    return MISSING


def _page(hub: FakeGitHub, path: str, items: list[Any], query: dict[str, list[str]]) -> Answer:
    size = min(int(query.get("per_page", ["30"])[0]), hub.largest_page)
    number = int(query.get("page", ["1"])[0])
    headers = {}
    if number * size < len(items):
        headers["Link"] = f'<{hub.url}{path}?per_page={size}&page={number + 1}>; rel="next"'
    return Answer(200, items[(number - 1) * size : number * size], headers)


def _create(hub: FakeGitHub, place: tuple[str, int], sent: Any, token: Token) -> Answer:
    if refused := _refusal(sent, token):
        return refused
    if hub.before_create:
        hub.before_create(*place)
    return Answer(201, hub.add_comment(*place, token.login, sent["body"]))


def _change(hub: FakeGitHub, method: str, repository: str, comment_id: int, sent: Any, token: Token) -> Answer:
    found = hub.find(repository, comment_id)
    if found is None:
        return MISSING
    comments, comment = found
    if method == "DELETE":
        if not token.may_write:
            return REFUSED
        comments.remove(comment)
        return Answer(204)
    if method == "PATCH":
        if refused := _refusal(sent, token):
            return refused
        comment["body"] = sent["body"]
        return Answer(200, comment)
    return Answer(200, comment)


def _refusal(sent: Any, token: Token) -> Answer | None:
    if not token.may_write:
        return REFUSED
    if len(sent["body"]) > BODY_LIMIT:
        return Answer(422, {"message": f"Body is too long (maximum is {BODY_LIMIT} characters)"})
    return None


def _handler(hub: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            authorization = self.headers.get("Authorization")
            parts = urlsplit(self.path)
            with hub.lock:
                hub.seen.append(Seen(self.command, self.path, authorization))
                if fault := hub.fault_for(self.command, parts.path, after=False):
                    self.fail(fault)
                    return
                token = hub.tokens.get((authorization or "").removeprefix("Bearer "))
                query = parse_qs(parts.query)
                said = (
                    answer(hub, self.command, parts.path, query, sent, token)
                    if token
                    else Answer(401, {"message": "Bad credentials"})
                )
                if fault := hub.fault_for(self.command, parts.path, after=True):
                    self.fail(fault)
                    return
            self.say(said)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def fail(self, fault: Fault) -> None:
            if fault.status:
                self.say(Answer(fault.status, {"message": fault.message}, fault.headers))
            else:
                self.close_connection = True
                self.connection.close()

        def say(self, said: Answer) -> None:
            text = b"" if said.body is None else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status != 204:
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serve() -> Iterator[FakeGitHub]:
    """Run one on a free port of this machine."""
    hub = FakeGitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
