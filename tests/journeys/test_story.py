"""From a first sentence to live addresses, as two people do it in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from publisher import clock
from publisher.zones import wall
from tests.journeys.conftest import PHONE, Site, reload_until_seen
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

SEOUL = "Asia/Seoul"
TITLE = "공장 자동화 1년"
ARTICLE = "불량률은 **38%** 줄었습니다."
TWEET = "공장 세 곳을 자동화하며 배운 것"
NEWS = "1년 동안 배운 것을 정리했습니다."
Say = Callable[..., str]


@dataclass(frozen=True)
class Reader:
    """How somebody reads and writes here."""

    name: str
    language: str = "en"
    browser: dict[str, Any] = field(default_factory=dict)

    @property
    def scripts(self) -> bool:
        return bool(self.browser.get("java_script_enabled", True))


READERS = [
    Reader("english"),
    Reader("korean", "ko"),
    Reader("on a phone", "ko", PHONE),
    Reader("without scripts", "en", {"java_script_enabled": False}),
]


def open_panel(page: Page, reader: Reader, label: str) -> Any:
    """The desk's part for one account; behind its tab where scripts run."""
    if reader.scripts:
        page.locator(".tabs a.tab", has_text=label).click()
    return page.locator(".post-panel", has=page.locator("h2", has_text=label))


def write(page: Page, reader: Reader, say: Say, label: str, text: str, *, title: str = "") -> None:
    """Write one post and save it; {blog} is put in with its chip, or typed where no script runs."""
    panel = open_panel(page, reader, label)
    if title:
        panel.get_by_role("textbox", name=say("Title"), exact=True).fill(title)
    area = panel.locator("textarea[name=text]")
    area.fill(text)
    if not title and reader.scripts:
        area.press("End")
        panel.locator('button[data-insert="{blog}"]').click()
        expect(area).to_have_value(re.compile(r"\{blog\}"))
    elif not title:
        area.fill(f"{text} {{blog}}")
    with page.expect_navigation():
        panel.get_by_role("button", name=say("Save"), exact=True).click()


def begin_and_submit(ana: Page, reader: Reader, say: Say) -> None:
    """A newcomer begins a story for all three accounts, writes, saves and submits."""
    ana.goto("/stories")
    ana.locator("main").get_by_role("link", name=say("New story")).first.click()
    ana.get_by_label(say("Title")).fill(TITLE)
    ana.get_by_role("button", name=say("Start writing")).click()

    panel = open_panel(ana, reader, "blog")
    expect(panel.locator(".problems li.is-hard").first).to_be_visible()
    write(ana, reader, say, "blog", ARTICLE, title=TITLE)
    write(ana, reader, say, "x", TWEET)
    panel = open_panel(ana, reader, "x")
    expect(panel.locator(".counter").first).to_contain_text(" / 280")
    expect(panel.locator(".problems li.is-hard")).to_have_count(0)
    write(ana, reader, say, "page", NEWS)

    ana.get_by_role("button", name=say("Submit all for review")).click()
    expect(ana.locator("#toasts")).to_contain_text("3")
    expect(ana.locator(".page-title")).to_contain_text(say("In review"))


def approve_all(rui: Page, say: Say, due: datetime) -> None:
    """An editor walks through the queue and approves each post for that minute."""
    rui.goto("/review")
    expect(rui.locator(".review-queue .item")).to_have_count(3)
    rui.get_by_role("link", name=say("Start reviewing")).click()
    day, time = wall(due, SEOUL).split("T")
    for _each in range(3):
        expect(rui.locator("h1")).to_have_text(TITLE)
        rui.get_by_label(say("Date")).fill(day)
        rui.get_by_label(say("Time"), exact=True).fill(time)
        rui.get_by_role("button", name=say("Approve")).first.click()
    expect(rui.locator("main")).to_contain_text(say("Nothing waits for review"))


def find_on_the_calendar(rui: Page, say: Say, due: datetime) -> None:
    """All three are there with their time; from the blog's card to its delivery page."""
    day, time = wall(due, SEOUL).split("T")
    rui.goto(f"/calendar/{day[:4]}/{int(day[5:7])}")
    cards = rui.locator("[data-card]", has_text=TITLE)
    expect(cards).to_have_count(3)
    coming = re.compile(f"{say('Scheduled')}|{say('Waiting')}")  # two wait for the blog's address
    for n in range(3):
        expect(cards.nth(n)).to_contain_text(coming)
        expect(cards.nth(n).locator("time").first).to_have_text(time)
    cards.filter(has_text="blog").locator("a.card-link").click()
    rui.get_by_role("link", name=say("Delivery"), exact=True).first.click()
    expect(rui.locator("#progress")).to_contain_text(say("Scheduled"))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_from_a_first_sentence_to_live_addresses(
    enter: Callable[..., Page],
    site: Site,
    cast: Cast,
    speak: Callable[..., Say],
    travel: Callable[[timedelta], None],
    reader: Reader,
) -> None:
    say = speak(reader.language, cast.ana, cast.rui)
    ana, rui = enter(cast.ana, **reader.browser), enter(cast.rui, **reader.browser)
    expect(ana.locator("html")).to_have_attribute("lang", reader.language)
    due = clock.now() + timedelta(minutes=90)

    begin_and_submit(ana, reader, say)
    approve_all(rui, say, due)
    find_on_the_calendar(rui, say, due)

    # The time comes: the platforms get the texts, and the delivery page says where.
    travel(timedelta(minutes=91))
    newsroom, story = site.newsroom, site.story(TITLE)
    site.wait_until(lambda: set(newsroom.statuses(story).values()) == {"published"})
    if not reader.scripts:
        rui.reload()
    address = rui.locator("#progress a[target=_blank]")
    expect(address).to_have_attribute("href", re.compile(f"^{re.escape(site.url)}/blog/"))
    expect(address).to_contain_text("/blog/공장-자동화-1년")
    live = {slug: newsroom.post(story, slug).url for slug in ("blog", "x", "page")}
    for platform, text in (("x", TWEET), ("facebook", NEWS)):
        (posted,) = newsroom.really_posted(platform)
        assert posted.startswith(f"{text} {live['blog']}")

    # The article says where else it is discussed.
    rui.goto(live["blog"])
    expect(rui.locator("h1")).to_have_text(TITLE)
    expect(rui.locator(".article-body strong")).to_have_text("38%")
    for slug in ("x", "page"):
        reload_until_seen(rui, f".discussed a[href='{live[slug]}']")
