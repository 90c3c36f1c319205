"""What is foreseen of a story is what then happens: the same rules, asked before and followed after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import corrections, forecast
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom

SLACK = timedelta(seconds=0.5)
"""Of the newsroom's own time, which passes in small steps and not while a machine is slow."""


def plan(room: Newsroom, story: Story, **seconds: float) -> datetime:
    """Plan each post so many seconds from an instant ahead, which is the answer."""
    start = clock.now() + timedelta(seconds=5)
    for slug, after in seconds.items():
        at = start + timedelta(seconds=after)
        stories.plan(None, room.post(story, slug), at, "Asia/Seoul")
    return start


def approve_as_planned(room: Newsroom, story: Story) -> None:
    deliveries.approve_story(room.editor, story, {post.id: post.revision for post in story.posts})


def foreseen(story: Story) -> list[tuple[str, datetime | None, str]]:
    db.session.rollback()
    told = forecast.of_story(story)
    return [(stop.post.account.slug, stop.step.at, stop.step.outcome) for stop in told.stops]


@pytest.mark.parametrize(
    ("blog_at", "policy", "without"),
    [(0, "hold", set()), (6, "hold", set()), (7, "send_without", {"x", "page"})],
    ids=["in the order of links", "the target comes later", "without a link that is too late"],
)
def test_posts_go_out_as_foreseen(
    newsroom: Newsroom, blog_at: float, policy: str, without: set[str]
) -> None:
    draft = Draft(text="소식 {blog}", when_late={"blog": policy})
    story = newsroom.story(x=draft, page=draft)
    start = plan(newsroom, story, blog=0, x=2, page=4)
    before = foreseen(story)
    approve_as_planned(newsroom, story)
    assert foreseen(story) == before, "approving as planned changes nothing of it"
    blog = newsroom.post(story, "blog")
    deliveries.move(newsroom.editor, blog, start + timedelta(seconds=blog_at), "Asia/Seoul")
    told = foreseen(story)
    assert {slug for slug, _at, outcome in told if outcome == "without"} == without

    newsroom.work(seconds=14)

    assert set(newsroom.statuses(story).values()) == {"published"}
    really = {post.account.slug: post.published_at for post in story.posts}
    for slug, at, _outcome in told:
        assert at is not None
        assert at - SLACK <= really[slug], slug
    assert really[told[0][0]] == min(really.values())
    (text,) = newsroom.really_posted("x")
    assert ("/blog/" in text) == (not without)


def test_what_other_stories_take_of_an_account_is_foreseen(newsroom: Newsroom) -> None:
    account = newsroom.accounts["x"]
    other = newsroom.story("x", x=Draft(text="먼저"))
    newsroom.approve(other, in_s=60)
    accounts.pace(None, account, 30.0)
    story = newsroom.story("blog", "x")
    start = plan(newsroom, story, blog=50, x=60)
    told = {slug: at for slug, at, _outcome in foreseen(story)}
    first = newsroom.delivery(other, "x").due_at
    assert told["x"] == max(start + timedelta(seconds=60), first + timedelta(seconds=30))
    assert told["blog"] == start + timedelta(seconds=50)


def test_what_was_taken_down_is_not_foreseen_as_out(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("page", page=Draft(text="글")))
    newsroom.work()
    assert [outcome for *_rest, outcome in foreseen(story)] == [forecast.OUT]
    corrections.take_down(newsroom.editor, newsroom.post(story, "page"), "틀림")
    assert foreseen(story) == [("page", None, forecast.STOPPED)]
