"""The desk and the review in a browser: counted while writing, driven by keys, readable by all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from publisher.accounts import service as accounts
from publisher.extensions import db
from publisher.people import sessions
from publisher.people.models import User
from publisher.stories import review, service
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
WIDTHS = (1280, 390)


class Silent(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Requests are no news in a test."""


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the running app."""
    app.config["WTF_CSRF_ENABLED"] = True
    db.session.rollback()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def story(cast: Cast) -> Story:
    """A story with an article and a tweet that links to it."""
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    x = accounts.connect(
        None, kind="twitter", slug="x", label="X", credentials=dict.fromkeys(KEYS, "k")
    )
    story = service.create_story(cast.ana, title="A new calendar")
    service.add_post(cast.ana, story, blog, Draft(title="A new calendar", text="It is **here**."))
    service.add_post(cast.ana, story, x, Draft(text="Out now"))
    return story


@pytest.fixture
def browse(
    app: Flask, site: str, new_context: Callable[..., BrowserContext]
) -> Callable[..., Page]:
    """`browse(person, width)`: a page of that person's own browser."""

    def go(person: User, width: int = 1280) -> Page:
        token = sessions.begin_session(person, "a test's browser")
        cookie = app.session_interface.get_signing_serializer(app).dumps({"token": token})
        db.session.rollback()
        context = new_context(base_url=site, viewport={"width": width, "height": 844})
        context.add_cookies([{"name": "publisher", "value": cookie, "url": site}])
        return context.new_page()

    return go


def test_writing_is_counted_as_the_platform_counts_and_a_chip_inserts_a_link(browse, cast, story):
    page = browse(cast.ana)
    page.goto(f"/stories/{story.id}?post=2#post-2")
    text, gauge = page.locator("#p2-text"), page.locator("#gauge-2")
    expect(page.locator("section.post-panel:visible")).to_have_count(1)
    text.fill("가" * 128)
    expect(gauge).to_contain_text("256 / 280")
    text.press("Control+End")
    page.locator("#post-2 [data-insert]").click()
    expect(text).to_have_value("가" * 128 + " {blog}")
    expect(gauge).to_contain_text("280 / 280")
    expect(gauge).to_contain_text("US$0.20")
    text.press("Control+End")
    text.press_sequentially("!!")
    expect(gauge.locator(".problems .is-hard")).to_contain_text("282, 2 more than the limit")


def test_the_second_of_two_who_save_sees_both_texts_and_may_keep_hers(
    browse, cast, story, browser_guard
):
    ana, rui = browse(cast.ana), browse(cast.rui)
    for page in (ana, rui):
        page.goto(f"/stories/{story.id}?post=2#post-2")
    rui.locator("#p2-text").fill("Rui's words")
    rui.locator("#post-2 [data-save]").click()
    expect(rui.locator("#toasts")).to_contain_text("Saved.")

    ana.locator("#p2-text").fill("Ana's words")
    ana.locator("#p2-text").press("Control+s")
    expect(ana.locator("#conflict h2")).to_have_text("Somebody else saved this post meanwhile")
    expect(ana.locator("#conflict .diff ins")).to_have_text("Ana")
    expect(ana.locator("#conflict .diff del")).to_have_text("Rui")
    ana.get_by_role("button", name="Save mine over theirs").click()
    expect(ana.locator("#p2-text")).to_have_value("Ana's words")
    expect(ana.locator("#post-2 [data-draft-state]")).to_contain_text("Saved")
    db.session.rollback()
    assert [each.text for each in story.posts[1].revisions] == [
        "Out now",
        "Rui's words",
        "Ana's words",
    ]


def test_an_editor_reviews_with_the_keyboard_alone(browse, cast, story):
    review.submit_story(cast.ana, story)
    page = browse(cast.rui)
    page.goto("/review")
    page.get_by_role("link", name="Start reviewing").click()
    page.wait_for_url("**/review/1")
    page.keyboard.press("j")
    page.wait_for_url("**/review/2")
    page.keyboard.press("k")
    page.wait_for_url("**/review/1")
    page.keyboard.press("r")
    expect(page.get_by_label("What should change?")).to_be_visible()
    page.get_by_label("What should change?").fill("Name the price, a and j are letters here.")
    page.get_by_role("button", name="Send back").click()
    page.wait_for_url("**/review/2")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text("Review")
    db.session.rollback()
    assert [post.status for post in story.posts] == ["changes_requested", "approved"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_the_pages_at_any_width(browse, cast, story, theme):
    review.submit(cast.ana, story.posts[0])
    paths = ("/stories", "/stories/new", "/stories/1", "/review", "/review/1", "/posts/1/revisions")
    for width in WIDTHS:
        page = browse(cast.rui, width)
        page.emulate_media(color_scheme=theme)
        for path in paths:
            page.goto(path)
            found = Axe().run(page).response["violations"]
            assert not found, (
                path,
                width,
                [(each["id"], each["nodes"][0]["html"]) for each in found],
            )
            wide, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide <= seen, (path, width)
