"""The one comment on a pull request: found by its hidden marker, created or updated, never doubled."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import Literal

from pocketfit.errors import ConfigError
from pocketfit.github.answers import GitHubError, NotFound, Unavailable
from pocketfit.github.api import Comment, GitHub
from pocketfit.text import utf16_length

log = logging.getLogger(__name__)

Mode = Literal["changes", "always", "off"]

DEFAULT_KEY = "default"
BODY_LIMIT = 65_536
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# With the marker of such a key a report of report/markdown.py, at most 65,000 long, still fits into a comment.
KEY_LENGTH = 200
# How often the comment may be deleted between the list and the update, or the answer to its creation be lost.
ROUNDS = 5


@dataclass(frozen=True)
class Posted:
    url: str
    updated: bool

    def __str__(self) -> str:
        return f"comment {'updated' if self.updated else 'created'}: {self.url}"


@dataclass(frozen=True)
class NotPosted:
    """No comment, and why. `level` says whether nothing was wanted, nothing was possible, or something went wrong."""

    reason: str
    level: Literal["log", "notice", "warning"] = "log"

    def __str__(self) -> str:
        return f"no comment: {self.reason}" if self.level == "log" else self.reason


def marker(key: str) -> str:
    """The hidden line that our comment of this key begins with; raises ConfigError."""
    if len(key) > KEY_LENGTH:
        raise ConfigError(f"comment-key has {len(key):,} characters: use at most {KEY_LENGTH}")
    if not KEY.fullmatch(key) or "--" in key:
        raise ConfigError(
            f"comment-key {key!r}: use letters, digits, '.', '_' and single '-', beginning with a letter or digit"
        )
    return f"<!-- pocketfit:{key} -->"


def upsert(
    github: GitHub, repository: str, number: int, markdown: str, *, key: str, create: bool = True
) -> Posted | NotPosted:
    """Update our comment of this key, or create it where there is none and `create` is set.

    Raises GitHubError where neither could be done.
    """
    mark = marker(key)
    body = f"{mark}\n{markdown}"
    assert utf16_length(body) <= BODY_LIMIT, "the report was to be cut where it is rendered"
    sticky = _Sticky(github, repository, number, mark, github.author())
    sent, problem = False, GitHubError("the comment was not written")
    for _ in range(ROUNDS):
        if ours := sticky.find():
            try:
                return Posted(sticky.settle(ours, body).url, updated=not sent)
            except NotFound as error:
                # Somebody deleted it between the two requests.
                problem = error
                continue
        if not create:
            return NotPosted("nothing changed, and there is no comment yet")
        try:
            created = github.create_comment(repository, number, body)
        except Unavailable as error:
            # The answer got lost, the comment may not be: that is seen by listing, never guessed by sending again.
            sent, problem = True, error
            github.rest.wait_until_carried_out(error)
            continue
        # With a GitHub App's token only GitHub's answer tells whose comments ours are.
        return replace(sticky, author=created.author).alone(created, body)
    raise problem


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
        # By id: an entry that is deleted meanwhile moves the others from page to page.
        ours = {
            comment.id: comment
            for comment in self.github.comments(self.repository, self.number)
            if comment.author == self.author and comment.body.startswith(self.mark)
        }
        return [ours[id] for id in sorted(ours)]

    def alone(self, created: Comment, body: str) -> Posted:
        """Another job may have created one at the same time: the oldest survives, whoever looks."""
        try:
            ours = {comment.id: comment for comment in [*self.find(), created]}
            if min(ours) != created.id:
                return Posted(self.settle([ours[id] for id in sorted(ours)], body).url, updated=True)
            self._delete([comment for comment in ours.values() if comment.id != created.id])
        except GitHubError as problem:
            # Ours stands there all the same; the next run clears up.
            log.info("other comments of this key could not be looked for: %s", problem)
        return Posted(created.url, updated=False)

    def settle(self, ours: list[Comment], body: str) -> Comment:
        """Put the body into the oldest and delete the younger ones."""
        oldest, *younger = ours
        updated = self.github.update_comment(self.repository, oldest.id, body)
        self._delete(younger)
        return updated

    def _delete(self, comments: list[Comment]) -> None:
        for comment in comments:
            try:
                self.github.delete_comment(self.repository, comment.id)
            except NotFound:
                # The other job was quicker.
                continue
            except GitHubError as problem:
                # What was to be said is said; the next run clears up.
                log.info("a double of the comment could not be deleted: %s", problem)
