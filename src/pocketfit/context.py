"""GitHub's environment and event, read once into a frozen value. Nothing else reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketfit.errors import ConfigError

# What GitHub sends as `before` for a branch that did not exist.
NO_COMMIT = "0" * 40
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class PullRequest:
    """The pull request of a `pull_request` event. `base_sha` is the tip of its target when the event came."""

    number: int
    head_sha: str
    base_sha: str
    fork: bool


@dataclass(frozen=True)
class Context:
    """The job we run in. `previous_sha` is what a push or a merge queue's group started from."""

    event: str
    repository: str
    sha: str
    workspace: Path
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    run_id: str | None = None
    pull_request: PullRequest | None = None
    previous_sha: str | None = None
    output: Path | None = None
    step_summary: Path | None = None
    token: str = field(default="", repr=False)

    @property
    def run_url(self) -> str | None:
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}" if self.run_id else None


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
        pull_request=_pull_request(event, repository) if name == "pull_request" else None,
        previous_sha=_previous_sha(name, event),
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


def _pull_request(event: Mapping[str, Any], repository: str) -> PullRequest:
    try:
        pull = event["pull_request"]
        number, head, base = pull["number"], pull["head"], pull["base"]
        # The head's repository is null once a fork was deleted.
        home = (head.get("repo") or {}).get("full_name")
        found = PullRequest(number, head["sha"], base["sha"], fork=home != repository)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"the pull_request event lacks what it should hold: {error}") from error
    if type(number) is not int or not all(_is_sha(sha) for sha in (found.head_sha, found.base_sha)):
        raise ConfigError("the pull_request event's number or SHAs are not what they should be")
    return found


def _previous_sha(name: str, event: Mapping[str, Any]) -> str | None:
    group = event.get("merge_group")
    sha = event.get("before") if name == "push" else group.get("base_sha") if isinstance(group, dict) else None
    return sha if _is_sha(sha) and sha != NO_COMMIT else None


def _is_sha(value: object) -> bool:
    return isinstance(value, str) and SHA.fullmatch(value) is not None


def _required(environ: Mapping[str, str], key: str) -> str:
    if value := environ.get(key):
        return value
    raise ConfigError(f"not inside a GitHub job: {key} is not set")


def _path(environ: Mapping[str, str], key: str) -> Path | None:
    return Path(value) if (value := environ.get(key)) else None
