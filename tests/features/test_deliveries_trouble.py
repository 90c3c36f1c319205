"""Bugs, refusals and changes of mind: the account goes on, and a person is shown what is stuck."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.engine import Connection

from channels.base import Content, Receipt
from publisher import clock
from publisher.accounts import service as accounts
from publisher.blog import service as blog
from publisher.deliveries import attention, deliver, settle, sweep
from publisher.deliveries import claim as claims
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db
from publisher.media import service as media
from publisher.media.models import Rendition
from publisher.storage import persistently, writing
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.links import WhenLate
from publisher.stories.rules import Draft, MediaUse
from tests.features.racing import claimed
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture


def test_a_reading_that_always_breaks_ends_with_a_person(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("id")

    monkeypatch.setattr("channels.twitter.Twitter.find", broken)
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/2/tweets"})
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    end = clock.now() + timedelta(seconds=60)
    while clock.now() < end and newsroom.delivery(story, "x").status != "needs_attention":
        with suppress(KeyError):
            newsroom.work(0.3)

    assert newsroom.delivery(story, "x").status == "needs_attention"
    assert newsroom.delivery(story, "x").problem_code == "no_verdict"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("database_url")
def test_an_answer_outlives_a_lost_connection(newsroom: Newsroom) -> None:
    """Commit 3 is tried again: what the platform said is known to nobody else."""
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    lost: list[str] = []

    def lose(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not lost and statement.startswith("UPDATE deliveries") and "remote_id" in statement:
            lost.append(statement)
            connection.connection.driver_connection.close()

    event.listen(db.engine, "before_cursor_execute", lose)
    try:
        newsroom.work()
    finally:
        event.remove(db.engine, "before_cursor_execute", lose)

    assert lost
    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["가"]


def test_a_busy_database_does_not_lose_an_answer(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.storage.BUSY_S", 0.05)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    claim = claimed(newsroom, "x")
    db.session.rollback()
    other = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tries: list[bool] = []

    def settle_at_second_try() -> None:
        tries.append(True)
        if len(tries) == 2:
            other.rollback()
        settle.received(claim, Receipt("1", "https://x.com/acme/status/1"))

    persistently(settle_at_second_try)

    assert newsroom.statuses(story)["x"] == "published"
    assert len(tries) == 2


def test_a_picture_that_is_gone_does_not_block_the_account(newsroom: Newsroom) -> None:
    image = media.upload(newsroom.author, "a.png", picture(size=(600, 400)), "빨강")
    draft = Draft(text="그림", media=(MediaUse(image.id, "빨강"),))
    story = newsroom.approve(newsroom.story("x", x=draft))
    other = newsroom.approve(newsroom.story("x", x=Draft(text="다른 글")))
    with writing() as session:
        session.execute(delete(Rendition).where(Rendition.media_id == image.id))

    for _ in range(8):
        with suppress(Exception):
            newsroom.work(0.1)

    assert newsroom.statuses(other)["x"] == "published"
    broken = newsroom.delivery(story, "x")
    assert (broken.status, broken.problem_code) == ("needs_attention", "crashed")


def test_a_cancelled_post_stays_cancelled_when_the_platform_refused_it(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.sandbox.fault("unauthorized", match={"path": "/2/tweets"})
    go_on_wire = deliver.go_on_wire

    def cancelled_after(claim: claims.Claim, content: Content) -> None:
        go_on_wire(claim, content)
        deliveries.cancel(newsroom.editor, newsroom.post(story, "x"))

    monkeypatch.setattr(deliver, "go_on_wire", cancelled_after)
    newsroom.work(0.3)

    assert newsroom.really_posted("x") == []
    assert newsroom.statuses(story)["x"] == "cancelled"


def test_a_reset_in_the_past_is_no_reason_to_call_again_at_once(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("rate_limited", match={"path": "/2/tweets"}, times=None, reset_after=0)
    newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work(1.0)
    calls = [each for each in newsroom.sandbox.requests() if "/2/tweets" in each["path"]]
    assert 1 <= len(calls) <= 3


def test_an_approved_post_that_gets_its_time_later_goes_out(newsroom: Newsroom) -> None:
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, post, post.revision)
    deliveries.move(newsroom.editor, newsroom.post(story, "x"), clock.now(), "Asia/Seoul")

    newsroom.work(0.3)

    assert newsroom.statuses(story)["x"] == "published"


def test_the_distance_between_two_posts_counts_from_the_wire(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing():
        newsroom.accounts["x"].spacing_s = 0.5
    stories = [newsroom.story("x", x=Draft(text=text)) for text in ("가", "나")]
    for story in stories:
        newsroom.approve(story)

    newsroom.work(1.5)

    first, second = (newsroom.delivery(story, "x").published_at for story in stories)
    assert first is not None
    assert second is not None
    assert second - first >= timedelta(seconds=0.5)


def test_one_row_that_cannot_be_recovered_keeps_no_other_from_it(newsroom: Newsroom) -> None:
    drafts = {"x": Draft(text="가"), "page": Draft(text="나")}
    story = newsroom.approve(newsroom.story("x", "page", **drafts))
    tweet = claimed(newsroom, "x")
    claimed(newsroom, "page")
    long_ago = clock.now() - timedelta(seconds=1)
    with writing() as session:
        session.execute(delete(Attempt).where(Attempt.delivery_id == tweet.delivery_id))
        session.execute(update(Delivery).values(lease_until=long_ago))

    sweep.sweep()

    assert newsroom.statuses(story) == {"x": "sending", "page": "unconfirmed"}


def test_what_was_refused_waits_for_a_person_until_it_is_edited(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("status", match={"path": "/2/tweets"}, code=403)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    assert [each.status for each in attention.needing_attention()] == ["failed"]
    assert attention.count() == 1

    post = newsroom.post(story, "x")
    stories.edit(newsroom.author, post, Draft(text="나"), version=post.version)
    assert attention.count() == 0


@pytest.mark.parametrize("when_late", [WhenLate.DROP, WhenLate.SEND_WITHOUT])
def test_an_article_can_link_to_one_that_goes_out_in_the_same_turn(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, when_late: WhenLate
) -> None:
    """Both are overdue on one account, and for so long that neither needs to wait any more."""
    monkeypatch.setattr(deliver, "TURN_S", 60.0)  # a slow machine takes both at once, too
    story = stories.create_story(newsroom.author, title="두 글", language="ko")
    linking = Draft(title="둘째", text="[첫 글]({blog})", when_late={"blog": str(when_late)})
    for draft in (Draft(title="첫째", text="가"), linking):
        stories.add_post(newsroom.author, story, newsroom.accounts["blog"], draft)
    review.submit_story(newsroom.author, story)
    accounts.hold(newsroom.editor, "a pause", newsroom.accounts["blog"])
    newsroom.approve(story)
    newsroom.travel(timedelta(seconds=60))
    accounts.release(newsroom.editor, newsroom.accounts["blog"])

    newsroom.work()

    db.session.rollback()
    first, second = story.posts
    assert (first.shown_status, second.shown_status) == ("published", "published")
    assert urlsplit(first.url).path in blog.article("둘째").html
