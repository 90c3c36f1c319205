"""Nothing typed is ever lost: a browser is killed, a session ends, a network goes, somebody signs out."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Error, Page, expect

from publisher.extensions import db
from publisher.media import service as media
from publisher.people import sessions
from publisher.people.models import User
from publisher.stories import queries, review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft, MediaUse
from tests.journeys.conftest import Site
from tests.journeys.desk import SAVED, Enter, copies, desk, kept, offered, state, texts
from tests.plugins.app import Cast
from tests.plugins.chromium import BrowserGuard
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser


@pytest.fixture
def post(site: Site, cast: Cast) -> Post:
    """A tweet that Ana and Ben write together."""
    story = stories.create_story(cast.ana, title="함께 쓰기", author_ids=[cast.ben.id])
    return stories.add_post(cast.ana, story, site.newsroom.accounts["x"], Draft(text="처음 글"))


# ---- A browser that is killed ----


class Mortal:
    """A browser with a profile of its own on the disk, which can be killed as a crash or a power cut does."""

    def __init__(self, start: Callable[[], BrowserContext], profile: Path) -> None:
        self._start, self._profile = start, profile
        self.context = start()

    @property
    def page(self) -> Page:
        return self.context.pages[0]

    def kill(self) -> None:
        """SIGKILL to every process of this profile: none of them gets to say or write another thing."""
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"--user-data-dir={self._profile}" in (entry / "cmdline").read_text("utf-8"):
                    os.kill(int(entry.name), signal.SIGKILL)
        with contextlib.suppress(Error):
            self.context.close()

    def revive(self) -> Page:
        self.context = self._start()
        return self.page


@pytest.fixture
def mortal(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    browser_guard: BrowserGuard,
    site: Site,
    tmp_path: Path,
) -> Iterator[Mortal]:
    profile = tmp_path / "profile"

    def start() -> BrowserContext:
        options = {**browser_type_launch_args, **browser_context_args, "base_url": site.url}
        context = browser_type.launch_persistent_context(profile, **options)
        browser_guard.watch(context)
        return context

    browser = Mortal(start, profile)
    yield browser
    browser.context.close()
    assert not browser_guard.problems, "\n".join(browser_guard.problems)


def sign_in(page: Page, site: Site, user: User) -> None:
    page.goto(site.link_for(user))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"{site.url}/")


def test_a_killed_browser_offers_what_was_typed(
    mortal: Mortal, cast: Cast, post: Post, site: Site
) -> None:
    sign_in(mortal.page, site, cast.ana)
    mortal.page.route("**/autosave", lambda route: route.abort())
    text = desk(mortal.page, post)
    text.press("Control+End")
    text.press_sequentially(" 마지막 글자까지")
    expect(state(mortal.page)).to_contain_text("kept on this device")
    mortal.kill()

    ana = mortal.revive()
    sign_in(ana, site, cast.ana)
    text = desk(ana, post)
    expect(text).to_have_value("처음 글")
    expect(offered(ana)).to_contain_text("It is still on this device")
    offered(ana).get_by_role("button", name="Restore it").click()
    expect(text).to_have_value("처음 글 마지막 글자까지")
    expect(state(ana)).to_have_text(SAVED)
    assert texts(post)[-1] == "처음 글 마지막 글자까지"
    ana.reload()
    expect(offered(ana)).to_have_count(0)
    site.wait_until(lambda: kept(ana) == 0)


def test_a_killed_browser_offers_another_order_of_pictures(
    mortal: Mortal, cast: Cast, site: Site
) -> None:
    one, two, three = (
        media.upload(cast.ana, f"{width}.png", picture(size=(width, 40)), str(width))
        for width in (60, 70, 80)
    )
    first, second, third = (MediaUse(each.id, each.alt) for each in (one, two, three))
    story = stories.create_story(cast.ana, title="순서")
    draft = Draft(text="글", media=(first, second, third))
    post = stories.add_post(cast.ana, story, site.newsroom.accounts["x"], draft)
    sign_in(mortal.page, site, cast.ana)
    mortal.page.route("**/autosave", lambda route: route.abort())
    desk(mortal.page, post)
    row = mortal.page.locator(f'[data-picture="{one.id}"]')
    row.get_by_role("button", name="Move the picture down").press("Enter")
    expect(state(mortal.page)).to_contain_text("kept on this device")
    site.wait_until(lambda: kept(mortal.page) == 1)
    mortal.kill()

    ana = mortal.revive()
    sign_in(ana, site, cast.ana)
    desk(ana, post)
    expect(offered(ana)).to_contain_text("order of the pictures")
    ana.locator("[data-restore-yes]").click()

    def is_saved() -> bool:
        db.session.rollback()
        return post.head.draft.media == (second, first, third)

    site.wait_until(is_saved)
    rows = ana.locator(".picture-row").evaluate_all("all => all.map((row) => row.dataset.picture)")
    assert rows == [str(use.id) for use in (second, first, third)]


def test_a_killed_browser_offers_a_comment_again_and_nothing_that_was_sent(
    mortal: Mortal, cast: Cast, post: Post, site: Site
) -> None:
    sign_in(mortal.page, site, cast.ana)
    mortal.page.goto(f"/stories/{post.story_id}")
    mortal.page.locator("#comment-text").press_sequentially("이 문장은 어떨까요")
    site.wait_until(lambda: any("이 문장은 어떨까요" in copy for copy in copies(mortal.page)))
    mortal.kill()

    ana = mortal.revive()
    sign_in(ana, site, cast.ana)
    ana.goto(f"/stories/{post.story_id}")
    ana.locator("#comments .restore").get_by_role("button", name="Restore it").click()
    said = ana.locator("#comment-text")
    expect(said).to_have_value("이 문장은 어떨까요")
    said.fill("이 문장은 어떨까요?")
    ana.get_by_role("button", name="Comment", exact=True).click()
    expect(ana.locator(".comment")).to_contain_text("이 문장은 어떨까요?")
    site.wait_until(lambda: kept(ana) == 0)
    ana.reload()
    expect(offered(ana)).to_have_count(0)


# ---- Forms that are sent as a whole ----


def test_a_form_waits_for_the_sign_in_and_is_sent_then(
    enter: Enter, cast: Cast, post: Post, site: Site
) -> None:
    review.submit(cast.ana, post)
    rui = enter(cast.rui)
    rui.goto(f"/review/{post.id}")
    rui.locator("#send-back summary").click()
    rui.get_by_label("What should change?").fill("가격이 틀렸습니다.")
    sessions.end_sessions(None, cast.rui)
    rui.get_by_role("button", name="Send back").click()
    link = rui.locator("#send-back").get_by_role("link", name="Sign in in a new tab")
    expect(link).to_be_focused()
    with rui.context.expect_page() as opened:
        link.click()
    tab = opened.value
    expect(tab.locator("input[name=email]")).to_be_visible()
    sign_in(tab, site, cast.rui)
    tab.goto("/signed-in")
    expect(rui.locator("#toasts")).to_contain_text("Sent back with your reason")
    site.wait_until(lambda: kept(rui) == 0)
    assert [comment.text for comment in queries.comments(post.story)] == ["가격이 틀렸습니다."]


def test_without_scripts_the_page_that_refuses_shows_what_was_typed_and_sends_it_again(
    enter: Enter, cast: Cast, post: Post, site: Site
) -> None:
    ana = enter(cast.ana, java_script_enabled=False)
    ana.context.add_cookies([{"name": "language", "value": "en", "url": site.url}])
    ana.goto(f"/stories/{post.story_id}")
    ana.locator("#comment-text").fill("잃어버리면 안 되는 말 <b>")
    sessions.end_sessions(None, cast.ana)
    ana.get_by_role("button", name="Comment", exact=True).click()
    expect(ana.locator("h1")).to_have_text("Please sign in")
    expect(ana.locator("textarea[readonly]")).to_have_value("잃어버리면 안 되는 말 <b>")
    tab = ana.context.new_page()
    sign_in(tab, site, cast.ana)
    ana.get_by_role("button", name="Send it again").click()
    expect(ana.locator("h1")).to_have_text("This page is out of date")
    expect(ana.locator("textarea[readonly]")).to_have_value("잃어버리면 안 되는 말 <b>")
    ana.get_by_role("button", name="Send it again").click()
    expect(ana.locator(".comment")).to_contain_text("잃어버리면 안 되는 말 <b>")


def test_offline_a_page_with_a_form_says_so_and_keeps_what_is_typed(
    enter: Enter, cast: Cast, site: Site
) -> None:
    ana = enter(cast.ana)
    ana.goto("/stories/new")
    note = ana.locator("[data-offline-note]")
    expect(note).to_be_hidden()
    ana.context.set_offline(True)
    expect(note).to_contain_text("You are offline")
    ana.get_by_label("Title").fill("지하철에서")
    ana.get_by_role("button", name="Start writing").click()
    expect(ana.locator("main form")).to_contain_text("Not sent: the server cannot be reached")
    ana.context.set_offline(False)
    expect(note).to_be_hidden()
    ana.get_by_role("button", name="Start writing").click()
    expect(ana.locator("h1")).to_have_text("지하철에서")
    site.wait_until(lambda: kept(ana) == 0)


def test_two_texts_that_cannot_be_compared_are_said_to_be_and_mine_can_be_copied(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ben = enter(cast.ben)
    his = desk(ben, post)
    stories.edit(cast.ana, post, Draft(text="아나의 글"), version=post.version)
    his.fill("벤의 글")
    ben.route("**/compare", lambda route: route.abort())
    ben.get_by_role("button", name="Compare and choose").click()
    dialog = ben.locator("#conflict")
    expect(dialog).to_contain_text("cannot be compared now")
    expect(dialog.locator("[data-mine]")).to_have_text("벤의 글")
    expect(dialog.get_by_role("button", name="Copy mine")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save mine over theirs")).to_be_hidden()
    ben.unroute("**/compare")
    dialog.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Save mine over theirs").click()
    expect(state(ben)).to_have_text(SAVED)
    assert texts(post) == ["처음 글", "아나의 글", "벤의 글"]


# ---- Signing out ----


def test_signing_out_shows_what_was_never_saved_before_it_deletes_it(
    enter: Enter, cast: Cast, post: Post, site: Site
) -> None:
    review.submit(cast.ana, post)
    ana = enter(cast.ana)
    desk(ana, post).fill("남겨 두지 않을 글")
    expect(state(ana)).to_contain_text("Kept on this device")
    ana.locator("summary.tool-person").click()
    ana.get_by_role("button", name="Sign out").click()
    dialog = ana.locator("#unsaved-copies")
    expect(dialog).to_contain_text("Texts that are only on this device: 1")
    dialog.locator("summary").click(position={"x": 4, "y": 8})
    expect(dialog).to_contain_text("남겨 두지 않을 글")
    dialog.get_by_role("button", name="Stay signed in").click()
    assert kept(ana) == 1
    ana.locator("summary.tool-person").click()
    ana.get_by_role("button", name="Sign out").click()
    dialog.get_by_role("button", name="Delete them and sign out").click()
    expect(ana.locator("input[name=email]")).to_be_visible()
    assert kept(ana) == 0


def test_signing_out_deletes_what_the_server_could_not_take_and_sends_it_nowhere(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana)
    sent: list[str] = []
    ana.route("**/autosave", lambda route: (sent.append(route.request.url), route.abort()))
    desk(ana, post).fill("남겨 두지 않을 글")
    expect(state(ana)).to_contain_text("kept on this device")
    ana.locator("summary.tool-person").click()
    ana.get_by_role("button", name="Sign out").click()
    leave = ana.locator("#unsaved-copies").get_by_role("button", name="Delete them and sign out")
    expect(leave).to_be_visible()
    ana.unroute("**/autosave")
    ana.route("**/autosave", lambda route: (sent.append("late"), route.abort()))
    leave.click()
    expect(ana.locator("input[name=email]")).to_be_visible()
    assert kept(ana) == 0
    assert "late" not in sent
    assert texts(post) == ["처음 글"]
