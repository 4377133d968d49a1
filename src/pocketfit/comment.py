"""The one comment on a pull request: found by its hidden marker, created or updated, never doubled."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import Literal

from pocketfit.errors import ConfigError
from pocketfit.github import Comment, Forbidden, GitHub, NotFound, Unavailable

Mode = Literal["changes", "always", "off"]

BODY_LIMIT = 65_536
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Who comments with the token of a job, which may not ask for its own name.
JOB_LOGIN = "github-actions[bot]"
NOTICE = (
    "\n\n> [!WARNING]\n> This comment was cut at GitHub's limit of 65,536 characters; "
    "the whole report is in the job summary and in report.md.\n"
)


@dataclass(frozen=True)
class Posted:
    url: str
    updated: bool

    def __str__(self) -> str:
        return f"comment {'updated' if self.updated else 'created'}: {self.url}"


@dataclass(frozen=True)
class NotPosted:
    """No comment, and why. `is_failure` tells what went wrong from what was not wanted."""

    reason: str
    is_failure: bool = False

    def __str__(self) -> str:
        return self.reason if self.is_failure else f"no comment: {self.reason}"


def marker(key: str) -> str:
    if not KEY.fullmatch(key) or "--" in key:
        raise ConfigError(
            f"comment-key {key!r}: use letters, digits, '.', '_' and single '-', beginning with a letter or digit"
        )
    return f"<!-- pocketfit:{key} -->"


def upsert(
    github: GitHub, repository: str, number: int, markdown: str, *, key: str, create: bool = True
) -> Posted | NotPosted:
    """Update our comment of this key, or create it where there is none and `create` is set."""
    mark = marker(key)
    body = fit(f"{mark}\n{markdown}")
    sticky = _Sticky(github, repository, number, mark, _login(github))
    if ours := sticky.find():
        # Somebody may delete it between the two requests.
        with contextlib.suppress(NotFound):
            return Posted(sticky.settle(ours, body).url, updated=True)
    if not create:
        return NotPosted("nothing changed, and there is no comment yet")
    created = sticky.create(body)
    # Another job may have done the same at the same time.
    ours = sticky.find()
    if len(ours) > 1:
        return Posted(sticky.settle(ours, body).url, updated=True)
    return Posted(created.url, updated=False)


def fit(body: str, limit: int = BODY_LIMIT) -> str:
    """Cut a body to GitHub's limit at the end of a line, and say so in it."""
    if _length(body) <= limit:
        return body
    kept: list[str] = []
    details = 0
    closing = "\n\n</details>"
    left = limit - _length(NOTICE)
    for line in body.splitlines():
        left -= _length(line) + 1
        details += line.count("<details") - line.count("</details>")
        if left - max(details, 0) * len(closing) < 0:
            details -= line.count("<details") - line.count("</details>")
            break
        kept.append(line)
    return "\n".join(kept) + closing * max(details, 0) + NOTICE


def _length(text: str) -> int:
    """In UTF-16 units, the larger of the two ways to count characters that GitHub might mean."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _login(github: GitHub) -> str:
    try:
        return github.viewer()
    except Forbidden:
        return JOB_LOGIN


@dataclass(frozen=True)
class _Sticky:
    """Our comments of one key on one pull request."""

    github: GitHub
    repository: str
    number: int
    mark: str
    author: str

    def find(self) -> list[Comment]:
        """Oldest first. Anybody may write the marker: the author counts too."""
        found = [
            comment
            for comment in self.github.comments(self.repository, self.number)
            if comment.author == self.author and comment.body.startswith(self.mark)
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, body: str) -> Comment:
        try:
            return self.github.create_comment(self.repository, self.number, body)
        except Unavailable:
            # The answer got lost; the comment may stand there all the same.
            if ours := self.find():
                return ours[0]
            return self.github.create_comment(self.repository, self.number, body)

    def settle(self, ours: list[Comment], body: str) -> Comment:
        """Put the body into the oldest and delete the younger ones."""
        oldest, *younger = ours
        updated = self.github.update_comment(self.repository, oldest.id, body)
        for comment in younger:
            # The other job may have been quicker.
            with contextlib.suppress(NotFound):
                self.github.delete_comment(self.repository, comment.id)
        return updated
