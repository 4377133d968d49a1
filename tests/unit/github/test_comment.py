from __future__ import annotations

from collections.abc import Iterator

import pytest

from pocketfit.errors import ConfigError
from pocketfit.github.answers import Forbidden, NotFound, Unavailable
from pocketfit.github.api import GitHub
from pocketfit.github.comment import BODY_LIMIT, KEY_LENGTH, NotPosted, Posted, marker, upsert
from pocketfit.github.rest import Rest
from pocketfit.report.markdown import COMMENT_LIMIT
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, USER_TOKEN, FakeGitHub, Fault, Token, serve

REPO = "octo/phone"
MARK = "<!-- pocketfit:default -->"
JOB = "github-actions[bot]"


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


def client(hub: FakeGitHub, token: str = JOB_TOKEN) -> GitHub:
    return GitHub(Rest(hub.url, token, sleep=lambda seconds: None))


def put(
    hub: FakeGitHub, markdown: str, *, key: str = "default", create: bool = True, token: str = JOB_TOKEN
) -> Posted | NotPosted:
    return upsert(client(hub, token), REPO, 7, markdown, key=key, create=create)


def test_a_comment_is_created_then_updated(hub: FakeGitHub) -> None:
    first = put(hub, "one")
    second = put(hub, "two")

    assert isinstance(first, Posted)
    assert first.url.startswith("https://github.com/octo/phone/pull/7#issuecomment-")
    assert (first.updated, second) == (False, Posted(first.url, updated=True))
    assert hub.bodies(REPO, 7) == [f"{MARK}\ntwo"]


def test_each_key_has_its_comment(hub: FakeGitHub) -> None:
    put(hub, "phone", key="phone")
    put(hub, "phone 2", key="phone.2")
    put(hub, "phone again", key="phone")
    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:phone -->\nphone again", "<!-- pocketfit:phone.2 -->\nphone 2"]


def test_ours_is_found_on_the_last_page(hub: FakeGitHub) -> None:
    for number in range(250):
        hub.add_comment(REPO, 7, "someone", f"talk {number}")
    ours = hub.add_comment(REPO, 7, JOB, f"{MARK}\nold")

    put(hub, "new")

    assert ours["body"] == f"{MARK}\nnew"
    assert len(hub.bodies(REPO, 7)) == 251


def test_somebody_elses_comment_with_our_marker_is_left_alone(hub: FakeGitHub) -> None:
    hub.add_comment(REPO, 7, "mallory", f"{MARK}\nfake")
    hub.add_comment(REPO, 7, JOB, f"> {MARK}\nquoted")
    put(hub, "real")
    assert hub.bodies(REPO, 7) == [f"{MARK}\nfake", f"> {MARK}\nquoted", f"{MARK}\nreal"]


def test_a_users_token_finds_the_users_comment(hub: FakeGitHub) -> None:
    hub.add_comment(REPO, 7, JOB, f"{MARK}\nthe job's")
    put(hub, "one", token=USER_TOKEN)
    put(hub, "two", token=USER_TOKEN)
    assert hub.bodies(REPO, 7) == [f"{MARK}\nthe job's", f"{MARK}\ntwo"]


def test_not_created_unless_wanted_but_always_updated(hub: FakeGitHub) -> None:
    assert put(hub, "one", create=False) == NotPosted("nothing changed, and there is no comment yet")
    assert hub.bodies(REPO, 7) == []
    hub.add_comment(REPO, 7, JOB, f"{MARK}\nold")
    assert isinstance(put(hub, "two", create=False), Posted)
    assert hub.bodies(REPO, 7) == [f"{MARK}\ntwo"]


def test_another_job_was_quicker(hub: FakeGitHub) -> None:
    hub.before_create = lambda repository, number: hub.add_comment(repository, number, JOB, f"{MARK}\ntheirs")

    posted = put(hub, "mine")

    assert hub.bodies(REPO, 7) == [f"{MARK}\nmine"]
    assert posted == Posted(hub.comments[REPO, 7][0]["html_url"], updated=True)


def test_another_job_deletes_the_younger_one_at_the_same_time(hub: FakeGitHub) -> None:
    hub.before_create = lambda repository, number: hub.add_comment(repository, number, JOB, f"{MARK}\ntheirs")
    hub.faults.append(Fault("DELETE", "comments", 404))
    assert isinstance(put(hub, "mine"), Posted)


def test_doubles_of_the_past_are_cleared(hub: FakeGitHub) -> None:
    for body in ("a", "b", "c"):
        hub.add_comment(REPO, 7, JOB, f"{MARK}\n{body}")
    put(hub, "new")
    assert hub.bodies(REPO, 7) == [f"{MARK}\nnew"]


def test_deleted_while_we_update(hub: FakeGitHub) -> None:
    hub.add_comment(REPO, 7, JOB, f"{MARK}\nold")
    hub.before_update = hub.comments.clear

    assert isinstance(put(hub, "new"), Posted)
    assert hub.bodies(REPO, 7) == [f"{MARK}\nnew"]


def test_deleted_while_we_update_and_nothing_to_say(hub: FakeGitHub) -> None:
    hub.add_comment(REPO, 7, JOB, f"{MARK}\nold")
    hub.before_update = hub.comments.clear
    assert put(hub, "new", create=False) == NotPosted("nothing changed, and there is no comment yet")


def test_the_answer_to_a_creation_gets_lost(hub: FakeGitHub) -> None:
    hub.faults.append(Fault("POST", "comments", 502, after=True))

    posted = put(hub, "one")

    assert hub.bodies(REPO, 7) == [f"{MARK}\none"]
    assert posted == Posted(hub.comments[REPO, 7][0]["html_url"], updated=False)


def test_a_creation_that_did_not_arrive_is_sent_once_more(hub: FakeGitHub) -> None:
    hub.faults.append(Fault("POST", "comments", 0))
    assert isinstance(put(hub, "one"), Posted)
    assert hub.bodies(REPO, 7) == [f"{MARK}\none"]


def test_each_time_it_is_looked_for_first(hub: FakeGitHub) -> None:
    hub.faults.append(Fault("POST", "comments", 500, "down", times=9))
    with pytest.raises(Unavailable, match=f"GitHub answered 500 to POST /repos/{REPO}/issues/7/comments: down"):
        put(hub, "one")
    comments = f"/repos/{REPO}/issues/7/comments"
    assert hub.calls() == [f"GET {comments}", f"POST {comments}"] * 5


def test_a_comment_that_vanishes_again_and_again(hub: FakeGitHub) -> None:
    hub.add_comment(REPO, 7, JOB, f"{MARK}\nold")
    hub.faults.append(Fault("PATCH", "comments", 404, "Not Found", times=99))
    with pytest.raises(NotFound, match="GitHub answered 404 to PATCH"):
        put(hub, "new")


def test_another_apps_token_ends_with_one_comment_too(hub: FakeGitHub) -> None:
    hub.tokens["ghs_other"] = Token("our-app[bot]")
    put(hub, "one", token="ghs_other")
    put(hub, "two", token="ghs_other")
    assert hub.bodies(REPO, 7) == [f"{MARK}\ntwo"]


def test_what_cannot_be_cleared_is_the_next_runs(hub: FakeGitHub) -> None:
    hub.before_create = lambda repository, number: hub.add_comment(repository, number, JOB, f"{MARK}\ntheirs")
    hub.faults.append(Fault("DELETE", "comments", 403, "no", times=9))
    assert isinstance(put(hub, "mine"), Posted)
    hub.before_create, hub.faults = None, []
    put(hub, "next")
    assert hub.bodies(REPO, 7) == [f"{MARK}\nnext"]


def test_created_though_nothing_more_is_heard(hub: FakeGitHub) -> None:
    hub.before_create = lambda *_: hub.faults.append(Fault("GET", "comments", 503, times=99))
    assert put(hub, "one") == Posted(hub.comments[REPO, 7][0]["html_url"], updated=False)


def test_a_read_only_token_is_forbidden_to_comment(hub: FakeGitHub) -> None:
    with pytest.raises(Forbidden, match="Resource not accessible by integration"):
        put(hub, "one", token=READ_ONLY_TOKEN)


def test_a_full_comment_has_room_for_the_marker_of_any_key() -> None:
    assert len(f"{marker('k' * KEY_LENGTH)}\n") + COMMENT_LIMIT <= BODY_LIMIT


def test_a_body_that_nobody_cut_is_our_fault(hub: FakeGitHub) -> None:
    # Characters outside the basic plane count double.
    with pytest.raises(AssertionError, match="the report was to be cut where it is rendered"):
        put(hub, "\U0001f4f1" * (BODY_LIMIT // 2))
    assert hub.calls() == []


def test_a_key_has_an_end() -> None:
    assert marker("k" * 200) == f"<!-- pocketfit:{'k' * 200} -->"
    with pytest.raises(ConfigError, match=r"^comment-key has 2,001 characters: use at most 200$"):
        marker("k" * 2001)


@pytest.mark.parametrize("key", ["", "-a", "a--b", "a b", "a-->", "ä"])
def test_keys_that_would_break_the_marker(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^comment-key .*: use letters, digits"):
        marker(key)
