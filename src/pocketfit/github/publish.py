"""A report to a comment. Whatever goes wrong here is a sentence: it changes neither verdict nor exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pocketfit.config.model_lines import NO_LINES, ConfigLines
from pocketfit.errors import ConfigError
from pocketfit.github.answers import Forbidden, GitHubError, Invalid, NotFound, RateLimited, Unavailable
from pocketfit.github.api import GitHub, connect
from pocketfit.github.check_run import Checked, check
from pocketfit.github.comment import DEFAULT_KEY, Mode, NotPosted, Posted, upsert
from pocketfit.github.context import Context, PullRequest, read_context
from pocketfit.github.pull_request import find_pull_request
from pocketfit.records import Report

PERMISSION = "add the permission `pull-requests: write` under `permissions:` of the job"
REMEDIES: dict[type[GitHubError], str] = {
    NotFound: f"{PERMISSION}, without which GitHub hides what the token may not see",
    RateLimited: "run the job again later, or set github-token to a token with a limit of its own",
    Invalid: "this should not happen: please report it to Pocketfit",
    Unavailable: "run the job again once GitHub answers",
}
# The road for tokens that may not write, wherever the restriction comes from.
ROAD = "to get a comment there too, use the two workflows of docs/github.md"


def publish_file(
    path: Path,
    environ: Mapping[str, str],
    *,
    mode: Mode = "changes",
    key: str = DEFAULT_KEY,
    check_run: bool = False,
) -> tuple[Posted | Checked | NotPosted, ...]:
    """Comment from a saved report that nobody has to trust, in the job that `environ` describes; then the check run."""
    from pocketfit.store import read_foreign_report

    report = read_foreign_report(path)
    context = read_context(environ)
    said = publish(report, context, connect(context), mode=mode, key=key)
    return (said, check(report, context, connect(context), key=key)) if check_run else (said,)


def publish(
    report: Report, context: Context, github: GitHub, *, mode: Mode, key: str, config: ConfigLines = NO_LINES
) -> Posted | NotPosted:
    """Create or update the pull request's comment, or say why not; `config` are lines that it may link to."""
    from pocketfit.report.markdown import Job, render_markdown

    if mode == "off":
        return NotPosted("comments are switched off")
    if not context.token:
        return NotPosted("could not comment: there is no token (input github-token)", "warning")
    try:
        pull_request = _pull_request(context, github)
        if isinstance(pull_request, NotPosted):
            return pull_request
        return upsert(
            github,
            context.repository,
            pull_request.number,
            render_markdown(report, job=Job(context.reported_run_url, context.pushed_sha, context.pushed_tree, config)),
            key=key,
            create=mode == "always" or is_worth_a_comment(report),
        )
    except Forbidden as error:
        return _forbidden(context.pull_request, error)
    except GitHubError as error:
        remedy = REMEDIES.get(type(error), "the report is in the job summary")
        return NotPosted(f"could not comment: {error}; {remedy}", "warning")


def is_worth_a_comment(report: Report) -> bool:
    """Tell whether there is anything to say: a comment that says "nothing changed" teaches people to skip it."""
    changed = (row for row in report.rows if row.status != "identical" and row.minor_below is None)
    return report.verdict != "pass" or any(changed)


def parse_mode(text: str) -> Mode:
    match text:
        case "changes" | "always" | "off":
            return text
    raise ConfigError(f"comment: {text!r} is none of changes, always, off")


def _pull_request(context: Context, github: GitHub) -> PullRequest | NotPosted:
    if context.pull_request is not None:
        return context.pull_request
    if context.workflow_run is None:
        return NotPosted(f"the event {context.event} has no pull request to comment on")
    return find_pull_request(github, context.repository, context.workflow_run)


def _forbidden(pull_request: PullRequest | None, error: Forbidden) -> NotPosted:
    if "locked" in str(error).lower():
        return NotPosted(f"could not comment: the conversation is locked; unlock it ({error})", "warning")
    if "Bad credentials" in str(error):
        return NotPosted(f"could not comment: the token (input github-token) is not valid ({error})", "warning")
    if pull_request is not None and pull_request.read_only_because:
        return NotPosted(
            f"no comment: {pull_request.read_only_because}, whose token is read-only and lacks the permission "
            f"`pull-requests: write`; the report is in the job summary, and {ROAD} ({error})",
            "notice",
        )
    return NotPosted(f"could not comment: the token lacks the permission; {PERMISSION} ({error})", "warning")
