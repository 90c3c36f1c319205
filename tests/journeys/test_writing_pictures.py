"""Pictures that come by paste and drop; and what asks a writer to decide, for everybody."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from publisher.extensions import db
from publisher.media import service as media
from publisher.people import service as people
from publisher.people import sessions
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft, MediaUse
from tests.journeys.conftest import Site
from tests.journeys.desk import SAVED, Enter, desk, give, kept, offered, state
from tests.journeys.test_accessibility import LOOKS, Look, faults
from tests.plugins.app import Cast
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser


@pytest.fixture
def post(site: Site, cast: Cast) -> Post:
    """A tweet that Ana and Ben write together."""
    story = stories.create_story(cast.ana, title="함께 쓰기", author_ids=[cast.ben.id])
    return stories.add_post(cast.ana, story, site.newsroom.accounts["x"], Draft(text="처음 글"))


def test_a_picture_is_pasted_described_and_kept(enter: Enter, cast: Cast, post: Post) -> None:
    ana = enter(cast.ana)
    desk(ana, post).focus()
    dialog = ana.locator("#add-picture")
    give(ana, "paste", picture(), beside={"text/plain": "1\t2", "text/html": "<b>1</b> 2"})
    give(ana, "paste", picture(), beside={"text/html": "<table><td>3</td></table>"})
    expect(dialog).not_to_be_visible()  # a spreadsheet's cells come with a picture of themselves
    give(ana, "paste", picture(), beside={"text/html": "<img src='a.png'>"})
    dialog.get_by_label("What does the picture show?").fill("빨강과 파랑")
    dialog.get_by_role("button", name="Add").click()
    row = ana.locator(".picture-row")
    expect(row.get_by_label("What does the picture show?")).to_have_value("빨강과 파랑")
    expect(state(ana)).to_have_text(SAVED)
    db.session.rollback()
    assert [use.alt for use in post.head.draft.media] == ["빨강과 파랑"]
    ana.reload()
    expect(ana.locator(".picture-row")).to_have_count(1)


def test_pictures_and_counts_go_on_after_signing_in_again_in_another_tab(
    enter: Enter, cast: Cast, site: Site, post: Post
) -> None:
    ana = enter(cast.ana)
    text = desk(ana, post)
    text.focus()
    give(ana, "paste", picture())
    sessions.end_sessions(None, cast.ana)
    dialog = ana.locator("#add-picture")
    dialog.get_by_label("What does the picture show?").fill("빨강과 파랑")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Sign in in another tab")
    sign_in_elsewhere(ana, site, cast)
    dialog.get_by_role("button", name="Add").click()
    expect(ana.locator(".picture-row")).to_have_count(1)
    expect(state(ana)).to_have_text(SAVED)

    sessions.end_sessions(None, cast.ana)
    sign_in_elsewhere(ana, site, cast)
    with ana.expect_response(lambda each: each.url.endswith("/measure") and each.ok):
        text.dispatch_event("input")


def sign_in_elsewhere(page: Page, site: Site, cast: Cast) -> None:
    """In another tab of the same browser."""
    other = page.context.new_page()
    other.goto(site.link_for(cast.ana))
    other.locator("main form button[type=submit]").click()
    other.wait_for_url(f"{site.url}/")
    other.close()


def test_a_dropped_file_that_is_no_picture_is_said_to_be_none(
    enter: Enter, cast: Cast, post: Post
) -> None:
    ana = enter(cast.ana)
    desk(ana, post).focus()
    give(ana, "drop", b"%PDF-1.7", name="계획.pdf", mime="application/pdf")
    dialog = ana.locator("#add-picture")
    expect(dialog.get_by_role("alert")).to_contain_text("not a picture we can read")
    expect(dialog).to_contain_text("계획.pdf")
    dialog.get_by_role("button", name="Cancel").click()
    give(ana, "drop", picture("JPEG"), name="photo", mime="")
    expect(dialog.locator("img")).to_be_visible()
    expect(dialog.get_by_role("alert")).not_to_be_visible()


def test_a_picture_dropped_into_an_article_becomes_part_of_its_text(
    enter: Enter, cast: Cast, site: Site
) -> None:
    story = stories.create_story(cast.ana, title="사진 이야기")
    article = stories.add_post(
        cast.ana, story, site.newsroom.accounts["blog"], Draft(title="사진", text="본문 ")
    )
    ana = enter(cast.ana)
    desk(ana, article).press("Control+End")
    give(ana, "drop", b"this is no picture")
    dialog = ana.locator("#add-picture")
    dialog.get_by_label("What does the picture show?").fill("아무것도")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    give(ana, "drop", picture())
    dialog.get_by_label("What does the picture show?").fill("공장 [서쪽]")
    dialog.get_by_role("button", name="Add").click()
    expect(ana.locator(f"#p{article.id}-text")).to_have_value(
        re.compile(r"^본문 !\[공장 \\\[서쪽\\\]\]\(/media/[^)]+\)$")
    )
    expect(ana.locator(".preview .prose img")).to_have_count(1)


def test_what_is_shown_of_a_picture_is_chosen_on_it_and_pictures_change_places(
    enter: Enter, cast: Cast, site: Site
) -> None:
    wide, other = (
        media.upload(cast.ana, f"{width}.png", picture(size=(width, 300)), str(width))
        for width in (900, 400)
    )
    story = stories.create_story(cast.ana, title="자르기")
    draft = Draft(text="글", media=(MediaUse(wide.id, "넓다"), MediaUse(other.id, "좁다")))
    post = stories.add_post(cast.ana, story, site.newsroom.accounts["x"], draft)
    ana = enter(cast.ana)
    desk(ana, post)
    row = ana.locator(f'[data-picture="{wide.id}"]')
    row.locator("summary").click()
    expect(row.locator("[data-focal]")).not_to_be_visible()
    row.get_by_label("What is shown").select_option("1:1")
    pick = row.locator("[data-focal]")
    box = pick.locator("img").bounding_box() or pytest.fail("no picture")
    pick.click(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    expect(row.get_by_label("percent from the left")).to_have_value("90")
    row.get_by_label("percent from the top").fill("50")
    pick.press("ArrowRight")
    pick.press("Shift+ArrowUp")
    expect(ana.locator(f'.preview img[src="/media/{wide.id}/cut/s92x40"]')).to_be_visible()

    row.get_by_role("button", name="Move the picture down").press("Enter")

    expect(row.get_by_role("button", name="Move the picture up")).to_be_focused()
    expect(ana.locator(".preview-pictures img").last).to_have_attribute("src", re.compile("/cut/"))
    wanted = (MediaUse(other.id, "좁다"), MediaUse(wide.id, "넓다", "1:1", 92, 40))

    def is_saved() -> bool:
        db.session.rollback()
        return post.head.draft.media == wanted

    site.wait_until(is_saved)


def test_an_old_picture_is_found_beside_the_text_and_taken_into_the_post(
    enter: Enter, cast: Cast, post: Post
) -> None:
    wanted = media.upload(cast.ana, "robot.png", picture(size=(60, 41)), "흰 로봇")
    media.upload(cast.ana, "sea.png", picture(size=(60, 42)), "바다")
    ana = enter(cast.ana)
    desk(ana, post).fill("쓰는 중")
    ana.get_by_text("Choose from the library").click()
    expect(ana.get_by_label("바다")).to_be_visible()
    words = ana.get_by_role("searchbox", name="File name or alternative text")
    words.fill("로봇")
    words.press("Enter")
    expect(ana.get_by_label("바다")).to_have_count(0)
    ana.get_by_label("흰 로봇").press("Space")
    row = ana.locator(f'[data-picture="{wanted.id}"]')
    expect(row.get_by_label("What does the picture show?")).to_have_value("흰 로봇")
    expect(row.get_by_label("What does the picture show?")).to_be_focused()
    expect(ana.locator(".media-choice input")).to_have_count(0)
    expect(ana.locator(f"#p{post.id}-text")).to_have_value("쓰는 중")
    expect(ana.locator(".preview-pictures img")).to_have_count(1)


def test_several_files_are_sent_to_the_library_and_each_says_how_it_went(
    enter: Enter, cast: Cast
) -> None:
    ana = enter(cast.ana)
    ana.goto("/media")
    files = ana.locator("input[type=file]")
    sent = [
        {"name": f"{number}.png", "mimeType": "image/png", "buffer": picture(size=(60, number))}
        for number in (40, 41)
    ]
    plan = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    files.set_input_files([*sent, plan])
    ana.get_by_role("button", name="Upload").click()
    lines = ana.locator("[data-files] li")
    expect(lines.nth(0)).to_contain_text("40.png Kept")
    expect(lines.nth(2)).to_contain_text("plan.pdf This is not a picture we can read")
    ana.get_by_role("link", name="Show all pictures").click()
    expect(ana.locator(".media-grid > li")).to_have_count(2)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("look", LOOKS[:2], ids=str)
def test_what_asks_the_writer_to_decide_is_for_everybody(
    enter: Enter, cast: Cast, site: Site, post: Post, look: Look
) -> None:
    people.save_look(cast.ana, language=look.language, theme=look.theme)
    ana = enter(cast.ana, viewport={"width": look.width, "height": 844}, color_scheme=look.theme)
    ana.context.add_init_script(Axe().axe_script)
    wrong: list[str] = []

    def examine(state: str) -> None:
        wrong.extend(f"{state}: {fault}" for fault in faults(ana, state, look))

    text = desk(ana, post)
    text.fill("아나의 글")
    site.wait_until(lambda: kept(ana) == 0)
    db.session.rollback()
    stories.edit(cast.ben, post, Draft(text="벤의 글"), version=post.version)
    text.fill("아나의 다른 글")
    expect(ana.locator("[data-note=stale]")).to_be_visible()
    examine("somebody else saved")
    ana.locator("[data-compare]").click()
    expect(ana.locator("#conflict")).to_be_visible()
    examine("both texts")
    ana.locator("[data-take-theirs]").click()
    expect(offered(ana)).to_be_visible()
    offered(ana).locator("summary").first.click()
    examine("offered again")
    ana.locator("[data-restore-no]").click()
    text.focus()
    give(ana, "paste", picture())
    expect(ana.locator("#add-picture")).to_be_visible()
    examine("a picture")
    ana.locator("#add-picture [data-close-dialog]").last.click()
    sessions.end_sessions(None, cast.ana)
    text.fill("끝")
    expect(ana.locator("[data-note=out]")).to_be_visible()
    examine("signed out")
    assert not wrong, "\n".join(wrong)
