"""From an empty installation to the first published story, by its administrator and its first author."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Locator, Page, expect

from channels.http import configure, deadlines
from publisher import clock
from publisher.config import Timings
from publisher.people import service as people
from publisher.people.models import User
from publisher.zones import wall
from sandbox.server import Sandbox
from tests.journeys.conftest import PHONE, Site
from tests.journeys.test_story import Reader, open_panel
from tests.plugins.newsroom import Newsroom

pytestmark = pytest.mark.browser

TITLE = "우리의 첫 이야기"
TEXTS = {
    "블로그": "처음 뵙겠습니다.",
    "@hanbit": "첫 글이 나왔습니다 {blog}",
    "솔루션": "첫 소식 {blog}",
}
Say = Callable[..., str]


@pytest.fixture
def ada(app: Flask) -> User:
    """The administrator whom the command line made: nobody else is here."""
    return people.add(None, "ada@example.com", "Ada", "admin")


@pytest.fixture
def newsroom(
    app: Flask,
    ada: User,
    sandbox: Sandbox,
    timings: Timings,
    travel: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Newsroom]:
    """An empty one, with the sandbox beside it as after `publisher up --sandbox`."""
    before = deadlines()
    monkeypatch.setenv("SANDBOX_PORT", str(sandbox.port))
    app.extensions["settings"] = replace(app.extensions["settings"], timings=timings)
    configure(replace(before, connect_s=timings.connect, call_s=timings.deadline))
    yield Newsroom(sandbox, ada, ada, {}, travel)
    configure(before)


def step(page: Page) -> Locator:
    """The step that is to be taken now."""
    return page.locator(".steps > [aria-current=step]")


def look_again(page: Page) -> None:
    """As when one comes back to the tab: what changed meanwhile shows without a reload."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def invite_mina(ada: Page, say: Say) -> str:
    """The second step; answers the invitation's link."""
    step(ada).get_by_role("link", name=say("Invite"), exact=True).click()
    ada.get_by_label(say("E-mail address")).fill("mina@example.com")
    ada.get_by_label(say("Name"), exact=True).fill("Mina")
    ada.locator("select[name=role]").select_option("author")
    ada.get_by_role("button", name=say("Invite"), exact=True).click()
    return ada.locator("main input[readonly]").first.input_value()


def write_and_submit(mina: Page, reader: Reader, say: Say) -> None:
    mina.locator("main").get_by_role("link", name=say("Begin a story")).first.click()
    mina.get_by_label(say("Title")).fill(TITLE)
    mina.get_by_role("button", name=say("Start writing")).click()
    for label, text in TEXTS.items():
        panel = open_panel(mina, reader, label)
        if label == "블로그":
            panel.get_by_role("textbox", name=say("Title"), exact=True).fill(TITLE)
        panel.locator("textarea[name=text]").fill(text)
        with mina.expect_navigation():
            panel.get_by_role("button", name=say("Save"), exact=True).click()
    mina.get_by_role("button", name=say("Submit all for review")).click()
    expect(mina.locator(".page-title")).to_contain_text(say("In review"))


def approve_all(ada: Page, say: Say) -> None:
    """The third step: each of the three posts, for an hour from now."""
    step(ada).get_by_role("link", name=say("Review it")).click()
    day, time = wall(clock.now() + timedelta(minutes=60), "Asia/Seoul").split("T")
    for _each in TEXTS:
        expect(ada.locator("h1")).to_have_text(TITLE)
        ada.get_by_label(say("Date")).fill(day)
        ada.get_by_label(say("Time"), exact=True).fill(time)
        ada.get_by_role("button", name=say("Approve")).first.click()
    expect(ada.locator("main")).to_contain_text(say("Nothing waits for review"))


@pytest.mark.parametrize(
    "reader", [Reader("english"), Reader("on a phone", "ko", PHONE)], ids=lambda reader: reader.name
)
def test_an_empty_installation_leads_to_the_first_published_story(
    enter: Callable[..., Page],
    new_context: Callable[..., BrowserContext],
    site: Site,
    ada: User,
    speak: Callable[..., Say],
    travel: Callable[[timedelta], None],
    reader: Reader,
) -> None:
    say = speak(reader.language, ada)
    page = enter(ada, **reader.browser)
    expect(page.locator(".steps > li")).to_have_count(3)
    expect(page.locator(".steps > .is-done")).to_have_count(0)

    step(page).get_by_role("button", name=say("Try it with the sandbox")).click()
    expect(page.locator(".steps > .is-done")).to_have_count(1)
    link = invite_mina(page, say)
    page.goto("/")
    expect(page.locator(".steps > .is-done")).to_have_count(2)

    context = new_context(base_url=site.url, **reader.browser)
    context.add_cookies([{"name": "language", "value": reader.language, "url": site.url}])
    mina = context.new_page()
    mina.goto(link)
    mina.locator("input[name=password]").fill("달력은 언제나 맞는다")
    mina.locator("main form button[type=submit]").click()
    mina.wait_for_url(f"{site.url}/")
    speak(reader.language, *people.everyone())
    mina.reload()
    expect(mina.locator(".steps")).to_have_count(0)
    write_and_submit(mina, reader, say)

    look_again(page)
    approve_all(page, say)
    page.goto("/")
    expect(step(page).get_by_role("link", name=say("Watch it go out"))).to_be_visible()
    expect(page.locator("time[data-countdown]").first).to_be_visible()

    travel(timedelta(minutes=61))
    room, story = site.newsroom, site.story(TITLE)
    site.wait_until(lambda: set(room.statuses(story).values()) == {"published"})
    look_again(page)
    expect(page.locator(".steps")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(say("Nothing waits for you."))
    assert [text.split(" http")[0] for text in room.really_posted("x")] == ["첫 글이 나왔습니다"]
    assert len(room.really_posted("facebook")) == 1
