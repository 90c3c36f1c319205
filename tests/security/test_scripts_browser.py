"""A corpus of stored scripts in every text that people write, shown in a real browser on every page.

Whatever ran would call `alert`, set `document.title`, ask another host, or break the pages' policy; the
browser's guard notices each.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from xml.etree import ElementTree

import pytest
from flask import Flask
from icalendar import Calendar
from PIL import Image
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

from channels.base import Author, Content, Link
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.blog.service import Shelf
from publisher.config import Config
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.notices import letters
from publisher.notices import service as notices
from publisher.notices.models import Notice
from publisher.people import service as people
from publisher.people import sessions, tokens
from publisher.people.models import User
from publisher.people.rules import Role, Scope
from publisher.storage import writing
from publisher.stories import categories, comments, review
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.app import Cast
from tests.plugins.chromium import BrowserGuard
from tests.security.conftest import X_KEYS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HARM = "alert(1);document.title='owned'"
SHORT = f"\"'><img src=x onerror={HARM}>{{{{7*7}}}}"
"""Fits where names fit: out of an attribute, into an element, into a template."""

CORPUS = (
    f"<script>{HARM}</script>",
    f"</title></textarea></style></script><script>{HARM}</script>",
    f"<img src=x onerror={HARM}>",
    f"<svg onload={HARM}><animate onbegin={HARM} attributeName=x dur=1s>",
    f"<svg><script href=data:,{HARM} /></svg>",
    f'<iframe srcdoc="<script>parent.{HARM}</script>"></iframe>',
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;<img src=1 onerror={HARM}>'>",
    f"<details open ontoggle={HARM}>",
    f'<a href="java\tscript:{HARM}">a</a>',
    f"<form action=javascript:{HARM}><button>a</button></form><input autofocus onfocus={HARM}>",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example/a.css>",
    f"<meta http-equiv=refresh content='0;url=javascript:{HARM}'>",
    f"<object data=javascript:{HARM}></object><embed src=//evil.example/a.swf>",
    "<style>@import'//evil.example/a.css';*{background:url(//evil.example/b)}</style>",
    f"<x-a style=animation-name:x onanimationstart={HARM}>",
    f'<noscript><p title="</noscript><img src=x onerror={HARM}>">',
    f"[a](javascript:{HARM}) [b](JaVaScRiPt&colon;{HARM}) [c](\x01javascript:{HARM})",
    f"[d](data:text/html,<script>{HARM}</script>) [e](vbscript:{HARM}) <javascript:{HARM}>",
    f"![f](https://evil.example/pixel.png) ![g](javascript:{HARM}) ![h](data:image/svg+xml,<svg>)",
    f'![i" onerror="{HARM}](/media/x/web.webp) ![j](/media/../../evil.example/a.webp)',
    f"[k]: javascript:{HARM}\n[k] [^l]\n\n[^l]: <img src=x onerror={HARM}>",
    f'```html"onmouseover="{HARM}\n<script>{HARM}</script>\n```',
    f"# <img src=x onerror={HARM}> {{#a onclick={HARM}}}",
    f'https://youtu.be/dQw4w9WgXcQ"onclick="{HARM}',
    f"| <img src=x onerror={HARM}> | b |\n|:--|--:|\n| </td><script>{HARM}</script> | d |",
    f"&lt;script&gt;{HARM}&lt;/script&gt; &#60;script&#62; \\u003cscript\\u003e",
    f"{{{{ config }}}} {{% raw %}} ${{{HARM}}} <%= 1 %> {{{{constructor.constructor('{HARM}')()}}}}",
    f"]]><script>{HARM}</script><![CDATA[ --><script>{HARM}</script><!-- \u2028 \u202e",
    f"<a href=x hx-on:click={HARM} hx-get=//evil.example hx-trigger=load data-confirm='<b>'>a</a>",
    f'<div data-move-form data-youtube="\'><script>{HARM}</script>" hx-get=/me/sessions/end hx-trigger=load>',
)
TEXT = "\n\n".join(CORPUS)


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, site_name=SHORT, mail_url="smtp://localhost", mail_from="a@example.com")


@pytest.fixture
def person(app: Flask, cast: Cast) -> User:
    """An administrator whose own name is an attack."""
    return people.add(None, "'onerror=alert`1`//x@evil.example", SHORT, Role.ADMIN)


@pytest.fixture
def blog(app: Flask) -> Account:
    accounts.connect(None, kind="twitter", slug="x", label=SHORT, credentials=X_KEYS)
    keys = {"page_id": SHORT, "page_token": SHORT}
    accounts.connect(None, kind="facebook", slug="f", label=SHORT, credentials=keys)
    return accounts.connect(None, kind="blog", slug="blog", label=SHORT)


@pytest.fixture
def story(app: Flask, cast: Cast, person: User, blog: Account) -> Story:
    """A story in which every text is an attack: drafted, commented, in review, refused and approved."""
    with writing():
        category = categories.add_category(
            person, slug="attack", name_ko=SHORT[:80], name_en=SHORT[:80]
        )
    out = BytesIO()
    Image.new("RGB", (90, 60), "teal").save(out, "PNG")
    picture = media.upload(person, SHORT + ".png", out.getvalue(), SHORT)
    story = stories.create_story(
        person,
        title=SHORT,
        brief=TEXT,
        category_id=category.id,
        campaign=SHORT,
        language="en",
    )
    for slug in ("blog", "x", "f"):
        draft = Draft(
            title=SHORT, text=TEXT, link="javascript:alert(1)", media=(MediaUse(picture.id, SHORT),)
        )
        at = clock.now() + timedelta(hours=2)
        stories.add_post(person, story, accounts.by_slug(slug), draft, planned_at=at, zone="UTC")
    post = next(each for each in story.posts if each.account.kind == "blog")
    stories.edit(person, post, Draft(title=SHORT, text=TEXT + "!"), version=post.version)
    for text in (SHORT, TEXT[:9000]):
        comments.comment(cast.rui, story, text, post)
    review.submit(person, post)
    review.request_changes(cast.rui, post, TEXT[:9000])
    review.submit(person, post)
    return story


@pytest.fixture
def article(app: Flask, story: Story, person: User) -> str:
    """The address of the same text as an article."""
    content = Content(
        title=SHORT, text=TEXT, author=Author(SHORT, "x"), category="attack", slug="attack"
    )
    with writing():
        receipt = Shelf().put(content, key="d1")
        Shelf().show_links(receipt.remote_id, [Link("twitter", SHORT, "https://x.com/a/status/1")])
    return receipt.url


@pytest.fixture
def site(app: Flask, article: str) -> Iterator[str]:
    db.session.rollback()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def everything(app: Flask, story: Story, person: User) -> list[str]:
    """The addresses of the app's pages that show what people wrote."""
    tokens.create_token(person, person, SHORT, [Scope.READ])
    feeds.make(person, SHORT)
    notices.notify(person, "comment", {"by": SHORT, "title": SHORT, "text": TEXT}, "/stories/1")
    accounts.hold(person, SHORT)
    accounts.pause(person, accounts.by_slug("x"), SHORT)
    sessions.begin_session(person, SHORT)
    posts = [
        path
        for post in story.posts
        for path in (
            f"/posts/{post.id}/revisions",
            f"/posts/{post.id}/deliveries",
            f"/calendar/posts/{post.id}/move",
            f"/review/{post.id}",
        )
    ]
    return [
        *(
            "/stories",
            "/stories?q=%22'%3E%3Cscript%3Ealert(1)%3C/script%3E",
            f"/stories/{story.id}",
        ),
        *("/stories/new", "/categories", "/review", "/calendar", "/calendar/list", "/attention"),
        *("/accounts", "/accounts/x", "/media", "/feeds", "/notices", "/people", "/admin/audit"),
        *("/me", "/me/security", "/me/tokens", f"/people/{person.id}", "/people/invite"),
        *(
            "/calendar/list?account=%22%3E%3Csvg/onload=alert(1)%3E",
            "/%22%3E%3Csvg/onload=alert(1)%3E",
        ),
        *posts,
    ]


def watch(page: Page) -> list[str]:
    """What ran although it should not have."""
    ran: list[str] = []

    def caught(dialog) -> None:  # type: ignore[no-untyped-def]  # Playwright's own type
        ran.append(f"dialog on {page.url}: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", caught)
    return ran


def harmless(page: Page, path: str) -> None:
    """No attack became an element, an attribute or a title."""
    assert page.title() != "owned", path
    found = page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap((element) => [
            ...[...element.attributes].filter(({name, value}) => name.startsWith('on')
                || name.startsWith('hx-on')
                || (['href', 'src', 'action', 'formaction', 'data'].includes(name)
                    && /^\\s*(javascript|vbscript|data:text)/i.test(value)))
              .map(({name, value}) => `${element.tagName} ${name}=${value}`),
            ...(['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'MATH'].includes(element.tagName)
                ? [element.tagName] : []),
        ])"""
    )
    assert found == [], path


def test_no_page_of_the_app_runs_what_people_wrote(
    site: str, app: Flask, person: User, everything: list[str], context: BrowserContext
) -> None:
    cookie = app.session_interface.get_signing_serializer(app)
    token = sessions.begin_session(person, "")
    assert cookie is not None
    value = str(cookie.dumps({"token": token}))
    db.session.rollback()
    context.add_cookies([{"name": "publisher", "value": value, "url": site}])
    page = context.new_page()
    ran = watch(page)
    for path in everything:
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status in {200, 404}, path
        harmless(page, path)
    assert ran == []


def test_the_blog_runs_nothing_and_asks_nobody(
    site: str, article: str, page: Page, browser_guard: BrowserGuard
) -> None:
    ran = watch(page)
    for path in (
        article.removeprefix("http://localhost"),
        "/blog",
        "/blog/category/attack",
        "/blog/author/x",
    ):
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status == 200, path
        harmless(page, path)
    assert ran == []
    assert browser_guard.problems == []


def test_the_atom_feed_stays_xml_and_its_articles_harmless(
    site: str, app: Flask, page: Page
) -> None:
    """As a feed reader shows it: each entry's HTML set into a page without any policy."""
    root = ElementTree.fromstring(app.test_client().get("/blog/atom.xml").data)
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = root.findall(f"{atom}entry")
    assert SHORT in str(entry.findtext(f"{atom}title"))
    html = str(entry.findtext(f"{atom}content"))
    ran = watch(page)
    page.set_content(f"<!doctype html><title>reader</title><main>{html}</main>")
    harmless(page, "atom")
    assert page.title() == "reader"
    assert ran == []


def test_a_calendar_program_reads_the_words_as_words(
    app: Flask, story: Story, person: User
) -> None:
    """No text ends a line of its own: what looks like another event stays part of the summary."""
    evil = "T\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTACH:https://evil.example\r\nX;Y:Z\x0bW\u2028V"
    with writing():
        stories.update_story(
            person,
            story,
            version=story.version,
            title=evil,
            brief="",
            category_id=None,
            campaign="",
            language="en",
            deadline=None,
            author_ids=(),
        )
    x = next(each for each in story.posts if each.account.kind == "twitter")
    draft = Draft(text=evil, media=x.head.draft.media)
    stories.edit(person, x, draft, version=x.version)
    _feed, url = feeds.make(person, evil)
    data = app.test_client().get(url.removeprefix("http://localhost")).data
    found = Calendar.from_ical(data).walk("VEVENT")
    assert len(found) == len(story.posts)
    lines = data.split(b"\r\n")
    assert lines.count(b"BEGIN:VEVENT") == len(story.posts)
    assert not [line for line in lines if line.startswith((b"ATTACH", b"X;Y"))]
    assert all(b"\n" not in line and b"\r" not in line for line in lines)


def test_a_mail_keeps_its_headers(app: Flask, cast: Cast) -> None:
    evil = "T\r\nBcc: everyone@example.com\r\n\r\n<script>\x0b\x85\u2028X"
    notices.notify(cast.ana, "comment", {"by": evil, "title": evil, "text": evil}, "/stories/1")
    notice = db.session.query(Notice).filter_by(user_id=cast.ana.id).one()
    written = letters.about_notice(cast.ana, notice)
    assert written["Bcc"] is None
    assert written["To"] == "ana@example.com"
    page = written.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()
    assert b"\r\nBcc:" not in written.as_bytes().replace(b"\n", b"\r\n").split(b"\r\n\r\n")[0]
