"""Pages that keep themselves fresh while somebody looks, and never at the cost of what somebody does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import state
from publisher.deliveries.rules import NEEDS_ATTENTION, SENDING
from publisher.storage import writing
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

ASKED = "document.dispatchEvent(new Event('visibilitychange'))"
"""As when one comes back to the tab: looks at once instead of at the next turn."""


def test_news_comes_without_a_reload_and_leaves_the_focus_where_it_is(
    enter: Callable[..., Page], site: Site, cast: Cast
) -> None:
    room = site.newsroom
    first = room.approve(room.story("blog"), in_s=3600)
    rui = enter(cast.rui)
    at = clock.now() + timedelta(hours=1)
    day = at.astimezone(ZoneInfo("Asia/Seoul"))
    rui.goto(f"/calendar/{day.year}/{day.month}")
    rui.evaluate("window.stays = true")
    card = rui.locator(f"[data-post-id='{first.posts[0].id}'] a.card-link")
    card.focus()

    story = stories.create_story(cast.ana, title="방금 쓴 글")
    stories.add_post(
        cast.ana,
        story,
        room.accounts["blog"],
        Draft(title="방금 쓴 글", text="본문"),
        planned_at=at,
        zone="Asia/Seoul",
    )
    rui.evaluate(ASKED)
    expect(rui.locator("[data-card]", has_text="방금 쓴 글")).to_be_visible()
    expect(card).to_be_focused()
    assert rui.evaluate("window.stays"), "the page was loaded again"

    # From there on it can still be moved by keys.
    rui.keyboard.press("Alt+ArrowRight")
    expect(rui.locator("#toasts")).to_contain_text("Moved")


def test_whoever_writes_sees_by_the_way_what_happens_around_them(
    enter: Callable[..., Page], site: Site, cast: Cast
) -> None:
    room = site.newsroom
    story = room.story("x", "page", x=Draft(text="한 글"), page=Draft(text="두 글"))
    x = room.post(story, "x")
    ana, rui = enter(cast.ana), enter(cast.rui)
    ana.goto(f"/stories/{story.id}")
    area = ana.locator(f"#p{x.id}-text")
    area.press("Control+End")
    area.press_sequentially(" 더")
    rui.goto("/review")
    items, row = rui.locator(".review-queue > li"), rui.get_by_role("link", name=story.title).first
    row.focus()
    expect(items).to_have_count(2)
    for page in (ana, rui):
        page.evaluate("window.stays = true")

    other = room.post(story, "page")
    review.request_changes(cast.ada, other, "더 짧게 써 주세요")
    accounts.hold(cast.ada, "가격이 틀렸습니다")
    for page in (ana, rui):
        page.evaluate(ASKED)
        expect(page.locator(".banner-danger")).to_contain_text("가격이 틀렸습니다")
        expect(page.locator("#announcer")).to_contain_text("가격이 틀렸습니다")
        assert page.evaluate("window.stays"), "the page was loaded again"
    expect(ana.locator(f"[data-live='status-{other.id}']")).to_contain_text("Changes requested")
    expect(ana.locator(".bell .dot-count")).to_have_text("1")
    expect(ana).to_have_title(re.compile(r"^\(1\) "))
    expect(area).to_be_focused()
    expect(area).to_have_value("한 글 더")
    expect(items).to_have_count(1)
    expect(rui.locator(".sidenav [data-live='stories.review']")).to_have_text("1")
    expect(row).to_be_focused()


def test_what_somebody_is_typing_is_not_taken_away_by_news(
    enter: Callable[..., Page], site: Site, cast: Cast
) -> None:
    room = site.newsroom
    story = room.approve(room.story("x", x=Draft(text="한 글")), in_s=3600)
    delivery = room.delivery(story, "x")
    with writing():
        state.locked(delivery.id)
        state.move(delivery, SENDING)
        state.move(delivery, NEEDS_ATTENTION, next_at=None, problem_code="no_verdict")
    rui, ana = enter(cast.rui), enter(cast.ana)
    for page in (rui, ana):
        page.goto(f"/posts/{delivery.post_id}/deliveries")
    rui.get_by_label("It is there", exact=True).check()
    rui.get_by_label("Its address, if it is there").fill("https://x.com/acme/sta")
    with writing():
        state.locked(delivery.id)
        delivery.problem_code = "two_matches"
    ana.evaluate(ASKED)
    expect(ana.locator("#progress")).to_contain_text("more than one post with this content")
    rui.evaluate(ASKED)
    rui.wait_for_load_state("networkidle")
    expect(rui.get_by_label("Its address, if it is there")).to_have_value("https://x.com/acme/sta")
    rui.get_by_label("Its address, if it is there").fill("https://x.com/acme/status/7")
    rui.get_by_role("button", name="Settle").click()
    expect(rui.locator("#progress")).to_contain_text("https://x.com/acme/status/7")
    ana.evaluate(ASKED)
    expect(ana.locator("#progress")).to_contain_text("https://x.com/acme/status/7")
