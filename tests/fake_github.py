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
from urllib.parse import parse_qs, unquote, urlsplit

JOB_TOKEN = "ghs_job"
# Of a job with `checks: write`.
CHECK_TOKEN = "ghs_checks"
READ_ONLY_TOKEN = "ghs_fork"
USER_TOKEN = "ghp_octocat"
BODY_LIMIT = 65_536
SUMMARY_LIMIT = 65_535
ANNOTATIONS_LIMIT = 50
NOT_ALLOWED = "Resource not accessible by integration"


@dataclass(frozen=True)
class Token:
    """Whom it writes as, whether that is a user that GET /user shows, and what it may do."""

    login: str
    is_user: bool = False
    may_write: bool = True
    may_read_actions: bool = True
    may_check: bool = False


@dataclass
class Fault:
    """What goes wrong with requests that match: the answer is replaced, `after` or instead of doing the work.

    Status 0 closes the connection without an answer; `body` is sent as it is, whatever it is.
    """

    method: str
    path: str
    status: int
    message: str = "fault"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False
    body: bytes | None = None


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    authorization: str | None


@dataclass
class FakeGitHub:
    """What the API shows, as the API shows it; tests may put some there.

    `comments` are by (repository, number), `pulls` by repository, `artifacts` by (repository, run), `blobs` by
    artifact. As on GitHub, a commit of a fork has no pull requests: those are found by their branch.
    """

    url: str = ""
    tokens: dict[str, Token] = field(
        default_factory=lambda: {
            JOB_TOKEN: Token("github-actions[bot]"),
            CHECK_TOKEN: Token("github-actions[bot]", may_check=True),
            READ_ONLY_TOKEN: Token("github-actions[bot]", may_write=False),
            USER_TOKEN: Token("octocat", is_user=True),
        }
    )
    comments: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    merge_bases: dict[tuple[str, str], str] = field(default_factory=dict)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    blobs: dict[int, bytes] = field(default_factory=dict)
    # By repository; annotations are kept beside what the API shows of a check run.
    check_runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    annotations: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    # Another host than the API's, as GitHub's storage is.
    blob_url: str = ""
    # The commit of the last successful scheduled run, by repository, workflow file and branch.
    last_success: dict[tuple[str, str, str], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    # Called before each comment is created, with its place, or updated: a chance for somebody to be quicker.
    before_create: Any = None
    before_update: Any = None
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

    def add_pull(
        self, repository: str, number: int, head_sha: str, branch: str, home: str | None, state: str = "open"
    ) -> dict[str, Any]:
        pull = {
            "number": number,
            "state": state,
            "head": {"sha": head_sha, "ref": branch, "repo": {"full_name": home} if home else None},
            "base": {"sha": "b" * 40, "ref": "main", "repo": {"full_name": repository}},
        }
        self.pulls.setdefault(repository, []).append(pull)
        return pull

    def add_check_run(self, repository: str, sent: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.next_id += 1
            run = {"id": self.next_id, "html_url": f"https://github.com/{repository}/runs/{self.next_id}"}
            self.check_runs.setdefault(repository, []).append(run)
            return self.change_check_run(run, sent)

    def change_check_run(self, run: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
        """As GitHub does: annotations are added to those that are there."""
        output = dict(sent.get("output", {}))
        of_run = self.annotations.setdefault(run["id"], [])
        of_run += output.pop("annotations", [])
        run.update(sent | {"output": output | {"annotations_count": len(of_run)}})
        return run

    def add_artifact(self, repository: str, run: int, name: str, data: bytes, *, expired: bool = False) -> int:
        self.next_id += 1
        found = {"id": self.next_id, "name": name, "size_in_bytes": len(data), "expired": expired}
        self.artifacts.setdefault((repository, run), []).append(found)
        self.blobs[self.next_id] = data
        return self.next_id

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

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


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
    if match := re.fullmatch(rf"{repo}/compare/(?P<base>[\w%.-]+)\.\.\.(?P<head>\w+)", path):
        sha = hub.merge_bases.get((unquote(match["base"]), match["head"]))
        return Answer(200, {"merge_base_commit": {"sha": sha}, "commits": []}) if sha else MISSING
    if match := re.fullmatch(rf"{repo}/check-runs(?:/(?P<id>\d+))?", path):
        return _write_check(hub, method, match["repo"], match["id"], sent, token)
    return _read(hub, path, query, token, repo)


def _write_check(hub: FakeGitHub, method: str, repo: str, number: str | None, sent: Any, token: Token) -> Answer:
    if not token.may_check:
        return REFUSED
    output = sent.get("output", {})
    if len(output.get("summary", "")) > SUMMARY_LIMIT or len(output.get("annotations", [])) > ANNOTATIONS_LIMIT:
        return Answer(422, {"message": "Invalid request."})
    if number is None:
        return Answer(201, hub.add_check_run(repo, sent)) if method == "POST" else MISSING
    run = next((one for one in hub.check_runs.get(repo, []) if one["id"] == int(number)), None)
    return Answer(200, hub.change_check_run(run, sent)) if run and method == "PATCH" else MISSING


def _read(hub: FakeGitHub, path: str, query: dict[str, list[str]], token: Token, repo: str) -> Answer:
    if match := re.fullmatch(rf"{repo}/commits/(?P<sha>\w+)/pulls", path):
        own = [pull for pull in hub.pulls.get(match["repo"], []) if _home(pull) == match["repo"]]
        return _page(hub, path, [pull for pull in own if pull["head"]["sha"] == match["sha"]], query)
    if match := re.fullmatch(rf"{repo}/commits/(?P<sha>\w+)/check-runs", path):
        runs = [one for one in hub.check_runs.get(match["repo"], []) if one["head_sha"] == match["sha"]]
        named = [one for one in runs if one["name"] == query["check_name"][0]]
        return _page(hub, path, named if query.get("filter") == ["all"] else named[-1:], query, "check_runs")
    if match := re.fullmatch(rf"{repo}/check-runs/(?P<id>\d+)/annotations", path):
        return _page(hub, path, hub.annotations.get(int(match["id"]), []), query)
    if match := re.fullmatch(rf"{repo}/pulls", path):
        owner, _, branch = query["head"][0].partition(":")
        found = [
            pull
            for pull in hub.pulls.get(match["repo"], [])
            if pull["state"] == query["state"][0]
            and (_home(pull) or "").startswith(f"{owner}/")
            and pull["head"]["ref"] == branch
        ]
        return _page(hub, path, found, query)
    if match := re.fullmatch(rf"{repo}/actions/runs/(?P<run>\d+)/artifacts", path):
        if not token.may_read_actions:
            return REFUSED
        every = hub.artifacts.get((match["repo"], int(match["run"])), [])
        return _page(hub, path, [one for one in every if one["name"] == query["name"][0]], query, "artifacts")
    if match := re.fullmatch(rf"{repo}/actions/artifacts/(?P<id>\d+)/zip", path):
        return Answer(302, headers={"Location": f"{hub.blob_url}/blobs/{match['id']}?sig=geheim"})
    if match := re.fullmatch(rf"{repo}/actions/workflows/(?P<workflow>[\w.-]+)/runs", path):
        known = (query["event"], query["status"]) == (["schedule"], ["success"])
        last = hub.last_success.get((match["repo"], match["workflow"], query["branch"][0])) if known else None
        return Answer(200, {"workflow_runs": [{"head_sha": last}] if last else []})
    return MISSING


def _home(pull: dict[str, Any]) -> str | None:
    return pull["head"]["repo"]["full_name"] if pull["head"]["repo"] else None


def _page(hub: FakeGitHub, path: str, items: list[Any], query: dict[str, list[str]], key: str | None = None) -> Answer:
    size = min(int(query.get("per_page", ["30"])[0]), hub.largest_page)
    number = int(query.get("page", ["1"])[0])
    headers = {}
    if number * size < len(items):
        others = "".join(f"&{name}={values[0]}" for name, values in query.items() if name not in ("page", "per_page"))
        headers["Link"] = f'<{hub.url}{path}?per_page={size}&page={number + 1}{others}>; rel="next"'
    shown = items[(number - 1) * size : number * size]
    return Answer(200, {"total_count": len(items), key: shown} if key else shown, headers)


def _create(hub: FakeGitHub, place: tuple[str, int], sent: Any, token: Token) -> Answer:
    if refused := _refusal(sent, token):
        return refused
    if hub.before_create:
        hub.before_create(*place)
    return Answer(201, hub.add_comment(*place, token.login, sent["body"]))


def _change(hub: FakeGitHub, method: str, repository: str, comment_id: int, sent: Any, token: Token) -> Answer:
    if method == "PATCH" and hub.before_update:
        hub.before_update()
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


def handle(hub: FakeGitHub, method: str, target: str, authorization: str | None, sent: bytes) -> Answer | None:
    """What GitHub does with a request; None where it closes the connection without an answer."""
    # GitHub Enterprise Server has its API below a path.
    target = target.removeprefix(urlsplit(hub.url).path)
    parts = urlsplit(target)
    with hub.lock:
        hub.seen.append(Seen(method, target, authorization))
        if fault := hub.fault_for(method, parts.path, after=False):
            return _faulty(fault)
        said = _answer(hub, method, parts.path, parse_qs(parts.query), sent, authorization)
        if fault := hub.fault_for(method, parts.path, after=True):
            return _faulty(fault)
        # A copy, as over a wire.
        return Answer(said.status, said.content(), said.headers)


def _answer(
    hub: FakeGitHub, method: str, path: str, query: dict[str, list[str]], sent: bytes, authorization: str | None
) -> Answer:
    if path.startswith("/blobs/"):
        # As Azure's storage: a token beside the address's own signature is one too many.
        return Answer(400) if authorization else Answer(200, hub.blobs[int(path.rsplit("/", 1)[1])])
    token = hub.tokens.get((authorization or "").removeprefix("Bearer "))
    if token is None:
        return Answer(401, {"message": "Bad credentials"})
    return answer(hub, method, path, query, json.loads(sent) if sent else None, token)


def _faulty(fault: Fault) -> Answer | None:
    if not fault.status:
        return None
    return Answer(fault.status, {"message": fault.message} if fault.body is None else fault.body, fault.headers)


def _handler(hub: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = handle(hub, self.command, self.path, self.headers.get("Authorization"), sent)
            if said is None:
                self.close_connection = True
                self.connection.close()
                return
            content = said.content()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status != 204:
                self.send_header("Content-Type", "application/json; charset=utf-8")
                if "Content-Length" not in said.headers:
                    self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            # A length that is not true is a connection that breaks.
            self.close_connection = "Content-Length" in said.headers

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serve(path: str = "") -> Iterator[FakeGitHub]:
    """Run one on a free port of this machine, its API at `path`."""
    hub = FakeGitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}{path}"
    hub.blob_url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
