"""Threads that stopped in the middle: nothing goes twice, and nobody is left waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher import clock
from publisher.deliveries import dispatch, sweep
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.errors import Conflict, Invalid
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom

THREAD = Draft(text=" ".join(f"낱말{n}" for n in range(150)), thread=True)


@pytest.fixture
def stopped(newsroom: Newsroom) -> Story:
    """A thread whose first part is out and whose rest was missed."""
    story = newsroom.approve(newsroom.story("x", x=THREAD))
    assert dispatch.work_off()
    db.session.rollback()
    with writing():
        for part in deliveries.of_post(newsroom.post(story, "x"))[1:]:
            part.expires_at = clock.now() - timedelta(seconds=1)
    sweep.sweep()
    assert newsroom.statuses(story)["x"] == "partly_published"
    return story


def test_the_rest_of_a_thread_goes_on_where_it_stopped(newsroom: Newsroom, stopped: Story) -> None:
    deliveries.publish_now(newsroom.editor, newsroom.post(stopped, "x"))
    newsroom.work(0.5)

    run = deliveries.of_post(newsroom.post(stopped, "x"))
    assert {part.run for part in run} == {1}
    assert len(newsroom.really_posted("x")) == len(run)
    assert newsroom.statuses(stopped)["x"] == "published"


def test_the_rest_of_a_thread_can_be_moved(newsroom: Newsroom, stopped: Story) -> None:
    later = clock.now() + timedelta(hours=1)
    deliveries.move(newsroom.editor, newsroom.post(stopped, "x"), later, "Asia/Seoul")
    first, *rest = deliveries.of_post(newsroom.post(stopped, "x"))
    assert first.status == "published"
    assert {(part.status, part.due_at) for part in rest} == {("scheduled", later)}


def test_a_thread_without_a_rest_is_not_begun_anew(newsroom: Newsroom, stopped: Story) -> None:
    deliveries.cancel(newsroom.editor, newsroom.post(stopped, "x"))

    with pytest.raises(Conflict) as refused:
        deliveries.publish_now(newsroom.editor, newsroom.post(stopped, "x"))

    assert refused.value.code == "partly_published"
    newsroom.work(0.3)
    assert len(newsroom.really_posted("x")) == 1


def doubtful(newsroom: Newsroom, slug: str, draft: Draft) -> Delivery:
    """The first delivery of a post that is out, and whose account could not be read until it was too late."""
    paths = {"x": "/2/tweets", "page": "/*/feed"}
    newsroom.sandbox.fault("accept_then_reset", match={"path": paths[slug], "method": "POST"})
    newsroom.sandbox.fault("read_fails", times=None)
    story = newsroom.approve(newsroom.story(slug, **{slug: draft}))
    newsroom.work(6.0)
    first = newsroom.delivery(story, slug)
    assert first.status == "needs_attention"
    newsroom.sandbox.clear_faults()
    return first


def test_a_thread_goes_on_under_a_part_that_a_person_found(newsroom: Newsroom) -> None:
    first = doubtful(newsroom, "x", THREAD)
    (posted,) = newsroom.sandbox.ledger()
    with pytest.raises(Invalid):
        deliveries.settle_by_hand(newsroom.editor, first, "there", "https://x.com/acme")

    address = f"https://x.com/acme/status/{posted['id']}"
    deliveries.settle_by_hand(newsroom.editor, first, "there", address)
    newsroom.work(0.5)

    assert newsroom.statuses(first.post.story)["x"] == "published"


def test_dropping_the_first_part_by_hand_ends_the_thread(newsroom: Newsroom) -> None:
    first = doubtful(newsroom, "x", THREAD)
    deliveries.settle_by_hand(newsroom.editor, first, "drop")
    assert {part.status for part in deliveries.of_post(first.post)} == {"cancelled"}


def test_a_post_found_by_hand_is_known_by_the_platforms_own_id(newsroom: Newsroom) -> None:
    first = doubtful(newsroom, "page", Draft(text="같은 글"))
    (posted,) = newsroom.sandbox.ledger()
    page, _sep, number = posted["id"].partition("_")
    address = f"https://www.facebook.com/{page}/posts/{number}"
    deliveries.settle_by_hand(newsroom.editor, first, "there", address)
    assert first.remote_id == posted["id"]


def test_a_thread_that_is_dropped_is_dropped_whole(newsroom: Newsroom) -> None:
    draft = Draft(text=f"{THREAD.text} {{blog}}", thread=True, when_late={"blog": "drop"})
    story = newsroom.approve(newsroom.story("blog", "x", x=draft))
    deliveries.cancel(newsroom.editor, newsroom.post(story, "blog"))
    newsroom.work(0.5)
    assert {part.status for part in deliveries.of_post(newsroom.post(story, "x"))} == {"cancelled"}
