"""The calendar in a browser: by keys, by mouse, on a phone, in both themes and languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from publisher import clock
from publisher.calendar import planning
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.people import sessions
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import review
from publisher.stories.models import Post
from tests.features.planned import blog, planned, submitted
from tests.journeys.desk import press
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the app answers on this machine, at noon of a Monday in Seoul."""
    clock.set_source(lambda: NOON)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    clock.set_source(None)


def enter(page: Page, address: str, app: Flask, user: User) -> None:
    """Give the browser a living session of `user`."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = sessions.begin_session(user, "a test's browser")
    kept = client.get_cookie("publisher")
    assert kept
    page.context.add_cookies([{"name": "publisher", "value": kept.value, "url": address}])


def planned_at(post: Post) -> datetime | None:
    db.session.rollback()
    return post.planned_at


def test_keys_move_a_card_and_undo_brings_it_back(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    post = planned(cast.ana, blog(cast.ada), "제목", TOMORROW)
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/2026/11")
    card = page.locator(f'[data-post-id="{post.id}"]')
    card.locator("a[data-card-focus]").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(card).to_have_attribute("data-date", "2026-11-25")
    expect(card.locator("a[data-card-focus]")).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("제목")
    assert planned_at(post) == TOMORROW + timedelta(days=1)
    page.keyboard.press("Alt+ArrowDown")
    expect(card).to_have_attribute("data-date", "2026-12-02")

    page.locator("#toasts form button").last.click()
    expect(card).to_have_attribute("data-date", "2026-11-25")
    assert planned_at(post) == TOMORROW + timedelta(days=1)


def test_fast_keys_add_up_and_the_focus_follows_into_a_full_day_and_out_of_the_month(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    account = blog(cast.ada)
    for n in range(6):
        planned(cast.ana, account, f"글 {n}", TOMORROW + timedelta(days=3, minutes=n - 30))
    post = planned(cast.ana, account, "제목", TOMORROW)
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/2026/11")
    card = page.locator(f'[data-post-id="{post.id}"]')
    card.locator("a[data-card-focus]").focus()
    for _time in range(3):
        page.keyboard.press("Alt+ArrowRight")
    expect(card).to_have_attribute("data-date", "2026-11-27")
    expect(page.locator("#rest-2026-11-27")).to_have_attribute("open", "")
    expect(card.locator("a[data-card-focus]")).to_be_focused()

    page.keyboard.press("Alt+ArrowDown")
    expect(card).to_have_attribute("data-date", "2026-12-04")
    page.keyboard.press("Alt+ArrowDown")
    there = page.locator("#toasts a[data-moved-to]")
    expect(there).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/calendar/2026/12#post-{post.id}")
    expect(card).to_be_in_viewport()


def test_a_move_that_does_not_reach_the_server_leaves_the_card_as_it_was(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    post = planned(cast.ana, blog(cast.ada), "제목", TOMORROW)
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/list?from=2026-11-23&to=2026-11-30")
    card = page.locator(f'[data-post-id="{post.id}"]')
    card.locator("a[data-card-focus]").focus()
    page.context.set_offline(True)
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator('#toasts [data-toast="danger"]')).to_be_visible()
    expect(card.locator("input[name=day]")).to_have_value("2026-11-24")

    card.locator("summary").click()
    card.locator("input[name=day]").fill("2026-11-26")
    card.locator("button[type=submit]").click()
    expect(card.locator("button[type=submit]")).to_be_focused()
    expect(card.locator("input[name=day]")).to_have_value("2026-11-26")
    page.context.set_offline(False)
    card.locator("button[type=submit]").click()
    expect(card).to_have_attribute("data-date", "2026-11-26")
    page.keyboard.press("Alt+ArrowLeft")
    expect(card).to_have_attribute("data-date", "2026-11-25")


def drag(page: Page, post: Post, day: str) -> None:
    start = page.locator(f'[data-post-id="{post.id}"]').bounding_box()
    end = page.locator(f'td[data-day="{day}"] > ul').bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 20, start["y"] + 30)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 40, steps=4)
    page.mouse.move(end["x"] + 40, end["y"] + 20, steps=8)
    page.mouse.up()


def test_dragging_moves_and_what_is_refused_goes_back(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1400})
    account = blog(cast.ada)
    waiting = submitted(cast.ana, planned(cast.ana, account, "기다림", None))
    review.approve(cast.rui, waiting, waiting.revision)
    enter(page, address, app, cast.rui)
    page.goto(f"{address}/calendar/2026/11")
    card = page.locator(f'[data-post-id="{waiting.id}"]')

    drag(page, waiting, "2026-11-26")
    expect(card).to_have_attribute("data-date", "2026-11-26")
    expect(card).to_have_class("post-card status-scheduled")
    drag(page, waiting, "2026-11-12")
    expect(page.locator('#toasts [data-toast="danger"]')).to_be_visible()
    expect(page.locator(f'td[data-day="2026-11-26"] [data-post-id="{waiting.id}"]')).to_be_visible()


def test_two_equal_sentences_at_once_leave_one_toast(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/2026/11")
    page.evaluate(
        """() => {
            const toast = document.createElement("div");
            toast.dataset.toast = "danger";
            toast.innerHTML = '<div class="toast-text">Once</div>';
            const gone = toast.cloneNode(true);
            document.getElementById("toasts").append(toast, toast.cloneNode(true), gone);
            gone.remove();
        }"""
    )
    expect(page.locator("#toasts .toast-close")).to_have_count(1)
    expect(page.locator("#toasts [data-toast]")).to_have_count(1)


def test_a_locked_card_says_why_it_stays(page: Page, address: str, app: Flask, cast: Cast) -> None:
    post = planned(cast.ben, blog(cast.ada), "벤의 글", TOMORROW)
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/2026/11")
    card = page.locator(f'[data-post-id="{post.id}"]')
    assert card.get_attribute("data-locked")
    expect(card.locator("a")).to_have_count(0)


def test_a_post_gets_from_the_tray_to_a_slot_by_keyboard_alone(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    account = blog(cast.ada)
    planning.add_slots(cast.rui, account, [3], time(14), "Asia/Seoul")
    post = submitted(cast.ana, planned(cast.ana, account, "제목", None))
    deliveries.approve(cast.rui, post, post.revision)
    enter(page, address, app, cast.rui)
    page.goto(f"{address}/calendar/2026/11")
    card = page.locator(f"[data-tray] [data-post-id='{post.id}']")
    press(card.locator("summary"), most=250)
    press(card.get_by_role("link", name="In another time zone"))
    press(page.locator("[data-fill-when]"))
    expect(page.locator("input[name=time]")).to_have_value("14:00")
    press(page.get_by_role("button", name="Move", exact=True))
    expect(page.locator("#toasts")).to_contain_text("제목")
    expect(page.locator("[data-day='2026-11-26'] [data-card]")).to_contain_text("제목")
    assert planned_at(post) == datetime(2026, 11, 26, 5, tzinfo=UTC)


def test_a_time_is_advised_on_while_it_is_chosen_and_a_slot_fills_it_in(
    page: Page, address: str, app: Flask, cast: Cast
) -> None:
    account = blog(cast.ada)
    planning.add_slots(cast.rui, account, [3], time(14), "Asia/Seoul")
    planned(cast.ben, account, "벤의 글", TOMORROW)
    post = planned(cast.ana, account, "제목", TOMORROW + timedelta(days=1))
    enter(page, address, app, cast.ana)
    page.goto(f"{address}/calendar/posts/{post.id}/move")
    notes = page.locator("[data-plan-notes]")
    expect(notes).to_be_empty()
    page.locator("input[name=day]").fill("2026-11-24")
    page.locator("input[name=time]").fill("09:20")
    expect(notes).to_contain_text("벤의 글")
    page.locator("[data-fill-when]").click()
    expect(page.locator("input[name=day]")).to_have_value("2026-11-26")
    expect(page.locator("input[name=time]")).to_have_value("14:00")
    expect(notes).to_be_empty()

    page.locator("form.panel button[type=submit]").first.click()
    expect(page.locator("#toasts")).to_contain_text("제목")
    assert planned_at(post) == datetime(2026, 11, 26, 5, tzinfo=UTC)
    page.goto(f"{address}/calendar/week?day=2026-11-26")
    card = page.locator(f'[data-post-id="{post.id}"]')
    card.locator("a[data-card-focus]").focus()
    page.keyboard.press("Alt+ArrowLeft")
    expect(card).to_have_attribute("data-date", "2026-11-25")
    expect(page.locator("table.is-week")).to_be_visible()


CAMPAIGN = "/calendar/campaigns?campaign=Launch&by=1&unit=days"


@pytest.mark.parametrize(
    "path", ["/calendar/2026/11", "/calendar/list", "/feeds", "move", CAMPAIGN]
)
def test_pages_have_no_barriers_and_fit_every_width(
    page: Page, address: str, app: Flask, cast: Cast, path: str
) -> None:
    account = blog(cast.ada)
    posts = [
        planned(cast.ana, account, f"글 {n}", TOMORROW + timedelta(minutes=5 * n)) for n in range(7)
    ]
    with writing():
        for post in posts:
            post.story.campaign = "Launch"
    if path == "move":
        path = f"/calendar/posts/{posts[0].id}/move"
    enter(page, address, app, cast.rui)
    for language, theme, width in (("ko", "light", 1280), ("en", "dark", 390), ("ko", "dark", 320)):
        with writing():
            cast.rui.language, cast.rui.theme = language, theme
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address + path)
        found = Axe().run(page, options={"runOnly": AA}).response["violations"]
        assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert page.evaluate("document.documentElement.scrollWidth") <= width


CONTRAST = """number => {
  axe.setup(document)
  const { getBackgroundColor, getContrast, getForegroundColor } = axe.commons.color
  const contrast = getContrast(getBackgroundColor(number), getForegroundColor(number))
  axe.teardown()
  return contrast
}"""
"""The contrast of a day's number, by axe's own reckoning: its sweep passes over what is not read out."""


@pytest.mark.parametrize("month", ["2026/11", "2026/12"])
def test_the_number_of_today_is_legible_in_every_month_that_shows_it(
    page: Page, address: str, app: Flask, cast: Cast, month: str
) -> None:
    clock.set_source(lambda: NOON + timedelta(days=7))
    enter(page, address, app, cast.rui)
    page.add_init_script(Axe().axe_script)
    for theme in ("light", "dark"):
        with writing():
            cast.rui.theme = theme
        page.goto(f"{address}/calendar/{month}")
        number = page.locator("#today .day-num > [aria-hidden]")
        expect(number).to_have_text("30")
        assert number.evaluate(CONTRAST) >= 4.5
        number.hover()
        assert number.evaluate(CONTRAST) >= 4.5
