"""From approval to proof: what goes out, when, in which order, and what happens when it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Attempt, Delivery
from publisher.errors import Conflict, Invalid, NotAllowed
from publisher.extensions import db
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom


def outcomes(delivery: Delivery) -> list[str]:
    query = select(Attempt.outcome).where(Attempt.delivery_id == delivery.id)
    return list(db.session.scalars(query.order_by(Attempt.fence)))


def test_three_posts_go_out_once_and_carry_each_others_addresses(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story())

    newsroom.work(2.5)

    assert set(newsroom.statuses(story).values()) == {"published"}
    article = newsroom.post(story, "blog").url
    (tweet,) = newsroom.really_posted("x")
    (facebook,) = newsroom.really_posted("facebook")
    assert article in tweet
    assert article in facebook
    assert newsroom.post(story, "x").url in facebook


def test_nothing_goes_out_before_its_time(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")), in_s=5.0)

    newsroom.work()
    assert newsroom.really_posted("x") == []

    newsroom.work(5.2)
    delivery = newsroom.delivery(story, "x")
    assert delivery.status == "published"
    assert delivery.late_ms is not None
    assert delivery.late_ms >= 0


def test_a_tweet_waits_for_the_article_it_links_to(newsroom: Newsroom) -> None:
    story = newsroom.story("blog", "x")
    tweet = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, tweet, tweet.revision, clock.now())

    newsroom.work()
    assert newsroom.delivery(story, "x").waits_for == "target"
    assert newsroom.statuses(story)["x"] == "waiting"

    article = newsroom.post(story, "blog")
    deliveries.approve(newsroom.editor, article, article.revision, clock.now())
    newsroom.work()
    assert set(newsroom.statuses(story).values()) == {"published"}


@pytest.mark.parametrize(
    ("choice", "status"), [("send_without", "published"), ("drop", "cancelled")]
)
def test_a_post_whose_link_never_comes_does_what_its_author_chose(
    newsroom: Newsroom, choice: str, status: str
) -> None:
    draft = Draft(text="소식 {blog}", when_late={"blog": choice})
    story = newsroom.story("blog", "x", x=draft)
    newsroom.approve(story)
    deliveries.cancel(newsroom.editor, newsroom.post(story, "blog"))

    newsroom.work()

    assert newsroom.delivery(story, "x").status == status
    assert newsroom.really_posted("x") == (["소식"] if choice == "send_without" else [])


def test_a_timeout_is_reconciled_not_sent_again(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("accept_then_hang", match={"path": "/2/tweets"}, seconds=1.5)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="한 번만")))

    newsroom.work()
    assert newsroom.statuses(story)["x"] == "unconfirmed"

    newsroom.work(3.0)
    delivery = newsroom.delivery(story, "x")
    assert delivery.status == "published"
    assert newsroom.really_posted("x") == ["한 번만"]
    assert outcomes(delivery)[0] == "unconfirmed"
    assert outcomes(delivery)[-1] == "published"


@pytest.mark.parametrize("platform", ["x", "page"])
def test_what_surely_did_not_arrive_is_sent_again_after_two_readings(
    newsroom: Newsroom, platform: str
) -> None:
    path = "/2/tweets" if platform == "x" else "/*/feed"
    newsroom.sandbox.fault("reject_then_5xx", match={"path": path, "method": "POST"})
    story = newsroom.approve(newsroom.story(platform, x=Draft(text="가"), page=Draft(text="가")))

    newsroom.work(3.0)

    delivery = newsroom.delivery(story, platform)
    assert delivery.status == "published"
    assert delivery.resends == 1
    assert outcomes(delivery).count("absent") == 1
    assert len(newsroom.really_posted("x" if platform == "x" else "facebook")) == 1


def test_an_unreadable_answer_is_proof_of_nothing(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("cut_body", match={"path": "/2/tweets"})
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))

    newsroom.work(3.0)

    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["가"]


def test_a_timeline_that_cannot_be_read_ends_with_a_person(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/2/tweets"})
    newsroom.sandbox.fault("read_fails", match={"platform": "x"}, times=None)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))

    newsroom.work(6.0)

    delivery = newsroom.delivery(story, "x")
    assert delivery.status == "needs_attention"
    settled = deliveries.settle_by_hand(
        newsroom.editor, delivery, "there", "https://x.com/acme/status/1"
    )
    assert settled.status == "published"
    assert newsroom.really_posted("x") == ["가"]


def test_a_refusal_is_final_and_tells_why(newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="같은 글")))
    newsroom.work()
    second = newsroom.approve(newsroom.story("x", x=Draft(text="같은 글")))
    newsroom.work()

    delivery = newsroom.delivery(second, "x")
    assert delivery.status == "failed"
    assert delivery.problem
    assert newsroom.really_posted("x") == ["같은 글"]


def test_too_many_requests_wait_and_do_not_count_as_an_attempt(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("rate_limited", match={"path": "/2/tweets"}, reset_after=2)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))

    newsroom.work()
    waiting = newsroom.delivery(story, "x")
    assert (waiting.status, waiting.attempts) == ("scheduled", 0)

    newsroom.work(3.0)
    assert newsroom.statuses(story)["x"] == "published"


def test_lost_authority_pauses_the_account_and_holds_its_posts(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("unauthorized", match={"path": "/2/tweets"})
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))

    newsroom.work(0.3)
    assert accounts.by_slug("x").status == "paused"
    assert newsroom.delivery(story, "x").status == "scheduled"

    accounts.resume(newsroom.editor, accounts.by_slug("x"))
    newsroom.work()
    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["가"]


def test_holding_everything_stops_everything_until_it_is_released(newsroom: Newsroom) -> None:
    accounts.hold(newsroom.editor, "A crisis")
    story = newsroom.approve(newsroom.story("blog", "x"))

    newsroom.work(0.3)
    assert set(newsroom.statuses(story).values()) <= {"scheduled", "waiting"}

    accounts.release(newsroom.editor)
    newsroom.work()
    assert set(newsroom.statuses(story).values()) == {"published"}


def test_an_edit_after_approval_goes_nowhere_until_it_is_approved_again(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")), in_s=0.2)
    post = newsroom.post(story, "x")
    stories.edit(newsroom.author, post, Draft(text="나"), version=post.version)

    newsroom.work(0.4)
    assert newsroom.really_posted("x") == []
    assert newsroom.delivery(story, "x").waits_for == "approval"

    review.submit(newsroom.author, newsroom.post(story, "x"))
    post = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, post, post.revision, clock.now())
    newsroom.work()
    assert newsroom.really_posted("x") == ["나"]


def test_cancelling_between_claim_and_wire_sends_nothing(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    publish = __import__("channels.twitter", fromlist=["Twitter"]).Twitter.publish

    def cancelled_meanwhile(self, content, **keywords):  # type: ignore[no-untyped-def]
        deliveries.cancel(newsroom.editor, newsroom.post(story, "x"))
        return publish(self, content, **keywords)

    monkeypatch.setattr("channels.twitter.Twitter.publish", cancelled_meanwhile)
    newsroom.work()

    assert newsroom.delivery(story, "x").status == "cancelled"
    assert newsroom.really_posted("x") == []


def test_a_missed_time_is_shown_and_never_sent_by_itself(newsroom: Newsroom) -> None:
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    from publisher.storage import writing

    with writing():
        post.grace_s = 0.2
    accounts.hold(newsroom.editor, "stop", accounts.by_slug("x"))
    newsroom.approve(story)
    newsroom.work(0.5)
    accounts.release(newsroom.editor, accounts.by_slug("x"))
    newsroom.work()
    assert newsroom.statuses(story)["x"] == "missed"
    assert newsroom.really_posted("x") == []

    with writing():
        post.grace_s = None  # a slow machine needs more than that
    deliveries.publish_now(newsroom.editor, newsroom.post(story, "x"))
    newsroom.work()
    assert newsroom.really_posted("x") == ["가"]


def test_a_thread_goes_out_part_by_part_each_answering_the_one_before(newsroom: Newsroom) -> None:
    text = "\n\n".join(f"{n}번째 문단입니다. " + "길게 씁니다. " * 12 for n in range(1, 4))
    story = newsroom.approve(newsroom.story("x", x=Draft(text=text, thread=True)))

    newsroom.work()

    run = deliveries.of_post(newsroom.post(story, "x"))
    assert [part.status for part in run] == ["published"] * len(run)
    assert len(run) > 1
    posted = [each for each in newsroom.sandbox.ledger() if each["platform"] == "x"]
    assert [each["reply_to"] or None for each in posted] == [
        None,
        *(each["id"] for each in posted[:-1]),
    ]


def test_a_thread_that_breaks_is_partly_published_and_goes_no_further(newsroom: Newsroom) -> None:
    text = " ".join(f"낱말{n}" for n in range(150))
    newsroom.sandbox.fault("status", match={"path": "/2/tweets", "text": "2/"}, code=403, times=1)
    story = newsroom.approve(newsroom.story("x", x=Draft(text=text, thread=True)))

    newsroom.work(0.3)

    statuses = [part.status for part in deliveries.of_post(newsroom.post(story, "x"))]
    assert statuses[:2] == ["published", "failed"]
    assert set(statuses[2:]) <= {"scheduled"}
    assert newsroom.statuses(story)["x"] == "partly_published"


def test_posts_of_one_account_keep_their_distance(newsroom: Newsroom) -> None:
    accounts.pace(None, accounts.by_slug("x"), 0.5)
    first = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    second = newsroom.approve(newsroom.story("x", x=Draft(text="나")))

    newsroom.work(1.2)

    gap = newsroom.delivery(second, "x").published_at - newsroom.delivery(first, "x").published_at
    assert gap >= timedelta(seconds=0.45)


def test_only_an_approved_post_is_scheduled_and_only_by_an_editor(newsroom: Newsroom) -> None:
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    with pytest.raises(Conflict):
        deliveries.schedule(newsroom.editor, post, clock.now())
    with pytest.raises(NotAllowed):
        deliveries.approve(newsroom.author, post, post.revision)
    with pytest.raises(Invalid):
        deliveries.approve(newsroom.editor, post, post.revision, clock.now() - timedelta(hours=1))
    assert newsroom.statuses(story)["x"] == "in_review"


def test_publishing_again_needs_more_than_scheduling(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    with pytest.raises(Conflict):
        deliveries.publish_now(newsroom.editor, newsroom.post(story, "x"))
    with pytest.raises(Conflict):
        deliveries.move(newsroom.editor, newsroom.post(story, "x"), clock.now() + timedelta(days=1))


def test_moving_a_scheduled_post_moves_its_delivery(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")), in_s=0.2)
    later = clock.now() + timedelta(hours=2)
    deliveries.move(newsroom.editor, newsroom.post(story, "x"), later, "Asia/Seoul")

    newsroom.work(0.4)

    assert newsroom.really_posted("x") == []
    assert newsroom.delivery(story, "x").due_at == later
    assert newsroom.post(story, "x").shown_at == later


@pytest.mark.usefixtures("database_url")
def test_the_main_job_runs_on_every_database(newsroom: Newsroom, app: Flask) -> None:
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/2/tweets"})
    story = newsroom.approve(newsroom.story())

    newsroom.work(4.0)

    assert set(newsroom.statuses(story).values()) == {"published"}
    assert len(newsroom.really_posted("x")) == 1
    assert len(newsroom.really_posted("facebook")) == 1
