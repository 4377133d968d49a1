"""Thousands of report.json files that nobody should trust: each is shown as text or refused with one sentence."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from entrypoint.inputs import Inputs
from entrypoint.tell import relay
from entrypoint.workflow_commands import annotate
from pocketfit.errors import ConfigError
from pocketfit.github.api import GitHub
from pocketfit.github.context import Context, WorkflowRun
from pocketfit.github.publish import publish_file
from pocketfit.github.rest import Rest
from pocketfit.report.html import render_html
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.report.reasons.entries import address, entries
from pocketfit.store import parse_foreign_report, plain
from tests.fake_github import JOB_TOKEN, FakeGitHub, serve
from tests.unit.report.samples import BROKEN, EVERYTHING, GREW, IDENTICAL, TOUCHED
from tests.virtual import Clock, InProcess

EXAMPLES = int(os.environ.get("POCKETFIT_FUZZ_EXAMPLES", "500"))
REPO, FORK, HEAD = "octo/phone", "someone/phone", "a" * 40
RUN = WorkflowRun(42, "pull_request", HEAD, "topic", FORK)
SUMMARY = "https://github.com/octo/phone/actions/runs/42"
MARK = "<!-- pocketfit:default -->\n"
# What our own text is made of; nothing a report says may add another.
TAGS = {
    "p",
    "strong",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "br",
    "ul",
    "li",
    "details",
    "summary",
    "sub",
}
ATTRIBUTES = {("style", f"text-align:{side}") for side in ("left", "right")}
PAGE_TAGS = TAGS | {
    *("html", "head", "meta", "title", "style", "script", "body", "div", "dl", "dt", "dd"),
    *("header", "h1", "h2", "h3", "span", "bdi", "main", "section", "footer", "figure", "figcaption", "caption"),
    *("a", "label", "input", "select", "option", "button", "output"),
    *("svg", "g", "line", "rect", "circle", "text"),
}
PAGE_ATTRIBUTES = {
    *("lang", "charset", "name", "content", "http-equiv", "class", "scope", "colspan", "open", "id", "href", "role"),
    *("aria-hidden", "aria-label", "aria-live", "aria-pressed", "hidden", "for", "rel"),
    *("type", "value", "autocomplete", "spellcheck", "placeholder"),
    *("data-label", "data-kind", "data-size", "data-growth", "data-latency"),
    *("x", "y", "x1", "x2", "y1", "y2", "cx", "width", "height"),
}
# What GitHub makes a mention, a reference, an address, an emoji or a mail address of, or what acts on a terminal.
LIVELY = re.compile(
    r"@\w|#\d|\bgh-\d|://|\bwww\.|(?<![\w:]):[\w+-]+:(?!:)|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "</code></td></table><h1>Approved</h1>",
    "</details><!-- pocketfit:default -->",
    "<img src=x onerror=alert(1)>",
    "@everyone cc @org/team @octocat",
    "fixes #1, org/repo#2, GH-3",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) [ref]: http://evil.example",
    "https://evil.example www.evil.example mailto:a@evil.example",
    "a | b || c \\| d \\",
    "`` ` ``` code ` ~~~",
    "**bold** __bold__ *it* _it_ ~~gone~~ $x^2$ $$y$$",
    "\n\n# heading\n\n- item\n\n    code\n> quote\n---\n| a |\n|---|\n===",
    "\r\n::error file=x::pwned\r\n::set-output name=verdict::pwned",
    "##[error]pwned ##[set-output name=verdict;]pwned",
    "::stop-commands::x",
    "&lt;b&gt; &#64;everyone &amp; &#x3c;b&#x3e;",
    "\x1b[31mred\x1b[0m \u202eright to left\u2066 \u200b\x00\x07",
    ":shipit: :+1:",
    "- ",
    "1. x",
    "1) x",
    "+ x",
    "* x",
    "---",
    "===",
    "> x",
    "    x",
    "#",
    "e" * 5000,
    "@" * 3000,
    "#" * 3000,
    "😀<" * 2000,
    "%0A::error::x%0D",
    "<details><details><details>",
    "{{ 7 * 7 }} ${{ github.token }}",
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map(" ".join),
    st.text(alphabet="@#<>[]()!`*_~|\\&:;=-+.0123456789 \n\r\tabchw/\u202e\u2028\ud83dé😀", max_size=40),
    st.text(max_size=20),
)
numbers = st.one_of(
    st.sampled_from([0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**70), 10**400, 0.0, -0.0, 1e308, -1e308, 5e-324, 0.1]),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
)
junk = st.one_of(texts, numbers, st.none(), st.booleans(), st.just([]), st.just({}), st.just([[]]), st.just({"a": [1]}))

BASES: list[dict[str, Any]] = [
    plain(replace(EVERYTHING, rows=(GREW,), notes=("a", "b"))),
    plain(replace(EVERYTHING, rows=(BROKEN, IDENTICAL), notes=())),
    plain(replace(EVERYTHING, rows=(TOUCHED,), notes=("a",))),
]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield (*at, key)
        yield from places(inside, (*at, key))


def at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


PLACES = [list(places(base)) for base in BASES]
# Where only certain words are allowed, another is refused: that is tried often enough by the rest.
CLOSED = ("verdict", "status")
WORDS = [
    [place for place in every if isinstance(at(base, place), str) and place[-1] not in CLOSED]
    for every, base in zip(PLACES, BASES, strict=True)
]
VALUES = [
    [place for place in every if type(at(base, place)) in (int, float)]
    for every, base in zip(PLACES, BASES, strict=True)
]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A report with a few changes: mostly other texts and numbers, which its form allows, sometimes anything anywhere."""
    which = draw(st.integers(0, len(BASES) - 1))
    document = copy.deepcopy(BASES[which])
    for _ in range(draw(st.integers(1, 4))):
        change(draw, document, which)
    text = json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return broken(draw, text) if draw(st.integers(0, 19)) == 0 else text


def change(draw: st.DrawFn, document: Any, which: int) -> None:
    kind = draw(st.sampled_from(["text"] * 14 + ["number"] * 4 + ["anything", "missing", "more", "again", "key"]))
    place = draw(st.sampled_from({"text": WORDS, "number": VALUES}.get(kind, PLACES)[which]))
    try:
        inside, last = at(document, place[:-1]), place[-1]
        old = inside[last]
    except (LookupError, TypeError):
        # An earlier change took it away.
        return
    match kind:
        case "text":
            inside[last] = draw(texts)
        case "number":
            inside[last] = draw(numbers)
        case "anything":
            inside[last] = draw(junk)
        case "missing":
            del inside[last]
        case "more" if isinstance(inside, dict):
            inside[draw(texts)] = draw(junk)
        case "again" if isinstance(inside, list):
            inside.extend([old] * draw(st.sampled_from([1, 60, 700])))
        case "key" if isinstance(inside, dict):
            inside[draw(texts)] = inside.pop(last)


def broken(draw: st.DrawFn, text: bytes) -> bytes:
    cut = draw(st.integers(0, len(text)))
    middle = draw(st.one_of(st.binary(max_size=8), st.just(b"[" * 2000), st.just(b"\xff\xfe"), st.just(b"1" * 5000)))
    return text[:cut] + middle + (text[cut:] if draw(st.booleans()) else b"")


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.comments: list[str] = []
        self.prose: list[str] = []
        self.depth = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        self.depth += tag in ("code", "style")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in ("code", "style")

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.prose.append(data)


LINKS = [[("href", url)] for url in (SUMMARY, f"{SUMMARY}#artifacts", *map(address, entries()))]
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def assert_harmless(markdown: str, limit: int = 65_000) -> None:
    """As GitHub renders it: our own tags, no others; nobody mentioned, nothing linked but the job and our own page."""
    page = Page(RENDERER.render(markdown))
    for tag, attributes in page.tags:
        if tag == "a":
            assert attributes in LINKS, attributes
            continue
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, attributes
    assert page.comments == []
    prose = "\n".join(page.prose)
    assert (found := LIVELY.search(prose)) is None, prose[max(0, found.start() - 20) : found.end() + 20]
    for line in markdown.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    assert len(markdown.encode("utf-16-le", "surrogatepass")) // 2 <= limit


@dataclass
class Ran:
    log: str
    output: str
    summary: str
    bodies: list[str]


def relayed(data: bytes, folder: Path) -> Ran:
    """Mode report, from the artifact to the comment."""
    hub, clock, log = FakeGitHub("http://github.invalid", blob_url="http://blobs.invalid"), Clock(), io.StringIO()
    hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("report.json", data)
    hub.add_artifact(REPO, 42, "pocketfit-report", packed.getvalue())
    output, summary = folder / "output", folder / "summary"
    for file in (output, summary):
        file.write_text("")
    context = Context("workflow_run", REPO, HEAD, folder, hub.url, workflow_run=RUN, token=JOB_TOKEN)
    context = replace(context, output=output, step_summary=summary)
    github = GitHub(Rest(hub.url, JOB_TOKEN, sleep=clock.sleep, now=clock.now, transport=InProcess(hub)))
    assert relay(context, Inputs(comment="always"), github, log) == 0
    return Ran(log.getvalue(), output.read_text(), summary.read_text(), hub.bodies(REPO, 7))


REFUSED = re.compile(r"::warning title=Pocketfit::(.+: )?pocketfit-report/report\.json: [^\n]{5,500}\n")


def assert_shown_or_refused(data: bytes) -> bool:
    """What is said of a report, without GitHub: by its parser, and by the renderer of comment and summary."""
    try:
        report = parse_foreign_report(data, "pocketfit-report/report.json")
    except ConfigError as error:
        log = io.StringIO()
        annotate(log, "warning", str(error))
        assert_refused(log.getvalue())
        return False
    assert_harmless(render_markdown(report, job=Job(SUMMARY)))
    return True


def assert_relayed_or_refused(data: bytes, folder: Path) -> bool:
    """The same through all of mode report."""
    ran = relayed(data, folder)
    assert ran.log.count("\n") == 1
    assert ran.log[:-1].isprintable()
    told = dict((name, value) for name, _, value in re.findall(r"(.+)<<(.+)\n(.*)\n\2\n", ran.output))
    assert next(iter(told)) == "verdict"
    assert len(told) == 8
    assert told["verdict"] in ("pass", "fail", "error")
    if not ran.bodies:
        assert_refused(ran.log)
        assert ran.summary == ""
        return False
    assert ran.log.startswith("comment created: https://github.com/octo/phone/pull/7#issuecomment-")
    assert ran.bodies[0].startswith(MARK)
    assert_harmless(ran.bodies[0].removeprefix(MARK))
    assert_harmless(ran.summary, limit=1024 * 1024)
    return True


def assert_refused(log: str) -> None:
    assert REFUSED.fullmatch(log), log
    assert "##[" not in log


FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def test_every_report_is_shown_as_text_or_refused(tmp_path: Path) -> None:
    shown = []

    @FUZZ
    @given(files())
    def check(data: bytes) -> None:
        # All of it takes four times as long, and adds nothing that depends on the report.
        whole = len(shown) % 20 == 0
        shown.append(assert_relayed_or_refused(data, tmp_path) if whole else assert_shown_or_refused(data))

    check()

    assert len(shown) >= EXAMPLES
    assert 0.4 < sum(shown) / len(shown) < 0.95, "both ends are tried"


def test_the_page_is_harmless_too() -> None:
    """Fewer, since a page takes longer than a comment and Jinja escapes all of it alike."""

    @settings(FUZZ, max_examples=max(EXAMPLES // 50, 1))
    @given(files())
    def check(data: bytes) -> None:
        try:
            report = parse_foreign_report(data, "report.json")
        except ConfigError:
            return
        page = Page(render_html(report))
        assert {tag for tag, _ in page.tags} <= PAGE_TAGS
        assert {name for _, attributes in page.tags for name, _ in attributes} <= PAGE_ATTRIBUTES
        links = {value or "" for _, attributes in page.tags for name, value in attributes if name == "href"}
        assert {link for link in links if not link.startswith("#")} <= set(map(address, entries()))
        assert sum(tag == "script" for tag, _ in page.tags) <= 1
        assert page.comments == []

    check()


def test_publish_refuses_in_one_sentence_too(tmp_path: Path) -> None:
    """The command line reads a file and the event of a pull request, and is otherwise the same."""
    path = tmp_path / "report.json"
    pull = {"number": 7, "head": {"sha": HEAD, "repo": {"full_name": FORK}}, "base": {"sha": HEAD}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull}))
    with serve() as hub:
        environ = {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_API_URL": hub.url,
            "GITHUB_TOKEN": JOB_TOKEN,
        }

        @settings(FUZZ, max_examples=max(EXAMPLES // 100, 1))
        @given(files())
        def check(data: bytes) -> None:
            path.write_bytes(data)
            try:
                (published,) = publish_file(path, environ, mode="always")
                said = str(published)
            except ConfigError as error:
                said = str(error)
                assert said.startswith(f"{path}: ")
            assert said.isprintable()
            assert "##[" not in said
            for body in hub.bodies(REPO, 7):
                assert_harmless(body.removeprefix(MARK))

        check()
