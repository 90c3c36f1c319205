"""After publishing, in the browser: corrected in its place, taken down, published again; everything held."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from publisher.stories.rules import Draft
from tests.journeys.conftest import Site, reload_until_seen
from tests.plugins.app import Cast

Enter = Callable[..., Page]
WRONG = "한밫전자와 함께합니다."
DRAFTS = {"blog": Draft(title="새 파트너", text=WRONG), "x": Draft(text=WRONG)}


def test_a_wrong_name_is_corrected_and_a_wrong_tweet_goes_out_anew(
    site: Site, cast: Cast, enter: Enter
) -> None:
    room = site.newsroom
    story = room.approve(room.story("blog", "x", **DRAFTS))
    site.wait_until(lambda: set(room.statuses(story).values()) == {"published"})
    article, tweet = room.post(story, "blog"), room.post(story, "x")
    author, editor = enter(cast.ana), enter(cast.rui)

    author.goto(f"/stories/{story.id}?post={article.id}#post-{article.id}")
    panel = author.locator(f"#post-{article.id}")
    expect(panel.get_by_text("A new text corrects it in its place.")).to_be_visible()
    panel.get_by_label("Text", exact=False).first.fill("한빛전자와 함께합니다.")
    panel.get_by_role("button", name="Save", exact=True).click()
    panel.get_by_role("button", name="Submit for review").click()
    expect(author.get_by_text("Saved and submitted for review.")).to_be_visible()

    editor.goto(f"/review/{article.id}")
    expect(editor.get_by_text("the article changes at the same address")).to_be_visible()
    editor.locator(".decision").get_by_role("button", name="Approve").click()
    expect(editor.get_by_text("Approved: “첫 이야기”")).to_be_visible()
    author.goto(article.url)
    reload_until_seen(author, "text=한빛전자와 함께합니다.")
    expect(author.locator("article").get_by_text("고침")).to_be_visible()

    editor.goto(f"/stories/{story.id}?post={tweet.id}#post-{tweet.id}")
    note = editor.locator(f"#post-{tweet.id}")
    expect(note.get_by_text("X lets nobody change a post.")).to_be_visible()
    note.get_by_role("link", name="Take it down").click()
    editor.locator("main").get_by_label("Why?").fill("이름이 틀렸습니다.")
    editor.locator("main").get_by_role("button", name="Take it down").click()
    expect(editor).not_to_have_url(re.compile("take-down"))
    reload_until_seen(editor, "text=Taken down by Rui")
    editor.get_by_role("link", name="Publish again").click()
    editor.get_by_role("button", name="Publish again").click()
    expect(editor.get_by_text("It is on the calendar again.")).to_be_visible()
    site.wait_until(lambda: room.statuses(story)["x"] == "published")
    shown = [each["deleted"] for each in room.sandbox.ledger() if each["platform"] == "x"]
    assert shown == [True, False]


def test_an_editor_holds_everything_from_any_page_and_everybody_sees_why(
    site: Site, cast: Cast, enter: Enter
) -> None:
    editor, viewer = enter(cast.rui), enter(cast.vic)
    editor.goto("/stories")
    editor.locator("summary", has_text="Hold everything").click()
    editor.get_by_label("Hold everything: why?").fill("사실 확인 중입니다.")
    editor.get_by_role("button", name="Hold everything").click()
    expect(editor.get_by_role("region", name="Everything is held")).to_be_visible()
    viewer.goto("/calendar")
    banner = viewer.get_by_role("region", name="Everything is held")
    expect(banner).to_contain_text("사실 확인 중입니다. · Rui")
    expect(banner.get_by_role("button")).to_have_count(0)
    editor.get_by_role("region", name="Everything is held").get_by_role("button").click()
    editor.wait_for_url("**/stories")
    expect(editor.get_by_role("region", name="Everything is held")).to_have_count(0)
