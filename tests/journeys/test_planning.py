"""Editors move what is planned, by form, by keys and by mouse, and call one post off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from publisher import clock
from publisher.deliveries import service as deliveries
from publisher.stories.models import Story
from tests.journeys.conftest import Site
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def due() -> datetime:
    """Ten o'clock on the second Wednesday of next month: far from every edge of its page."""
    first = (clock.now().astimezone(SEOUL).replace(day=1) + timedelta(days=32)).replace(day=1)
    wednesday = first + timedelta(days=(2 - first.weekday()) % 7 + 7)
    return wednesday.replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture
def scheduled(site: Site, due: datetime) -> Story:
    """A story whose three posts go out then."""
    room = site.newsroom
    story = room.story()
    revisions = {post.id: post.revision for post in story.posts}
    deliveries.approve_story(room.editor, story, revisions, due, SEOUL.key)
    return story


def card_on(page: Page, day: datetime, label: str) -> Locator:
    return page.locator(f"[data-day='{day:%Y-%m-%d}'] [data-card]", has_text=label)


def move_by_form(card: Locator, to: datetime, *, scripts: bool = True) -> None:
    """By the card's menu, which holds a form; without scripts a link to the dialog."""
    card.locator("summary").click()
    form = card
    if not scripts:
        card.get_by_role("link", name="Move", exact=True).click()
        form = card.page.locator("main form")
    form.locator("input[name=day]").fill(f"{to:%Y-%m-%d}")
    form.locator("input[name=time]").fill(f"{to:%H:%M}")
    form.get_by_role("button", name="Move").click()


def test_posts_are_moved_by_form_by_keys_and_by_mouse(
    enter: Callable[..., Page], cast: Cast, due: datetime, scheduled: Story
) -> None:
    rui = enter(cast.rui)
    rui.goto(f"/calendar/{due.year}/{due.month}")
    later = due + timedelta(days=1, hours=3)

    move_by_form(card_on(rui, due, "blog"), later)
    expect(card_on(rui, later, "blog").locator("time")).to_have_text("13:00")
    expect(rui.locator("#toasts")).to_contain_text("Moved.")

    link = card_on(rui, due, "page").locator("a.card-link")
    link.focus()
    rui.keyboard.press("Alt+ArrowRight")
    tomorrow = due + timedelta(days=1)
    expect(card_on(rui, tomorrow, "page").locator("a.card-link")).to_be_focused()
    rui.keyboard.press("Alt+ArrowDown")
    expect(card_on(rui, due + timedelta(days=8), "page").locator("a.card-link")).to_be_focused()
    rui.get_by_role("button", name="Undo").last.click()
    expect(card_on(rui, tomorrow, "page")).to_be_visible()

    friday = due + timedelta(days=2)
    rui.goto(f"/calendar/{due.year}/{due.month}")
    card_on(rui, due, "X").locator("a.card-link").drag_to(
        rui.locator(f"[data-day='{friday:%Y-%m-%d}']")
    )
    expect(card_on(rui, friday, "X")).to_be_visible()

    rui.reload()
    for day, label in ((later, "blog"), (tomorrow, "page"), (friday, "X")):
        expect(card_on(rui, day, label)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_post_is_moved_another_called_off(
    enter: Callable[..., Page],
    site: Site,
    cast: Cast,
    due: datetime,
    scheduled: Story,
    travel: Callable[[timedelta], None],
    scripts: bool,
) -> None:
    options: dict[str, Any] = {"java_script_enabled": scripts}
    rui = enter(cast.rui, **options)
    rui.goto(f"/calendar/{due.year}/{due.month}")
    earlier = due - timedelta(days=1)
    move_by_form(card_on(rui, due, "blog"), earlier, scripts=scripts)
    expect(card_on(rui, earlier, "blog")).to_be_visible()

    rui.goto(f"/posts/{site.newsroom.post(scheduled, 'x').id}/deliveries")
    rui.get_by_role("button", name="Cancel", exact=True).click()
    expect(rui.locator("#toasts")).to_contain_text("Cancelled")
    expect(rui.locator("#progress")).to_contain_text("Cancelled")

    room = site.newsroom
    for moment, slug in ((earlier, "blog"), (due, "page")):
        travel(moment - clock.now() + timedelta(seconds=30))
        site.wait_until(lambda slug=slug: room.statuses(scheduled)[slug] == "published")
    assert room.really_posted("x") == []
    rui = enter(cast.rui, **options)
    rui.goto(f"/calendar/{due.year}/{due.month}")
    expect(card_on(rui, due, "X")).to_contain_text("Cancelled")
    expect(card_on(rui, earlier, "blog")).to_contain_text("Published")
