"""Runs a workflow as GitHub would, with act, and collects what came of it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.process import finish, run
from tests.e2e.repository import REPO, ROOT, Repository

STANDINS = {
    "actions/upload-artifact": ROOT / "tests/e2e/upload-artifact",
    "actions/download-artifact": ROOT / "tests/e2e/download-artifact",
    # The last two are folders of the first.
    "actions/cache": ROOT / "tests/e2e/cache",
    "actions/cache/restore": ROOT / "tests/e2e/cache",
    "actions/cache/save": ROOT / "tests/e2e/cache",
}
TIMEOUT_S = 1800
# The images that act built in this session, by the folder of the action.
_images: dict[Path, str] = {}


@dataclass(frozen=True)
class Act:
    """Where a workflow runs: on which image, against which API, and with which copy of the action."""

    image: str
    api_url: str
    action: Path

    def run(
        self,
        repository: Repository,
        name: str,
        event: dict[str, Any],
        token: str,
        folder: Path,
        *,
        event_name: str | None = None,
        job: str | None = None,
        server_url: str | None = None,
    ) -> Ran:
        """Run the workflow NAME.yml, or one job of it, for an event; everything of it ends up in `folder`.

        `event_name` is needed where the workflow has several. `server_url` is where git finds its repositories.
        """
        uploads = folder / "uploads"
        uploads.mkdir(parents=True)
        event_file = folder / "event.json"
        event_file.write_text(json.dumps(event))
        workflow = f".github/workflows/{name}.yml"
        text = (repository.folder / workflow).read_text()
        places = {"pocketfit/pocketfit": self.action, "pocketfit/pocketfit/comment": self.action, **STANDINS}
        here = {uses: place for action, place in places.items() if (uses := uses_of(text, action))}
        remove_left_containers(text)
        done = finish(
            [
                *(
                    "act",
                    event_name or event_of(text),
                    *(("--job", job) if job else ()),
                    "--workflows",
                    workflow,
                    "--eventpath",
                    event_file,
                ),
                *("--platform", f"ubuntu-latest={self.image}", "--pull=false", "--no-cache-server", "--rm"),
                *("--env", f"GITHUB_API_URL={self.api_url}", "--secret", f"GITHUB_TOKEN={token}"),
                # act takes the repository's name from where git finds it.
                *(
                    ("--env", f"GITHUB_SERVER_URL={server_url}", "--env", f"GITHUB_REPOSITORY={REPO}")
                    if server_url
                    else ()
                ),
                *("--container-options", f"--volume {uploads}:/uploads"),
                *(word for uses, path in here.items() for word in ("--local-repository", f"{uses}={path}")),
            ],
            timeout=TIMEOUT_S,
            cwd=repository.folder,
        )
        log = done.stdout + done.stderr
        (folder / "act.log").write_text(log)
        if done.code == 0 and (ours := uses_of(text, "pocketfit/pocketfit")):
            _images[self.action] = f"act-{re.sub('[^a-zA-Z0-9]', '-', ours)}-dockeraction:latest"
        return Ran(done.code == 0, log, uploads)


@dataclass(frozen=True)
class Ran:
    """One run of a workflow. `uploads` holds a folder for each artifact that the workflow uploaded."""

    succeeded: bool
    log: str
    uploads: Path

    def outputs(self) -> dict[str, str]:
        """What the step of the action set."""
        words = [line.partition("::set-output:: ")[2] for line in self.log.splitlines() if "::set-output:: " in line]
        return dict(word.split("=", 1) for word in words)


def remove_left_containers(workflow: str) -> None:
    """Remove what a run of this workflow that was killed has left.

    act names volumes by workflow and job, and removes them before it starts: it fails where the container of a step
    still holds one.
    """
    name = re.search(r"^name:\s+(.+)$", workflow, re.MULTILINE)
    assert name is not None
    prefix = f"act-{re.sub('[^a-zA-Z0-9]', '-', name[1].strip())}-"
    left = run("docker", "ps", "--all", "--quiet", "--filter", f"name=^/?{prefix}", timeout=60).split()
    if left:
        run("docker", "rm", "--force", "--volumes", *left, timeout=120)


def image_of(action: Path) -> str | None:
    """The image that act built of this copy of the action in this session; None where it has run nothing of it yet.

    It is not found by building: act sends the same files in another way, and the cache knows them not.
    """
    return _images.get(action)


def copy_action(target: Path) -> Path:
    """The action as GitHub would check it out: without environments and builds, which act would carry along."""
    listed = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", timeout=60)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def uses_of(workflow: str, action: str) -> str | None:
    """The repository and version that a workflow uses of an action, without the action's folder in it; None if it does not."""
    found = next((word for word in workflow.split() if word.startswith(f"{action}@")), None)
    return found and f"{'/'.join(action.split('/')[:2])}@{found.partition('@')[2]}"


def event_of(workflow: str) -> str:
    """The first event that a workflow is for, written behind `on:` or as the key below it."""
    match = re.search(r"^on:\s+(\w+)", workflow, re.MULTILINE)
    assert match is not None
    return match[1]


def files_with(folder: Path, secret: str) -> list[Path]:
    """The files in a folder that hold a text: none should hold a token."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if secret.encode() in path.read_bytes()]
