"""The one check run on a commit: found by our mark on it, created or updated, where the token may write checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pocketfit.config.model_lines import NO_LINES, ConfigLines
from pocketfit.github.answers import Forbidden, GitHubError, NotFound, Unavailable
from pocketfit.github.api import CheckRun, GitHub
from pocketfit.github.comment import DEFAULT_KEY, NotPosted, marker
from pocketfit.github.context import Context
from pocketfit.records import Report
from pocketfit.report.forms.words import reasons, variant_name
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.report.summary import headline
from pocketfit.text import clean

Conclusion = Literal["success", "failure", "neutral"]
# A job of a workflow is a check run by the same app too: jobs are often called "pocketfit".
NAME = "Pocketfit report"
# GitHub takes so many in a request, and adds those of a later one to them.
MOST_ANNOTATIONS = 50
# Of GitHub's 64 KiB and 255 characters.
LONGEST_MESSAGE, LONGEST_TITLE = 4_000, 200
# How often the answer to its creation may be lost.
ROUNDS = 3
PERMISSION = "add the permission `checks: write` under `permissions:` of the job, or leave the input check-run out"


@dataclass(frozen=True)
class Checked:
    """The check run that stands on the commit now."""

    url: str
    updated: bool

    def __str__(self) -> str:
        return f"check run {'updated' if self.updated else 'created'}: {self.url}"


@dataclass(frozen=True)
class Annotation:
    """What is said on lines of a file of the commit, with the names that GitHub has for it."""

    path: str
    start_line: int
    end_line: int
    annotation_level: Literal["failure"]
    title: str
    message: str


def check(
    report: Report, context: Context, github: GitHub, *, key: str = DEFAULT_KEY, config: ConfigLines = NO_LINES
) -> Checked | NotPosted:
    """Put the report onto the commit that was pushed, or say in a notice why not; `config` are lines of its own."""
    sha = context.pushed_sha or context.sha
    if not context.token or not sha:
        return NotPosted("no check run: there is no token (input github-token), or no commit", "notice")
    job = Job(context.reported_run_url, context.pushed_sha, context.pushed_tree, config)
    try:
        return _upsert(github, context.repository, sha, _fields(report, job, key), annotations_of(report, config))
    except (Forbidden, NotFound) as error:
        if context.pull_request is not None and (why := context.pull_request.read_only_because):
            return NotPosted(f"no check run: {why}, whose token is read-only ({error})", "notice")
        return NotPosted(f"no check run: the token lacks the permission; {PERMISSION} ({error})", "notice")
    except GitHubError as error:
        return NotPosted(f"no check run: {error}; the report is in the job summary", "notice")


def conclusion(report: Report) -> Conclusion:
    """What the verdict is to GitHub, which lets a required check that is neutral pass.

    So an error is a failure, as it is for the job; what passes with nothing seen on a device is neutral.
    """
    if report.verdict != "pass":
        return "failure"
    return "success" if headline(report).mood == "good" else "neutral"


def annotations_of(report: Report, config: ConfigLines) -> tuple[Annotation, ...]:
    """One for each of the first variants that fail, where the line of its limit, or of its model, is known."""
    found = []
    for row in report.rows:
        limit = row.failed_limits[0] if row.failed_limits else ""
        if row.fails and (line := config.of_limit(row.model, limit) if limit else config.lines.get(row.model)):
            title, message = clean(variant_name(row), LONGEST_TITLE), "\n".join(reasons(row))[:LONGEST_MESSAGE]
            found.append(Annotation(config.file, line, line, "failure", title, message))
    return tuple(found[:MOST_ANNOTATIONS])


def _fields(report: Report, job: Job, key: str) -> dict[str, Any]:
    """What GitHub is told of a check run, without annotations."""
    name = NAME if key == DEFAULT_KEY else f"{NAME} ({key})"
    # Below GitHub's 65,535 characters.
    output = {"title": clean(headline(report).text, LONGEST_TITLE), "summary": render_markdown(report, job=job)}
    address = {"details_url": job.url} if job.url else {}
    fields = {"name": name, "external_id": marker(key), "status": "completed", "conclusion": conclusion(report)}
    return {**fields, **address, "output": output}


def _upsert(
    github: GitHub, repository: str, sha: str, fields: dict[str, Any], wanted: tuple[Annotation, ...]
) -> Checked:
    """Update the newest that is ours, or create one. Raises GitHubError."""
    sent, problem = False, GitHubError("the check run was not written")
    for _ in range(ROUNDS):
        ours = _find(github, repository, sha, fields)
        there = _texts(github, repository, ours) if ours else set()
        # GitHub takes no annotation away: where an old one no longer holds, a new check run of the name hides this one.
        if ours and there <= {_text(asdict(one)) for one in wanted}:
            missing = [asdict(one) for one in wanted if _text(asdict(one)) not in there]
            return Checked(github.update_check_run(repository, ours.id, _with(fields, missing)).url, updated=not sent)
        try:
            all_of_them = [asdict(one) for one in wanted]
            made = github.create_check_run(repository, _with(fields, all_of_them) | {"head_sha": sha})
        except Unavailable as error:
            # The answer got lost, the check run may not be: that is seen by looking, never guessed by sending again.
            sent, problem = True, error
            github.rest.wait_until_carried_out(error)
            continue
        return Checked(made.url, updated=False)
    raise problem


def _find(github: GitHub, repository: str, sha: str, fields: dict[str, Any]) -> CheckRun | None:
    """The newest with our mark: GitHub shows that one."""
    listed = github.check_runs(repository, sha, fields["name"])
    return max((one for one in listed if one.mark == fields["external_id"]), key=lambda one: one.id, default=None)


def _texts(github: GitHub, repository: str, ours: CheckRun) -> set[tuple[Any, ...]]:
    return {_text(one) for one in github.check_annotations(repository, ours.id)} if ours.annotations else set()


def _text(annotation: Any) -> tuple[Any, ...]:
    return tuple(annotation.get(name) for name in ("path", "start_line", "message"))


def _with(fields: dict[str, Any], shown: list[dict[str, Any]]) -> dict[str, Any]:
    return {**fields, "output": {**fields["output"], "annotations": shown}} if shown else fields
