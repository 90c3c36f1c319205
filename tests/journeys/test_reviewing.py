"""An editor's desk: ten posts by keyboard alone, words that are marked and spoken of, the same on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from publisher import clock
from publisher.extensions import db
from publisher.stories import review, service
from publisher.stories.models import Comment, Post
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.journeys.desk import press_hangul
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser

TEN = 10
SENT_BACK = {2, 5}
"""Which of the ten go back to their author."""
NARROW = {"width": 390, "height": 844}


@pytest.fixture
def ten(site: Site, cast: Cast) -> list[int]:
    """Ten posts of Ana's that wait, the first to go out first."""
    made = []
    for number in range(TEN):
        story = service.create_story(cast.ana, title=f"소식 {number}")
        at = clock.now() + timedelta(days=1 + number)
        post = service.add_post(
            cast.ana,
            story,
            site.newsroom.accounts["x"],
            Draft(text=f"글 {number}번입니다. 내일부터 판매합니다."),
            planned_at=at.replace(second=0, microsecond=0),
            zone="Asia/Seoul",
        )
        made.append(review.submit(cast.ana, post).id)
    return made


def statuses(ids: list[int]) -> list[str]:
    db.session.rollback()
    return [str(db.session.get_one(Post, post_id).status) for post_id in ids]


def clear_by_keyboard(page: Page, ids: list[int], press: Callable[[str], None]) -> None:
    """From the queue to its end without a pointer: J and Enter open the first post, A and R decide."""
    page.goto("/review")
    press("KeyJ")
    page.keyboard.press("Enter")
    for number, post_id in enumerate(ids):
        page.wait_for_url(f"**/review/{post_id}")
        if number in SENT_BACK:
            press("KeyR")
            expect(page.locator("#send-back textarea")).to_be_focused()
            page.keyboard.type("가격을 적어 주세요.")
            page.keyboard.press("Control+Enter")
        else:
            press("KeyA")
    page.wait_for_url("**/review")
    expect(page.locator(".empty")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "options"),
    [("en", {}), ("ko", {"viewport": NARROW})],
    ids=["en-1280", "ko-390-hangul-keys"],
)
def test_an_editor_clears_ten_posts_by_keyboard_alone(
    enter: Callable[..., Page],
    speak: Callable[..., Callable[..., str]],
    cast: Cast,
    ten: list[int],
    language: str,
    options: dict[str, object],
) -> None:
    say = speak(language, cast.rui)
    rui = enter(cast.rui, **options)
    hangul = partial(press_hangul, rui)
    clear_by_keyboard(rui, ten, hangul if language == "ko" else rui.keyboard.press)
    expect(rui.locator("main")).to_contain_text(say("Nothing waits for review"))
    wanted = ["changes_requested" if n in SENT_BACK else "approved" for n in range(TEN)]
    assert statuses(ten) == wanted


def mark(page: Page, words: str) -> None:
    """Mark words of the text, as a pointer or Shift and arrows do."""
    page.evaluate(
        """(words) => {
          const node = document.querySelector("[data-quotable]").firstChild;
          const range = document.createRange();
          const at = node.data.indexOf(words);
          range.setStart(node, at);
          range.setEnd(node, at + words.length);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        }""",
        words,
    )


def test_marked_words_are_spoken_of_answered_and_settled(
    enter: Callable[..., Page], cast: Cast, ten: list[int]
) -> None:
    rui: Page = enter(cast.rui)
    rui.goto(f"/review/{ten[0]}")
    mark(rui, "내일부터")
    expect(rui.locator("[data-quote-marked]")).to_be_visible()
    rui.keyboard.press("c")
    expect(rui.locator("#comment-text")).to_be_focused()
    expect(rui.locator("#comment-quote")).to_have_value("내일부터")
    rui.keyboard.type("언제까지인가요, @Ana?")
    rui.keyboard.press("Control+Enter")
    expect(rui.locator(".passage")).to_have_text("내일부터")
    said = db.session.query(Comment).one()
    assert (said.quote, said.quote_at) == ("내일부터", len("글 0번입니다. "))

    ana: Page = enter(cast.ana)
    ana.goto("/notices")
    ana.get_by_role("link", name="mentioned you").click()
    expect(ana.locator(f"#comment-{said.id}")).to_contain_text("언제까지인가요")
    ana.get_by_role("button", name="Mark as done").click()
    expect(ana.locator(f"#comment-{said.id}")).to_contain_text("Done")

    rui.reload()
    expect(rui.locator(".passage")).to_have_count(0)


def test_an_author_speaks_of_marked_words_on_the_desk(
    enter: Callable[..., Page], cast: Cast, ten: list[int]
) -> None:
    post = db.session.get_one(Post, ten[0])
    ana: Page = enter(cast.ana)
    ana.goto(f"/stories/{post.story_id}")
    ana.locator("body").press("c")
    expect(ana.locator("#comment-text")).to_be_focused()
    ana.locator("#comment-text").blur()
    ana.locator(f"#text-{post.id} summary").click()
    mark(ana, "내일부터")
    expect(ana.locator("[data-quote-marked]")).to_be_visible()
    ana.keyboard.press("c")
    expect(ana.locator("#comment-quote")).to_have_value("내일부터")
    expect(ana.locator("[name=post_id]")).to_have_value(str(post.id))
    ana.keyboard.type("모레가 아닌가요?")
    ana.keyboard.press("Control+Enter")
    passage = ana.locator(".passage")
    expect(passage).to_have_text("내일부터")
    passage.click()
    expect(ana.locator(".comment:target")).to_contain_text("모레가 아닌가요?")
    ana.locator(".comment-quote a").click()
    expect(ana.locator(".passage:target")).to_be_visible()


def test_escape_puts_the_reason_away_and_the_keys_are_keys_again(
    enter: Callable[..., Page], cast: Cast, ten: list[int]
) -> None:
    rui: Page = enter(cast.rui)
    rui.goto(f"/review/{ten[0]}")
    rui.keyboard.press("r")
    expect(rui.locator("#send-back textarea")).to_be_focused()
    rui.keyboard.press("Escape")
    expect(rui.locator("#send-back summary")).to_be_focused()
    rui.keyboard.press("j")
    rui.wait_for_url(f"**/review/{ten[1]}")
    rui.keyboard.press("k")
    rui.wait_for_url(f"**/review/{ten[0]}")
    rui.keyboard.press("i")
    expect(rui.locator(".review-holder")).to_contain_text("You review this")
    rui.wait_for_load_state()
    rui.keyboard.press("u")
    rui.wait_for_url("**/review")
    expect(rui.locator(".review-queue")).to_contain_text("You review this")


def test_a_review_needs_no_scripts(enter: Callable[..., Page], cast: Cast, ten: list[int]) -> None:
    """Quote by hand, send back, and approve with one's thumb on a narrow screen."""
    page: Page = enter(cast.rui, java_script_enabled=False, viewport=NARROW)
    page.goto(f"/review/{ten[0]}")
    page.locator("#comment-text").fill("언제까지인가요?")
    page.locator("#comment-quote").fill("내일부터")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".passage")).to_have_text("내일부터")
    page.locator(".review-bar").get_by_role("button", name="Approve").click()
    page.wait_for_url(f"**/review/{ten[1]}")
    page.locator("#send-back summary").click()
    page.locator("#send-back textarea").fill("가격을 적어 주세요.")
    page.get_by_role("button", name="Send back").click()
    page.wait_for_url(f"**/review/{ten[2]}")
    assert statuses(ten[:3]) == ["approved", "changes_requested", "in_review"]
