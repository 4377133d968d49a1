"""The files that a run left in its folder, for the later steps and for the people who read the job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from entrypoint.workflow_commands import write_output
from pocketfit.errors import VERDICT_FAILED, PocketfitError
from pocketfit.files.owner import give_tree, owner_of
from pocketfit.github.check_run import Checked
from pocketfit.github.comment import NotPosted, Posted
from pocketfit.out import MANIFEST_FILE, Out
from pocketfit.records import Report
from pocketfit.report.markdown import LEAST_LIMIT, render_markdown

# A UTF-16 unit, which is what a report's length is counted in, takes at most so many bytes of UTF-8.
BYTES_PER_UNIT = 3
# More files than an export of any repository has; a file's name has at most 255 bytes.
MANY_FILES = 1_000
# Room for a report, however little of it fits, and for a list of so many files.
LEAST_SUMMARY_BYTES = max(BYTES_PER_UNIT * LEAST_LIMIT, MANY_FILES * 300)


@dataclass(frozen=True)
class Results:
    """The files are relative to the workspace, where later steps find them; empty where there is none.

    `matrix` is what a plan is for: JSON for `strategy.matrix`.
    """

    verdict: str
    report: Report | None
    report_json: str
    report_md: str
    report_html: str
    artifacts: str
    matrix: str = ""

    @classmethod
    def without_report(cls) -> Results:
        return cls("error", None, "", "", "", "")


def report_identity(workspace: Path, out: str) -> object:
    """Identify the report that is there, to tell it from the one that a run writes; None where there is none."""
    try:
        stat = Out(workspace / out).report_json.lstat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def collect(workspace: Path, out: str, code: int, earlier: object = None) -> Results:
    """Read what the run left; `earlier` is the identity of the report that was there before."""

    made = Out(workspace / out)

    def there(path: Path) -> str:
        return str(path.relative_to(workspace)) if path.exists() else ""

    identity = report_identity(workspace, out)
    is_new = identity is not None and identity != earlier
    report = _read(made.report_json) if is_new else None
    return Results(
        verdict=report.verdict if report else {0: "pass", VERDICT_FAILED: "fail"}.get(code, "error"),
        report=report,
        report_json=there(made.report_json) if report else "",
        report_md=there(made.report_md) if report else "",
        report_html=there(made.report_html) if report else "",
        artifacts=there(made.all_artifacts),
    )


def summary(results: Results, workspace: Path, room_bytes: int) -> str:
    """Markdown for the job's page: the report, or what an export made; at most `room_bytes` of UTF-8.

    `room_bytes` is at least LEAST_SUMMARY_BYTES.
    """
    if results.report is not None:
        return render_markdown(results.report, limit_chars=room_bytes // BYTES_PER_UNIT)
    if not results.artifacts:
        return ""
    folder = workspace / results.artifacts / "head"
    files = [path for path in sorted(folder.glob("*")) if path.is_file() and path.name != MANIFEST_FILE]
    rows = [f"| `{path.name}` | {path.stat().st_size:,} |" for path in files[:MANY_FILES]]
    if len(files) > MANY_FILES:
        rows.append(f"| and {len(files) - MANY_FILES:,} more | |")
    return "\n".join(["### Pocketfit: exported", "", "| File | Bytes |", "| :-- | --: |", *rows, ""]) if rows else ""


def write_outputs(path: Path, results: Results) -> None:
    for name, value in {
        "verdict": results.verdict,
        "report-json": results.report_json,
        "report-md": results.report_md,
        "report-html": results.report_html,
        "artifacts": results.artifacts,
    }.items():
        write_output(path, name, value)
    if results.matrix:
        write_output(path, "matrix", results.matrix)


def write_comment_outputs(path: Path, published: Posted | NotPosted) -> None:
    posted = isinstance(published, Posted)
    write_output(path, "comment-url", published.url if isinstance(published, Posted) else "")
    write_output(path, "comment-posted", "true" if posted else "false")


def write_check_output(path: Path, checked: Checked | NotPosted | None) -> None:
    write_output(path, "check-run-url", checked.url if isinstance(checked, Checked) else "")


def give_back(workspace: Path, out: str) -> None:
    """Give what root made in the workspace to the workspace's owner, whose later steps must be able to delete it."""
    owner = owner_of(workspace)
    if owner is None:
        return
    for folder in (workspace / out, workspace / ".git"):
        if not folder.is_symlink() and folder.is_dir():
            give_tree(folder, owner)


def _read(path: Path) -> Report | None:
    from pocketfit.store import read_report

    try:
        return read_report(path)
    except PocketfitError:
        return None
