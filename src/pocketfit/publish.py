"""A report to a comment. Whatever goes wrong here is a sentence: it changes neither verdict nor exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pocketfit.comment import Mode, NotPosted, Posted, upsert
from pocketfit.context import Context, PullRequest, read_context
from pocketfit.errors import ConfigError
from pocketfit.github import Forbidden, GitHub, GitHubError
from pocketfit.records import Report

DEFAULT_KEY = "default"


def publish_file(
    path: Path, environ: Mapping[str, str], *, mode: Mode = "changes", key: str = DEFAULT_KEY
) -> Posted | NotPosted:
    """Comment from a saved report, in the job that `environ` describes."""
    from pocketfit.store import read_report

    report = read_report(path)
    context = read_context(environ)
    return publish(report, context, GitHub(context.api_url, context.token), mode=mode, key=key)


def publish(report: Report, context: Context, github: GitHub, *, mode: Mode, key: str) -> Posted | NotPosted:
    """Create or update the pull request's comment, or say why not."""
    from pocketfit.render.markdown import render_markdown

    if mode == "off":
        return NotPosted("comments are switched off")
    pull_request = context.pull_request
    if pull_request is None:
        return NotPosted(f"the event {context.event} has no pull request to comment on")
    if not context.token:
        return NotPosted("could not comment: there is no token (input github-token)", is_failure=True)
    try:
        return upsert(
            github,
            context.repository,
            pull_request.number,
            render_markdown(report),
            key=key,
            create=mode == "always" or is_worth_a_comment(report),
        )
    except Forbidden as error:
        return NotPosted(_permission(pull_request, error), is_failure=True)
    except GitHubError as error:
        return NotPosted(f"could not comment: {error}", is_failure=True)


def is_worth_a_comment(report: Report) -> bool:
    """Whether there is anything to say: a comment that says "nothing changed" teaches people to skip it."""
    return report.verdict != "pass" or any(row.status != "identical" for row in report.rows)


def parse_mode(text: str) -> Mode:
    match text:
        case "changes" | "always" | "off":
            return text
    raise ConfigError(f"comment: {text!r} is none of changes, always, off")


def _permission(pull_request: PullRequest, error: Forbidden) -> str:
    if pull_request.fork:
        return (
            "could not comment: this pull request comes from a fork, whose token is read-only and lacks the permission "
            f"`pull-requests: write`; the report is in the job summary ({error})"
        )
    return (
        "could not comment: the token lacks the permission `pull-requests: write`; add it under `permissions:` of the "
        f"job ({error})"
    )
