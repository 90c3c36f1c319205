"""What several people do at once: write, hold, invite."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser


@pytest.fixture
def shared(site: Site, cast: Cast) -> Post:
    """A tweet that Ana and Ben write together."""
    story = stories.create_story(cast.ana, title="함께 쓰기", author_ids=[cast.ben.id])
    return stories.add_post(cast.ana, story, site.newsroom.accounts["x"], Draft(text="처음 글"))


def test_two_people_save_the_same_post_without_scripts_and_both_texts_stay(
    enter: Callable[..., Page], cast: Cast, site: Site, shared: Post
) -> None:
    post_id, story_id = shared.id, shared.story_id
    ana, ben = (enter(who, java_script_enabled=False) for who in (cast.ana, cast.ben))
    for page, text in ((ana, "아나의 글"), (ben, "벤의 글")):
        page.goto(f"/stories/{story_id}")
        page.locator(".desk textarea[name=text]").fill(text)
    for page in (ana, ben):
        page.get_by_role("button", name="Save", exact=True).click()

    expect(ana.locator("#toasts")).to_contain_text("Saved")
    expect(ben.locator("h1")).to_have_text("Somebody else saved this post meanwhile")
    sides = ben.locator(".diff-sides .said")
    expect(sides).to_have_text(["벤의 글", "아나의 글"])

    ben.get_by_role("button", name="Save mine over theirs").click()
    expect(ben.locator(".desk textarea[name=text]")).to_have_value("벤의 글")
    ben.goto(f"/posts/{post_id}/revisions?from=2&to=3")
    expect(ben.locator(".diff del").first).to_be_visible()
    assert "아나의" in ben.locator(".diff").inner_text()


def test_everything_is_held_and_released(
    enter: Callable[..., Page], site: Site, cast: Cast
) -> None:
    room = site.newsroom
    rui, ana = enter(cast.rui), enter(cast.ana)
    rui.goto("/accounts")
    main = rui.locator("main")
    main.get_by_label("Why").fill("가격표가 틀렸습니다")
    main.get_by_role("button", name="Hold", exact=True).click()
    expect(rui.locator(".banner-danger")).to_be_visible()
    for page, path in ((rui, "/accounts"), (rui, "/review"), (ana, "/calendar"), (ana, "/stories")):
        page.goto(path)
        banner = page.locator(".banner-danger")
        expect(banner).to_contain_text("Everything is held")
        expect(banner).to_contain_text("가격표가 틀렸습니다")

    story = room.approve(room.story("x", x=Draft(text="세일 시작")))
    rui.goto(f"/posts/{room.post(story, 'x').id}/deliveries")
    expect(rui.locator("#progress")).to_contain_text("Scheduled")
    assert room.really_posted("x") == []

    rui.goto("/accounts")
    rui.locator("#hold").get_by_role("button", name="Release").click()
    expect(rui.locator(".banner-danger")).to_have_count(0)
    site.wait_until(lambda: room.statuses(story) == {"x": "published"})
    assert room.really_posted("x") == ["세일 시작"]


def test_somebody_is_invited_chooses_a_password_and_comes_back_with_it(
    enter: Callable[..., Page],
    new_context: Callable[..., BrowserContext],
    site: Site,
    cast: Cast,
) -> None:
    ada = enter(cast.ada)
    ada.goto("/people")
    ada.get_by_role("link", name="Invite").click()
    ada.get_by_label("E-mail address").fill("mina@example.com")
    ada.get_by_label("Name").fill("Mina")
    ada.get_by_label("Role").select_option("editor")
    ada.get_by_role("button", name="Invite").click()
    link = ada.get_by_label("Invitation").input_value()

    mina = new_context(base_url=site.url).new_page()
    mina.goto(link)
    mina.locator("input[name=name]").fill("미나")
    mina.locator("input[name=password]").fill("달력은 언제나 맞는다")
    mina.locator("main form button[type=submit]").click()
    mina.wait_for_url(f"{site.url}/")
    mina.wait_for_load_state("networkidle")
    mina.context.clear_cookies()

    mina.goto("/review")
    mina.locator("input[name=email]").fill("mina@example.com")
    mina.locator("input[name=password]").fill("틀린 비밀번호입니다")
    mina.locator("main form button[type=submit]").click()
    expect(mina.get_by_role("alert")).to_be_visible()
    mina.locator("input[name=password]").fill("달력은 언제나 맞는다")
    mina.locator("main form button[type=submit]").click()
    mina.wait_for_url("**/review")
    expect(mina.locator("h1")).to_be_visible()

    ada.goto(link)
    expect(ada.locator("main")).to_contain_text("used already")
