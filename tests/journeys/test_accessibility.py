"""Every page, in both languages, both themes and two widths: for everybody, and within its own walls.

Routes are walked, not listed: a new page is looked at as soon as it exists, or fails here until it can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page
from werkzeug.routing import Rule

from publisher import clock
from publisher.config import Config
from publisher.deliveries import service as deliveries
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.notices import service as notices
from publisher.people import links, sessions
from publisher.people import service as people
from publisher.people.rules import ANYONE
from publisher.stories import categories, comments
from tests.journeys.conftest import Site
from tests.plugins.app import Cast
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SENTENCE = re.compile(r"[A-Za-z']+(?: [a-z']+){3,}")
"""Four English words in a row: in Korean pages an untranslated sentence."""
NO_PAGES = {
    "static",
    *("blog.atom", "blog.robots", "blog.sitemap", "feeds.subscription", "media.picture"),
    "calendar.index",  # leads on to this month
    *("deliveries.progress", "today.part"),  # parts of their pages, which are looked at whole
    "notices.follow",  # leads on to another page
    "people.audit_table",  # a file
    "blog.sitemap_part",
    *("health.live", "health.health", "health.metrics"),  # for machines
}
EMPTY = (
    *(
        "/",
        "/stories",
        "/stories?q=nothing",
        "/review",
        "/attention",
        "/media",
        "/feeds",
        "/notices",
    ),
    *("/calendar/list", "/categories", "/blog"),
)
"""Pages that say what will be here, while nothing is."""
MAIN = {"calendar.month", "stories.show", "stories.review_post", "deliveries.post", "blog.article"}


@dataclass(frozen=True)
class Look:
    """How a reader sees the pages."""

    language: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


EVERYWHERE = [
    Look("en", "light", 1280),
    Look("ko", "dark", 390),
    Look("ko", "light", 1280),
    Look("en", "dark", 390),
]
MAIN_ONLY = [
    Look(language, theme, width)
    for language in ("en", "ko")
    for theme in ("light", "dark")
    for width in (390, 1280)
    if Look(language, theme, width) not in EVERYWHERE
]

LOOKS = [
    *(pytest.param(look, n, id=f"{look}-half-{n + 1}") for look in EVERYWHERE for n in (0, 1)),
    *(pytest.param(look, None, id=str(look)) for look in MAIN_ONLY),
]
"""All pages are looked at in halves, so that two test processes share them."""


@pytest.fixture
def config(config: Config, look: Look) -> Config:
    """The installation's language is that of its blog."""
    return replace(config, language=look.language)


@pytest.fixture
def values(site: Site, cast: Cast) -> dict[str, dict[str, object]]:
    """What fills the addresses of pages that are about something: one story is out, another in review."""
    room = site.newsroom
    categories.add_category(cast.ada, slug="news", name_ko="소식", name_en="News")
    out, waiting = room.approve(room.story()), room.story()
    comments.comment(cast.rui, waiting, "출처를 적어 주세요.", waiting.posts[0])
    media.upload(cast.ada, "a.png", picture(), "빨강과 파랑")
    feeds.make(cast.ada, "편집 달력", {}, "full", "ko")
    notices.notify(cast.ada, "approved", {"title": "첫 이야기", "who": "Rui"}, "/stories")
    dropped = room.post(room.approve(room.story("blog"), in_s=3600), "blog")
    deliveries.cancel(cast.rui, dropped)
    site.wait_until(lambda: set(room.statuses(out).values()) == {"published"})
    post = room.post(waiting, "x")
    live = room.post(out, "blog")
    month = clock.now() + timedelta(hours=9)
    return {
        "accounts.show": {"slug": "x"},
        "blog.article": {"slug": unquote(live.url).rpartition("/")[2]},
        "blog.author": {"slug": cast.ana.slug},
        "blog.category": {"slug": "news"},
        "calendar.month": {"year": month.year, "month": month.month},
        "calendar.move_dialog": {"post_id": post.id},
        "deliveries.post": {"post_id": live.id},
        "deliveries.publish_again": {"post_id": dropped.id},
        "deliveries.take_down": {"post_id": live.id},
        "people.link": {"token": links.make_link(None, cast.vic).rpartition("/")[2]},
        "people.person": {"user_id": cast.ana.id},
        "stories.review_post": {"post_id": post.id},
        "stories.revisions": {"post_id": post.id},
        "stories.activity": {"story_id": out.id},
        "stories.show": {"story_id": waiting.id},
    }


def addresses(app: Flask, values: dict[str, dict[str, object]]) -> Iterator[tuple[str, str]]:
    """(endpoint, address) of every page; a page whose values nobody wrote above fails here."""
    rules: list[Rule] = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    adapter = app.url_map.bind("localhost")
    for rule in rules:
        page = "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES
        if page and not rule.endpoint.startswith("api."):
            yield rule.endpoint, adapter.build(rule.endpoint, dict(values.get(rule.endpoint, {})))


def visitors(
    app: Flask, new_context: Callable[..., object], site: Site, cast: Cast, look: Look
) -> tuple[Page, Page]:
    """A stranger's window and an administrator's, both with that look."""
    people.save_look(cast.ada, language=look.language, theme=look.theme)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    session = signer.dumps({"token": sessions.begin_session(cast.ada, "a test's browser")})
    windows = []
    for cookies in ({}, {"publisher": session}):
        context = new_context(
            base_url=site.url,
            viewport={"width": look.width, "height": 844},
            color_scheme=look.theme,
        )
        wanted = {"language": look.language, "theme": look.theme, **cookies}
        context.add_cookies([{"name": k, "value": v, "url": site.url} for k, v in wanted.items()])
        windows.append(context.new_page())
    return windows[0], windows[1]


def faults(page: Page, address: str, look: Look) -> Iterator[str]:
    """What is wrong with the page that is open."""
    if (headings := page.locator("h1").count()) != 1:
        yield f"{headings} main headings"
    wanted = "ko" if "/blog/%" in address else look.language  # an article speaks its own language
    if (language := page.locator("html").get_attribute("lang")) != wanted:
        yield f"says that it is in {language}"
    for width in {look.width, min(look.width, 320)}:
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            yield f"{wide} px too wide at {width}"
    page.set_viewport_size(
        {"width": look.width, "height": 4000}
    )  # bars that stick cover nothing then
    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    for problem in found:
        yield f"{problem['id']}: {[node['html'][:160] for node in problem['nodes'][:3]]}"
    if look.language == "ko" and (said := SENTENCE.search(page.locator("body").inner_text())):
        yield f"not translated: {said[0]}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("look", "half"), LOOKS)
def test_pages_are_for_everybody(
    app: Flask,
    site: Site,
    cast: Cast,
    new_context: Callable[..., object],
    values: dict[str, dict[str, object]],
    look: Look,
    half: int | None,
) -> None:
    stranger, admin = visitors(app, new_context, site, cast, look)
    wrong: list[str] = []
    seen = 0
    pages = [*addresses(app, values), ("", "/nothing-here")]
    for endpoint, address in pages if half is None else pages[half::2]:
        if half is None and endpoint not in MAIN:
            continue
        page = stranger if app.extensions["access"].get(endpoint) == ANYONE else admin
        answer = page.goto(address)
        assert answer and not answer.request.redirected_from, f"{address} leads to {page.url}"
        assert answer.status == (200 if endpoint else 404), address
        seen += 1
        wrong += [f"{address}: {fault}" for fault in faults(page, address, look)]
    assert not wrong, "\n".join(wrong)
    assert seen >= (len(MAIN) if half is None else 18)


@pytest.mark.parametrize("look", EVERYWHERE[:2], ids=str)
def test_empty_pages_are_for_everybody(
    app: Flask, site: Site, cast: Cast, new_context: Callable[..., object], look: Look
) -> None:
    _stranger, admin = visitors(app, new_context, site, cast, look)
    wrong: list[str] = []
    for address in EMPTY:
        admin.goto(address)
        wrong += [f"{address}: {fault}" for fault in faults(admin, address, look)]
    assert not wrong, "\n".join(wrong)
