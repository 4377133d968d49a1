"""The part of GitHub's REST API that we need, typed. How it is spoken is in rest.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pocketfit.github.answers import Forbidden, GitHubError, Unavailable
from pocketfit.github.context import Context
from pocketfit.github.rest import Rest
from pocketfit.text import clean

# Who comments with the token of a job, which may not ask for its own name.
JOB_LOGIN = "github-actions[bot]"
JOB_TOKEN_PREFIX = "ghs_"
USER_TOKEN_PREFIXES = ("ghp_", "github_pat_", "gho_", "ghu_")
# GitHub allows 2,500 comments; a list that goes on and on is a fault.
MOST_PAGES = 100


@dataclass(frozen=True)
class Comment:
    id: int
    author: str
    body: str
    url: str


@dataclass(frozen=True)
class CheckRun:
    """A check run; `mark` is what its maker calls it, and `annotations` how many it has."""

    id: int
    mark: str
    url: str
    annotations: int


@dataclass(frozen=True)
class Pull:
    """A pull request as the API lists it. `head_repository` is None once the fork was deleted."""

    number: int
    state: str
    head_sha: str
    head_branch: str
    head_repository: str | None
    base_sha: str
    base_repository: str


@dataclass(frozen=True)
class Artifact:
    """A zip file that a run of a workflow left behind."""

    id: int
    name: str
    size_bytes: int
    expired: bool


def connect(context: Context) -> GitHub:
    """GitHub as the job's token sees it, with a budget of waiting of its own."""
    return GitHub(Rest(context.api_url, context.token))


@dataclass(frozen=True)
class GitHub:
    """GitHub as one token sees it; `rest` speaks for it, and decides how long to wait for an answer."""

    rest: Rest

    def author(self) -> str:
        """The login that comments written with this token are by."""
        if self.rest.token_begins_with(JOB_TOKEN_PREFIX):
            return JOB_LOGIN
        try:
            return self.viewer()
        except Forbidden:
            if self.rest.token_begins_with(*USER_TOKEN_PREFIXES):
                raise
            return JOB_LOGIN

    def viewer(self) -> str:
        """The login that the token writes as; Forbidden for the token of a job, which is no user's."""
        return _text(self._request("GET", "/user"), "login")

    def comments(self, repository: str, number: int) -> Iterator[Comment]:
        """All comments of an issue or pull request, oldest first."""
        for item in self._pages(f"/repos/{repository}/issues/{number}/comments"):
            yield _comment(item)

    def create_comment(self, repository: str, number: int, body: str) -> Comment:
        """Unavailable where the answer got lost: then the comment may stand there all the same."""
        return _comment(self._request("POST", f"/repos/{repository}/issues/{number}/comments", json={"body": body}))

    def update_comment(self, repository: str, comment_id: int, body: str) -> Comment:
        return _comment(
            self._request("PATCH", f"/repos/{repository}/issues/comments/{comment_id}", json={"body": body})
        )

    def delete_comment(self, repository: str, comment_id: int) -> None:
        self.rest.send("DELETE", f"{self.rest.url}/repos/{repository}/issues/comments/{comment_id}")

    def check_runs(self, repository: str, sha: str, name: str) -> Iterator[CheckRun]:
        """All check runs of this name on a commit, also those that newer ones hide."""
        params = {"check_name": name, "filter": "all"}
        for item in self._pages(f"/repos/{repository}/commits/{sha}/check-runs", params, "check_runs"):
            yield _check_run(item)

    def check_annotations(self, repository: str, check_run_id: int) -> list[Any]:
        items = self._pages(f"/repos/{repository}/check-runs/{check_run_id}/annotations")
        return [item for item in items if isinstance(item, dict)]

    def create_check_run(self, repository: str, fields: dict[str, Any]) -> CheckRun:
        """Unavailable where the answer got lost: then the check run may stand there all the same."""
        return _check_run(self._request("POST", f"/repos/{repository}/check-runs", json=fields))

    def update_check_run(self, repository: str, check_run_id: int, fields: dict[str, Any]) -> CheckRun:
        """Annotations are added to those that it has."""
        return _check_run(self._request("PATCH", f"/repos/{repository}/check-runs/{check_run_id}", json=fields))

    def merge_base(self, repository: str, base: str, head: str) -> str:
        """The commit that both descend from; works for forks, and needs no history here."""
        # One commit a page: the answer would otherwise carry up to 250 of them.
        path = f"/repos/{repository}/compare/{quote(base, safe='')}...{head}"
        return _text(self._request("GET", path, params={"per_page": "1"}), "merge_base_commit", "sha")

    def last_success(self, repository: str, workflow: str, branch: str) -> str | None:
        """The commit that the last successful scheduled run of a workflow was on; needs `actions: read`."""
        params = {"event": "schedule", "status": "success", "branch": branch, "per_page": "1"}
        answer = self._request("GET", f"/repos/{repository}/actions/workflows/{workflow}/runs", params=params)
        runs = _get(answer, "workflow_runs")
        if not isinstance(runs, list):
            raise Unavailable("GitHub's answer lacks workflow_runs")
        return _text(runs[0], "head_sha") if runs else None

    def pulls_of_commit(self, repository: str, sha: str) -> list[Pull]:
        """Pull requests with the commit, also closed ones; none where the commit is a fork's."""
        return [_pull(item) for item in self._pages(f"/repos/{repository}/commits/{sha}/pulls")]

    def pulls_of_branch(self, repository: str, owner: str, branch: str) -> list[Pull]:
        """Open pull requests from a branch of that name, in any repository of `owner`."""
        params = {"state": "open", "head": f"{owner}:{branch}"}
        return [_pull(item) for item in self._pages(f"/repos/{repository}/pulls", params)]

    def artifacts(self, repository: str, run_id: int, name: str) -> list[Artifact]:
        """The artifacts of this name of all attempts of a run, newest first."""
        path = f"/repos/{repository}/actions/runs/{run_id}/artifacts"
        listed = [_artifact(item) for item in self._pages(path, {"name": name}, "artifacts")]
        return sorted((artifact for artifact in listed if artifact.name == name), key=lambda artifact: -artifact.id)

    def download_artifact(self, repository: str, artifact_id: int, limit_bytes: int) -> bytes:
        """The zip file; Invalid where it is larger than `limit_bytes`."""
        url = f"{self.rest.url}/repos/{repository}/actions/artifacts/{artifact_id}/zip"
        return self.rest.download(url, limit_bytes)

    def _pages(self, path: str, params: dict[str, str] | None = None, key: str | None = None) -> Iterator[Any]:
        """The items of a list, or of the list at `key`, of all its pages."""
        url = self.rest.url + path
        query: dict[str, str] | None = {"per_page": "100", **(params or {})}
        for _ in range(MOST_PAGES):
            answer = self.rest.send("GET", url, params=query)
            items = answer.json.get(key) if key and isinstance(answer.json, dict) else answer.json
            if not isinstance(items, list):
                raise Unavailable(f"GitHub's answer is no list: {_shown(answer.json)}")
            yield from items
            if answer.next_url is None:
                return
            # Only where we were sent anyway: the token goes along.
            if not answer.next_url.startswith(self.rest.url + "/"):
                raise Unavailable(f"GitHub's next page is not at {self.rest.url}: {_shown(answer.next_url)}")
            # The link carries the query itself.
            url, query = answer.next_url, None
        raise GitHubError(f"GitHub's list has more than {MOST_PAGES} pages: {path}")

    def _request(self, method: str, path: str, **options: Any) -> Any:
        return self.rest.send(method, self.rest.url + path, **options).json


def _get(answer: Any, *keys: str) -> Any:
    """Look up a path of keys in an answer; None where there is nothing."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def _text(answer: Any, *keys: str) -> str:
    value = _get(answer, *keys)
    if not isinstance(value, str):
        raise Unavailable(f"GitHub's answer lacks {'.'.join(keys)}")
    return value


def _number(answer: Any, key: str) -> int:
    value = _get(answer, key)
    if type(value) is not int:
        raise Unavailable(f"GitHub's answer lacks {key}")
    return value


def _comment(item: Any) -> Comment:
    if type(_get(item, "id")) is not int:
        raise Unavailable(f"GitHub's answer is no comment: {_shown(item)}")
    # `user` is null for an account that was deleted.
    author, body = _get(item, "user", "login"), _get(item, "body")
    url = clean(_text(item, "html_url"))
    return Comment(item["id"], author if isinstance(author, str) else "", body if isinstance(body, str) else "", url)


def _check_run(item: Any) -> CheckRun:
    mark, count = _get(item, "external_id"), _get(item, "output", "annotations_count")
    return CheckRun(
        _number(item, "id"),
        mark if isinstance(mark, str) else "",
        clean(_text(item, "html_url")),
        count if type(count) is int else 0,
    )


def _pull(item: Any) -> Pull:
    home = _get(item, "head", "repo", "full_name")
    return Pull(
        number=_number(item, "number"),
        state=_text(item, "state"),
        head_sha=_text(item, "head", "sha"),
        head_branch=_text(item, "head", "ref"),
        head_repository=home if isinstance(home, str) else None,
        base_sha=_text(item, "base", "sha"),
        base_repository=_text(item, "base", "repo", "full_name"),
    )


def _artifact(item: Any) -> Artifact:
    return Artifact(
        _number(item, "id"), _text(item, "name"), _number(item, "size_in_bytes"), _get(item, "expired") is True
    )


def _shown(value: Any) -> str:
    return clean(str(value)[:400], 80)
