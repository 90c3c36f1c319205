"""Every page, in both languages, both themes and two widths, for each role: for everybody, within its walls.

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
from playwright.sync_api import BrowserContext, Page
from werkzeug.routing import Rule

from publisher import clock
from publisher.config import Config
from publisher.deliveries import service as deliveries
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.notices import service as notices
from publisher.people import links, sessions
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import ANYONE, at_least
from publisher.stories import categories, comments
from tests.journeys.conftest import Site
from tests.plugins.app import Cast
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HEIGHT = 4000
SENTENCE = re.compile(r"[A-Za-z']+(?: [a-z']+){3,}")
"""Four English words in a row: in Korean pages an untranslated sentence."""
NO_PAGES = {
    "static",
    *("blog.atom", "blog.robots", "blog.sitemap", "feeds.subscription", "media.picture"),
    *("calendar.picture", "cards.picture", "media.cut"),
    "calendar.index",  # leads on to this month
    # parts of their pages, which are looked at whole
    *("deliveries.progress", "deliveries.attention_part", "stories.review_part"),
    *("stories.statuses", "today.part", "today.shell"),
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
THEMES = ("light", "dark")
READERS = {"author": "ana", "viewer": "vic"}
"""Who sees some pages otherwise than an administrator does."""

CHECK = """
(rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"], preload: false })
  .then(({ violations }) => violations.map(({ id, nodes }) =>
    `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`))
"""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules for which the theme makes a difference; all others are about what both have in common."""
TURN = """
(theme) => {
  Object.assign(document.documentElement.dataset, { theme, bsTheme: theme });
  document.querySelector("meta[name=color-scheme]")?.setAttribute("content", theme);
}
"""
SECRETS = re.compile(r'value="[^"]*"')


@dataclass(frozen=True)
class Look:
    """How a reader sees the pages. They are loaded in `theme`, and looked at in the other one, too."""

    language: str
    width: int
    theme: str
    reader: str

    def __str__(self) -> str:
        return f"{self.language}-{self.width}"

    @property
    def other_theme(self) -> str:
        return next(theme for theme in THEMES if theme != self.theme)


LOOKS = [
    Look("en", 1280, "light", "author"),
    Look("ko", 390, "dark", "author"),
    Look("ko", 1280, "light", "viewer"),
    Look("en", 390, "dark", "viewer"),
]
HALVES = [pytest.param(look, n, id=f"{look}-half-{n + 1}") for look in LOOKS for n in (0, 1)]
"""All pages are looked at in halves, so that two test processes share them."""


@pytest.fixture
def config(config: Config, look: Look) -> Config:
    """The installation's language is that of its blog."""
    return replace(config, language=look.language)


@pytest.fixture
def values(site: Site, cast: Cast) -> dict[str, dict[str, object]]:
    """What fills the addresses of pages that are about something: one story is out, another in review."""
    room = site.newsroom
    news = categories.add_category(cast.ada, slug="news", name_ko="소식", name_en="News")
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
        "stories.category": {"category_id": news.id},
        "stories.choose_pictures": {"post_id": post.id},
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


@dataclass
class Window:
    """One reader's window, and what is wrong with what it shows."""

    page: Page
    look: Look
    wrong: list[str]

    def go(self, address: str) -> int:
        """Open the page; answers its status."""
        answer = self.page.goto(address)
        assert answer and not answer.request.redirected_from, f"{address} leads to {self.page.url}"
        return answer.status

    def main(self) -> str:
        """What stands on the page besides its shell."""
        return SECRETS.sub("", self.page.locator("main").inner_html())

    def check(self, address: str) -> None:
        self.wrong += [f"{address}: {fault}" for fault in faults(self.page, address, self.look)]


def window(
    app: Flask,
    new_context: Callable[..., BrowserContext],
    site: Site,
    look: Look,
    user: User | None = None,
) -> Window:
    """A window of `user`'s, or of a stranger's, with that look. It is so high that no bar covers anything."""
    cookies = {"language": look.language, "theme": look.theme}
    if user:
        people.save_look(user, language=look.language, theme=look.theme)
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        token = sessions.begin_session(user, "a test's browser")
        cookies["publisher"] = signer.dumps({"token": token})
    context = new_context(
        base_url=site.url,
        viewport={"width": look.width, "height": HEIGHT},
        color_scheme=look.theme,
    )
    context.add_cookies([{"name": k, "value": v, "url": site.url} for k, v in cookies.items()])
    context.add_init_script(Axe().axe_script)
    return Window(context.new_page(), look, [])


def faults(page: Page, address: str, look: Look) -> Iterator[str]:
    """What is wrong with the page that is open."""
    if (headings := page.locator("h1").count()) != 1:
        yield f"{headings} main headings"
    wanted = "ko" if "/blog/%" in address else look.language  # an article speaks its own language
    if (language := page.locator("html").get_attribute("lang")) != wanted:
        yield f"says that it is in {language}"
    yield from page.evaluate(CHECK, WCAG)
    if look.language == "ko" and (said := SENTENCE.search(page.locator("body").inner_text())):
        yield f"not translated: {said[0]}"
    page.emulate_media(color_scheme=look.other_theme)  # type: ignore[arg-type]
    page.evaluate(TURN, look.other_theme)
    yield from (f"{fault} ({look.other_theme})" for fault in page.evaluate(CHECK, COLOURS))
    page.emulate_media(color_scheme=look.theme)  # type: ignore[arg-type]
    for width in {look.width, 320} if look.width < 640 else {look.width}:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            yield f"{wide} px too wide at {width}"
    if look.width < 640:
        page.set_viewport_size({"width": look.width, "height": HEIGHT})


@pytest.mark.timeout(480)
@pytest.mark.parametrize(("look", "half"), HALVES)
def test_pages_are_for_everybody(
    app: Flask,
    site: Site,
    cast: Cast,
    new_context: Callable[..., BrowserContext],
    values: dict[str, dict[str, object]],
    look: Look,
    half: int,
) -> None:
    access: dict[str, str] = app.extensions["access"]
    who: User = getattr(cast, READERS[look.reader])
    stranger = window(app, new_context, site, look)
    admin, reader = (window(app, new_context, site, look, user) for user in (cast.ada, who))
    pages = [*addresses(app, values), ("", "/nothing-here")][half::2]
    assert len(pages) >= 18
    for endpoint, address in pages:
        needed = access.get(endpoint)
        first = stranger if needed == ANYONE else admin
        assert first.go(address) == (200 if endpoint else 404), address
        shown = first.main()
        first.check(address)
        if needed in {None, ANYONE} or not at_least(look.reader, str(needed)):
            continue
        if reader.go(address) == 200 and reader.main() != shown:
            reader.check(f"{address} ({look.reader})")
    wrong = stranger.wrong + admin.wrong + reader.wrong
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("look", LOOKS[:2], ids=str)
def test_empty_pages_are_for_everybody(
    app: Flask, site: Site, cast: Cast, new_context: Callable[..., BrowserContext], look: Look
) -> None:
    admin = window(app, new_context, site, look, cast.ada)
    for address in EMPTY:
        admin.go(address)
        admin.check(address)
    assert not admin.wrong, "\n".join(admin.wrong)
