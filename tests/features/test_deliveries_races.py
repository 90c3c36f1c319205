"""Two who touch one story at the same moment: both are heard, nobody waits in a circle."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import insert, select

from channels.base import Receipt
from publisher import clock, journal
from publisher.deliveries import claim as claims
from publisher.deliveries import deliver, quarantine, settle, state
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Beat, Delivery
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.features.racing import claimed, in_thread
from tests.plugins.newsroom import Newsroom


@pytest.mark.usefixtures("database_url")
def test_two_receipts_of_one_story_at_the_same_moment_both_count(
    newsroom: Newsroom, app: Flask
) -> None:
    drafts = {"x": Draft(text="가"), "page": Draft(text="나")}
    story = newsroom.approve(newsroom.story("blog", "x", "page", **drafts))
    assert deliver.publish_here(next(head for head in claims.heads() if head.transactional))
    tweet, page = claimed(newsroom, "x"), claimed(newsroom, "page")
    settled, go = threading.Event(), threading.Event()

    def first() -> None:
        with writing():
            settle.received(tweet, Receipt("1", "https://x.com/acme/status/1"))
            db.session.flush()
            settled.set()
            go.wait(0.5)

    def second() -> None:
        settled.wait(5)
        settle.received(page, Receipt("2002_1", "https://facebook.com/2002/posts/1"))

    one, said_one = in_thread(app, first)
    two, said_two = in_thread(app, second)
    one.join()
    two.join()

    assert (said_one, said_two) == ([None], [None])
    assert set(newsroom.statuses(story).values()) == {"published"}
    blog = newsroom.post(story, "blog")
    effect = db.session.scalar(select(Effect).where(Effect.key == f"links:{blog.id}"))
    assert effect is not None
    assert {link["kind"] for link in effect.desired["links"]} == {"twitter", "facebook"}


@pytest.mark.usefixtures("database_url")
def test_a_remote_post_proves_one_delivery_only(newsroom: Newsroom) -> None:
    first = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    settle.received(claimed(newsroom, "x"), Receipt("1", "https://x.com/acme/status/1"))
    second = newsroom.approve(newsroom.story("x", x=Draft(text="나")))

    settle.received(claimed(newsroom, "x"), Receipt("1", "https://x.com/acme/status/1"))

    assert newsroom.statuses(first)["x"] == "published"
    (delivery,) = deliveries.of_post(newsroom.post(second, "x"))
    assert (delivery.status, delivery.problem_code) == ("needs_attention", "two_owners")


@pytest.mark.usefixtures("database_url")
def test_a_tweet_scheduled_while_its_target_goes_live_is_not_forgotten(
    newsroom: Newsroom, app: Flask
) -> None:
    drafts = {"page": Draft(text="나"), "x": Draft(text="소식 {link:page}")}
    story = newsroom.story("page", "x", **drafts)
    page = newsroom.post(story, "page")
    deliveries.approve(newsroom.editor, page, page.revision, clock.now())
    claim = claimed(newsroom, "page")
    tweet_id, revision = newsroom.post(story, "x").id, newsroom.post(story, "x").revision
    db.session.rollback()
    settled = threading.Event()

    def receive() -> None:
        with writing():
            settle.received(claim, Receipt("2002_1", "https://facebook.com/2002/posts/1"))
            db.session.flush()
            settled.set()
            threading.Event().wait(0.3)

    def approve() -> None:
        settled.wait(5)
        deliveries.approve(None, stories.get_post(None, tweet_id), revision, clock.now())

    one, said_one = in_thread(app, receive)
    two, said_two = in_thread(app, approve)
    one.join()
    two.join()

    assert (said_one, said_two) == ([None], [None])
    newsroom.work(0.5)
    assert newsroom.statuses(story)["x"] == "published"


@pytest.mark.usefixtures("database_url")
def test_cancelling_while_the_receipt_arrives_blocks_nobody(
    newsroom: Newsroom, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    claim, post_id = claimed(newsroom, "x"), newsroom.post(story, "x").id
    db.session.rollback()
    read = threading.Event()
    latest_run = state.latest_run

    def slowly(post: Post) -> Sequence[Delivery]:
        run = latest_run(post)
        if threading.current_thread() is one and not read.is_set():
            read.set()
            threading.Event().wait(0.3)
        return run

    def cancel() -> None:
        deliveries.cancel(None, stories.get_post(None, post_id))

    def receive() -> None:
        read.wait(5)
        settle.received(claim, Receipt("1", "https://x.com/acme/status/1"))

    monkeypatch.setattr(state, "latest_run", slowly)
    one, said_one = in_thread(app, cancel)
    two, said_two = in_thread(app, receive)
    one.join()
    two.join()

    assert (said_one, said_two) == ([None], [None])
    assert newsroom.statuses(story)["x"] == "published"


@pytest.mark.usefixtures("cast", "database_url")
def test_two_roles_of_one_machine_can_start_at_the_same_moment(app: Flask) -> None:
    """Both compare with the journal for the first time, and both write down that they did."""
    now = clock.now()
    journal.write(journal.Sent(now, "thrown away", 1, 1, 1, 1, "text", ""))
    name = f"journal@{journal.identity()}"
    with db.engine.connect() as first, first.begin():
        first.execute(insert(Beat).values(name=name, role="journal", at=now))
        second, said = in_thread(app, quarantine.look_back)
        second.join(0.5)
        assert second.is_alive(), "the second waits until the first has decided"
    second.join()
    assert said == [None]
    assert db.session.scalars(select(Beat.at).where(Beat.name == name)).all() == [now]
