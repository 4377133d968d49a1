"""The report that another run left as an artifact: anybody's, so it is fetched, unpacked and checked with caps."""

from __future__ import annotations

import io
import stat
import zipfile

from pocketfit.errors import ConfigError
from pocketfit.files.saved import BROKEN_ARCHIVE
from pocketfit.github.answers import GitHubError, NotFound
from pocketfit.github.api import GitHub
from pocketfit.github.comment import DEFAULT_KEY, NotPosted
from pocketfit.github.context import WorkflowRun
from pocketfit.out import REPORT_FILE
from pocketfit.records import Report
from pocketfit.store import FOREIGN_LIMIT_BYTES, parse_foreign_report

ARTIFACT = "pocketfit-report"
MEMBER = REPORT_FILE
ZIP_LIMIT_BYTES = 4 * 1024 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def artifact_name(key: str) -> str:
    """Each use of the action in a workflow, told apart by comment-key, leaves an artifact of its own."""
    return ARTIFACT if key == DEFAULT_KEY else f"{ARTIFACT}-{key}"


def fetch_report(github: GitHub, repository: str, run: WorkflowRun, key: str) -> Report | NotPosted:
    """The report of a run, or one sentence why there is none that could be shown."""
    name = artifact_name(key)
    try:
        kept = [artifact for artifact in github.artifacts(repository, run.id, name) if not artifact.expired]
        if not kept:
            return NotPosted(f"run {run.id} left no artifact {name}", "notice")
        newest = kept[0]
        if newest.size_bytes > ZIP_LIMIT_BYTES:
            return _refused(name, run, f"it has {newest.size_bytes:,} bytes, more than {ZIP_LIMIT_BYTES:,}")
        data = github.download_artifact(repository, newest.id, ZIP_LIMIT_BYTES)
        return parse_foreign_report(read_member(data), f"{name}/{MEMBER}")
    except ConfigError as error:
        return _refused(name, run, str(error))
    except NotFound as error:
        return NotPosted(f"could not fetch artifact {name}: add the permission `actions: read` ({error})", "warning")
    except GitHubError as error:
        return NotPosted(
            f"could not fetch artifact {name}: {error}; the job needs the permission `actions: read`, and can be run "
            "again once GitHub answers",
            "warning",
        )


def read_member(data: bytes) -> bytes:
    """The one file of the archive; raises ConfigError where it is anything else than report.json, and small."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise ConfigError(f"the archive has {len(members):,} members, not {MEMBER} alone")
            _check_member(members[0])
            with archive.open(members[0]) as file:
                # What the archive says of its size is only what it says.
                text = file.read(FOREIGN_LIMIT_BYTES + 1)
    except BROKEN_ARCHIVE as error:
        raise ConfigError("it is no zip archive that can be read") from error
    if len(text) > FOREIGN_LIMIT_BYTES:
        raise ConfigError(f"{MEMBER} is larger than {FOREIGN_LIMIT_BYTES:,} bytes")
    return text


def _check_member(member: zipfile.ZipInfo) -> None:
    """Raise ConfigError unless this is an ordinary file of our name; its own name may be any text: not repeated."""
    mode = member.external_attr >> 16
    if member.filename != MEMBER or member.orig_filename != MEMBER:
        raise ConfigError(f"the archive's member is not {MEMBER}")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ConfigError(f"{MEMBER} is no ordinary file")
    if member.flag_bits & 1 or member.compress_type not in METHODS:
        raise ConfigError(f"{MEMBER} is encrypted or packed in a way that is not supported")
    if member.file_size > FOREIGN_LIMIT_BYTES:
        raise ConfigError(f"{MEMBER} is larger than {FOREIGN_LIMIT_BYTES:,} bytes")


def _refused(name: str, run: WorkflowRun, why: str) -> NotPosted:
    return NotPosted(f"the artifact {name} of run {run.id} is not shown: {why}", "warning")
