"""GitHub's environment and event, read once into a frozen value. Nothing else reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketfit.errors import ConfigError
from pocketfit.text import is_sha

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
WORKFLOW_REF = re.compile(r"[^@]+/\.github/workflows/([\w.-]+\.ya?ml)@.+", re.ASCII)
DEPENDABOT = "dependabot[bot]"


@dataclass(frozen=True)
class PullRequest:
    """The pull request of a `pull_request` event. `base_sha` is the tip of its target when the event came."""

    number: int
    head_sha: str
    base_sha: str
    fork: bool
    dependabot: bool = False

    @property
    def read_only_because(self) -> str:
        """The reason why GitHub gives its jobs a token that may only read; empty where it does not."""
        if self.fork:
            return "this pull request comes from a fork"
        return "this pull request is Dependabot's" if self.dependabot else ""


@dataclass(frozen=True)
class WorkflowRun:
    """The run that a `workflow_run` event is about; the names are whoever's who opened the pull request.

    `head_repository` is None once the fork was deleted.
    """

    id: int
    event: str
    head_sha: str
    head_branch: str | None
    head_repository: str | None


@dataclass(frozen=True)
class Context:
    """The job we run in. `previous_sha` is what a push or a merge queue's group started from.

    `ref` is what was pushed or checked out, e.g. refs/heads/main; `workflow` is the workflow's file name.
    """

    event: str
    repository: str
    sha: str
    workspace: Path
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    run_id: str | None = None
    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None
    previous_sha: str | None = None
    ref: str = ""
    default_branch: str | None = None
    workflow: str | None = None
    output: Path | None = None
    step_summary: Path | None = None
    token: str = field(default="", repr=False)

    @property
    def run_url(self) -> str | None:
        return self._run_url(self.run_id) if self.run_id else None

    @property
    def reported_run_url(self) -> str | None:
        """The page of the run that made the report, with its summary."""
        return self._run_url(str(self.workflow_run.id)) if self.workflow_run else self.run_url

    @property
    def pushed_sha(self) -> str | None:
        """The commit that a pull request's author pushed; the one that was checked out may be its merge."""
        about = self.pull_request or self.workflow_run
        return about.head_sha if about else None

    @property
    def pushed_tree(self) -> str | None:
        """The address below which the files of that commit stand."""
        return f"{self.server_url}/{self.repository}/blob/{self.pushed_sha}" if self.pushed_sha else None

    def _run_url(self, run_id: str) -> str:
        return f"{self.server_url}/{self.repository}/actions/runs/{run_id}"


def read_context(environ: Mapping[str, str]) -> Context:
    """The environment of a GitHub job as a Context; ConfigError says what is missing or odd in it."""
    event = _read_event(environ)
    name = _required(environ, "GITHUB_EVENT_NAME")
    repository = _required(environ, "GITHUB_REPOSITORY")
    if not REPOSITORY.fullmatch(repository):
        raise ConfigError(f"GITHUB_REPOSITORY is not OWNER/NAME: {repository!r}")
    return Context(
        event=name,
        repository=repository,
        sha=environ.get("GITHUB_SHA", ""),
        workspace=Path(environ.get("GITHUB_WORKSPACE") or "."),
        api_url=(environ.get("GITHUB_API_URL") or Context.api_url).rstrip("/"),
        server_url=(environ.get("GITHUB_SERVER_URL") or Context.server_url).rstrip("/"),
        run_id=environ.get("GITHUB_RUN_ID") or None,
        pull_request=_pull_request(event, repository, environ) if name == "pull_request" else None,
        workflow_run=_workflow_run(event) if name == "workflow_run" else None,
        previous_sha=_previous_sha(name, event),
        ref=environ.get("GITHUB_REF", ""),
        default_branch=_default_branch(event),
        workflow=_workflow(environ.get("GITHUB_WORKFLOW_REF", "")),
        output=_path(environ, "GITHUB_OUTPUT"),
        step_summary=_path(environ, "GITHUB_STEP_SUMMARY"),
        token=environ.get("INPUT_GITHUB-TOKEN") or environ.get("GITHUB_TOKEN") or "",
    )


def _read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    path = Path(_required(environ, "GITHUB_EVENT_PATH"))
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"GITHUB_EVENT_PATH: can't read {path} as JSON: {error}") from error
    if not isinstance(event, dict):
        raise ConfigError(f"GITHUB_EVENT_PATH: {path} holds no JSON object")
    return event


def _pull_request(event: Mapping[str, Any], repository: str, environ: Mapping[str, str]) -> PullRequest:
    try:
        pull = event["pull_request"]
        number, head, base = pull["number"], pull["head"], pull["base"]
        # The head's repository is null once a fork was deleted.
        home = (head.get("repo") or {}).get("full_name")
        # The token is read-only for whoever started the run, not for whoever opened the pull request.
        dependabot = environ.get("GITHUB_ACTOR") == DEPENDABOT
        pull_request = PullRequest(number, head["sha"], base["sha"], fork=home != repository, dependabot=dependabot)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"the pull_request event lacks what it should hold: {error}") from error
    if type(number) is not int or not all(is_sha(sha) for sha in (pull_request.head_sha, pull_request.base_sha)):
        raise ConfigError("the pull_request event's number or SHAs are not what they should be")
    return pull_request


def _workflow_run(event: Mapping[str, Any]) -> WorkflowRun:
    try:
        table = event["workflow_run"]
        home = (table.get("head_repository") or {}).get("full_name")
        run = WorkflowRun(table["id"], table["event"], table["head_sha"], table["head_branch"], home)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"the workflow_run event lacks what it should hold: {error}") from error
    names = [run.event, *(name for name in (run.head_branch, home) if name is not None)]
    if type(run.id) is not int or not is_sha(run.head_sha) or not all(isinstance(name, str) for name in names):
        raise ConfigError("the workflow_run event's id, SHA or names are not what they should be")
    return run


def _previous_sha(name: str, event: Mapping[str, Any]) -> str | None:
    group = event.get("merge_group")
    sha = event.get("before") if name == "push" else group.get("base_sha") if isinstance(group, dict) else None
    # A branch that did not exist was at a commit of zeros.
    return sha if is_sha(sha) and sha.strip("0") else None


def _default_branch(event: Mapping[str, Any]) -> str | None:
    repository = event.get("repository")
    branch = repository.get("default_branch") if isinstance(repository, dict) else None
    return branch if isinstance(branch, str) and branch and not branch.startswith("-") else None


def _workflow(ref: str) -> str | None:
    """`nightly.yml` of OWNER/NAME/.github/workflows/nightly.yml@refs/heads/main."""
    match = WORKFLOW_REF.fullmatch(ref)
    return match[1] if match else None


def _required(environ: Mapping[str, str], key: str) -> str:
    if value := environ.get(key):
        return value
    raise ConfigError(f"not inside a GitHub job: {key} is not set")


def _path(environ: Mapping[str, str], key: str) -> Path | None:
    return Path(value) if (value := environ.get(key)) else None
