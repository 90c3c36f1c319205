"""Text survives everything: pauses, compositions, colleagues, lost networks, ended sessions, crashes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Route, expect

from publisher.deliveries import service as deliveries
from publisher.people import sessions
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.journeys.desk import SAVED, Enter, desk, kept, offered, press_hangul, state, texts
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser


@pytest.fixture
def post(site: Site, cast: Cast) -> Post:
    """A tweet that Ana and Ben write together."""
    story = stories.create_story(cast.ana, title="함께 쓰기", author_ids=[cast.ben.id])
    return stories.add_post(cast.ana, story, site.newsroom.accounts["x"], Draft(text="처음 글"))


# ---- Autosave ----


def test_what_is_written_is_saved_after_a_pause_and_fills_one_revision(
    enter: Enter, cast: Cast, site: Site, post: Post
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    for line in ("첫 문장.", "둘째 문장.", "셋째 문장."):
        text.press("Control+End")
        text.press_sequentially(line)
        site.wait_until(lambda: kept(ana) == 0)
        expect(state(ana)).to_have_text(SAVED)
    assert texts(post) == ["처음 글", "처음 글첫 문장.둘째 문장.셋째 문장."]
    ana.reload()
    expect(text).to_have_value("처음 글첫 문장.둘째 문장.셋째 문장.")
    expect(offered(ana)).to_be_hidden()


def test_a_save_on_purpose_ends_the_revision(enter: Enter, cast: Cast, post: Post) -> None:
    ana = enter(cast.ana)
    for words in ("하나", "둘"):
        desk(ana, post).fill(words)
        ana.get_by_role("button", name="Save", exact=True).click()
        expect(ana.locator("#toasts")).to_contain_text("Saved.")
    assert texts(post) == ["처음 글", "하나", "둘"]


@pytest.mark.parametrize("as_ime", [False, True], ids=["as letters", "as an input method"])
def test_keys_do_the_same_on_a_keyboard_set_to_hangul(
    enter: Enter, cast: Cast, post: Post, as_ime: bool
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    text.fill("하나")
    press_hangul(ana, "KeyS", control=True, as_ime=as_ime)
    expect(ana.locator("#toasts")).to_contain_text("Saved.")
    assert texts(post) == ["처음 글", "하나"]


def test_a_composition_is_left_alone_until_it_ends(enter: Enter, cast: Cast, post: Post) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    sent: list[str] = []
    ana.on("request", lambda request: sent.append(request.url))
    text.press("Control+End")
    ime = ana.context.new_cdp_session(ana)
    for part in ("ㅎ", "하", "한", "하느", "하늘"):
        ime.send("Input.imeSetComposition", {"text": part, "selectionStart": 1, "selectionEnd": 1})
    ana.wait_for_timeout(2_500)  # a pause amid the composition, longer than the one that saves
    expect(text).to_have_value("처음 글하늘")
    assert not any("/autosave" in url for url in sent)
    ime.send("Input.insertText", {"text": "하늘"})
    expect(state(ana)).to_have_text(SAVED)
    assert texts(post)[-1] == "처음 글하늘"
    expect(text).to_have_value("처음 글하늘")


def test_an_approval_is_never_voided_by_a_pause(enter: Enter, cast: Cast, post: Post) -> None:
    review.submit(cast.ana, post)
    ana = enter(cast.ana)
    text = desk(ana, post)
    text.press("Control+End")
    text.press_sequentially(" 그리고 더")
    expect(state(ana)).to_contain_text("Not saved until you press Save")
    text.blur()
    deliveries.approve(cast.rui, post, post.revision)
    assert texts(post) == ["처음 글"]

    ana.close(run_before_unload=False)
    ana = ana.context.new_page()
    text = desk(ana, post)
    expect(offered(ana).locator("strong")).to_contain_text("What you typed at")
    offered(ana).get_by_text("Show the difference").click()
    expect(offered(ana).locator("ins").first).to_contain_text("그리고")
    offered(ana).get_by_role("button", name="Restore it").click()
    expect(text).to_have_value("처음 글 그리고 더")
    assert texts(post) == ["처음 글"]
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(ana.locator("#toasts")).to_contain_text("Saved.")
    assert texts(post) == ["처음 글", "처음 글 그리고 더"]
    assert post.status == "draft"
    expect(offered(ana)).to_be_hidden()


def test_a_post_approved_meanwhile_is_not_touched(enter: Enter, cast: Cast, post: Post) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    review.submit(cast.ana, post)
    text.press("Control+End")
    text.press_sequentially(" 더")
    expect(state(ana)).to_contain_text("saved only when you press Save")
    assert texts(post) == ["처음 글"]
    assert kept(ana) == 1


# ---- Two people ----


@pytest.mark.parametrize("choice", ["Save mine over theirs", "Keep theirs"])
def test_two_write_at_once_and_both_texts_stay(
    enter: Enter, cast: Cast, post: Post, choice: str
) -> None:
    ana, ben = enter(cast.ana), enter(cast.ben)
    hers, his = desk(ana, post), desk(ben, post)
    hers.fill("아나의 글")
    expect(state(ana)).to_have_text(SAVED)
    his.fill("벤의 글")
    expect(state(ben)).to_have_text("Not saved: somebody else saved meanwhile")
    assert texts(post)[-1] == "아나의 글"

    his.press("Control+End")
    his.press_sequentially("!")
    ben.get_by_role("button", name="Save", exact=True).click()
    dialog = ben.locator("#conflict")
    expect(dialog.locator("del").first).to_contain_text("아나의")
    expect(dialog.locator("ins").first).to_contain_text("벤의")
    dialog.get_by_role("button", name=choice).click()
    if choice == "Keep theirs":
        expect(his).to_have_value("아나의 글")
        offered(ben).get_by_role("button", name="Restore it").click()
    expect(his).to_have_value("벤의 글!")
    expect(state(ben)).to_have_text(SAVED)
    assert texts(post) == ["처음 글", "아나의 글", "벤의 글!"]


def test_an_answer_that_gets_lost_is_no_conflict_with_oneself(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    ana.route("**/autosave", lose)
    text.fill("첫 번째")
    expect(state(ana)).to_contain_text("Not saved")
    text.fill("두 번째")
    expect(state(ana)).to_have_text(SAVED)
    assert lost == [200]
    assert texts(post) == ["처음 글", "두 번째"]


# ---- No network, no session, no browser ----


def test_without_a_network_it_stays_on_the_device_and_is_saved_later(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    ana.context.set_offline(True)
    text.fill("터널 안에서")
    expect(state(ana)).to_have_text("Not saved: offline, kept on this device")
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(state(ana)).to_have_text("Not saved: offline, kept on this device")
    expect(text).to_have_value("터널 안에서")
    ana.context.set_offline(False)
    expect(state(ana)).to_have_text(SAVED)
    assert texts(post) == ["처음 글", "터널 안에서"]


def test_a_session_that_ends_does_not_take_the_page_along(
    enter: Enter, cast: Cast, post: Post, site: Site
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    sessions.end_sessions(None, cast.ana)
    text.fill("아직 여기")
    expect(state(ana)).to_have_text("Not saved: you are signed out, kept on this device")
    ana.get_by_role("button", name="Save", exact=True).click()
    link = ana.get_by_role("link", name="Sign in in a new tab")
    expect(link).to_be_focused()
    with ana.context.expect_page() as opened:
        link.click()
    tab = opened.value
    expect(tab.locator("input[name=email]")).to_be_visible()
    tab.goto(site.link_for(cast.ana))
    tab.locator("main form button[type=submit]").click()
    tab.wait_for_url(f"{site.url}/")
    tab.goto("/signed-in")
    expect(ana.locator("#toasts")).to_contain_text("Saved.")
    expect(text).to_have_value("아직 여기")
    assert texts(post) == ["처음 글", "아직 여기"]
    assert kept(ana) == 0


def test_leaving_is_asked_about_only_where_something_is_unsaved(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana)
    asked: list[str] = []

    def agree(question: Dialog) -> None:
        asked.append(question.type)
        question.accept()

    ana.on("dialog", agree)
    text = desk(ana, post)
    text.fill("저장된 글")
    expect(state(ana)).to_have_text(SAVED)
    ana.goto("/stories")
    assert asked == []
    review.submit(cast.ana, post)
    desk(ana, post).press_sequentially("저장되지 않은 글")
    expect(state(ana)).to_contain_text("Kept on this device")
    ana.goto("/stories")
    assert asked == ["beforeunload"]


def test_without_scripts_everything_is_saved_by_the_button(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana, java_script_enabled=False)
    desk(ana, post).fill("스크립트 없이")
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(ana.locator("#toasts")).to_contain_text("Saved.")
    assert texts(post) == ["처음 글", "스크립트 없이"]


def test_the_page_of_a_network_that_wants_a_sign_in_is_no_answer(
    enter: Enter, cast: Cast, site: Site, post: Post
) -> None:
    ana = enter(cast.ana)
    address = "**/autosave"
    ana.route(address, lambda route: route.fulfill(content_type="text/html", body="Wi-Fi"))
    desk(ana, post).fill("unterwegs")
    expect(state(ana)).to_have_class(re.compile("is-unsaved"))
    assert kept(ana) == 1, "the copy on this device stays until the server has the text"
    ana.unroute(address)
    site.wait_until(lambda: kept(ana) == 0)
    assert texts(post) == ["처음 글", "unterwegs"]
