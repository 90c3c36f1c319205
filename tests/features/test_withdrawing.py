"""The way back: a submission, an approval and an archived story, and whom each concerns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from channels.base import Content
from publisher import clock
from publisher.deliveries import claim as claims
from publisher.deliveries import deliver, recall
from publisher.deliveries import service as deliveries
from publisher.deliveries.deliver import NotSent
from publisher.errors import Conflict, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.people.models import Event, User
from publisher.stories import approvals, review, taking, waiting, withdrawing
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.features.racing import claimed, in_thread
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom


def told(person: User) -> list[str]:
    query = select(Notice.kind).where(Notice.user_id == person.id).order_by(Notice.id)
    return list(db.session.scalars(query))


def verbs(story: Story) -> list[str]:
    query = select(Event.verb).where(Event.story_id == story.id).order_by(Event.id)
    return list(db.session.scalars(query))


def approved(newsroom: Newsroom, in_s: float = 3600) -> Story:
    return newsroom.approve(newsroom.story("x", x=Draft(text="가")), in_s=in_s)


# A submission


def test_an_author_takes_a_submission_back_and_whoever_reviews_it_is_told(
    cast: Cast, newsroom: Newsroom
) -> None:
    story = newsroom.story("blog")
    post = newsroom.post(story, "blog")
    taking.take(cast.rui, post)

    withdrawing.withdraw(cast.ana, post)

    assert newsroom.post(story, "blog").status == "draft"
    assert told(cast.rui)[-1] == "withdrawn" and "withdrawn" not in told(cast.ada)
    assert verbs(story)[-1] == "withdraw"
    with pytest.raises(Conflict):
        withdrawing.withdraw(cast.ana, post)
    review.submit(cast.ana, post)


def test_what_somebody_has_decided_on_is_not_taken_back(cast: Cast, newsroom: Newsroom) -> None:
    approvals.add_rule(cast.ada, needed=2)
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    review.approve(cast.rui, post, post.revision)
    with pytest.raises(Conflict) as refused:
        withdrawing.withdraw(cast.ana, post)
    assert refused.value.code == "decided"
    review.approve(cast.ada, post, post.revision)
    with pytest.raises(Conflict):
        withdrawing.withdraw(cast.ana, post)
    assert newsroom.post(story, "x").status == "approved"


def test_only_its_writers_take_a_submission_back(cast: Cast, newsroom: Newsroom) -> None:
    post = newsroom.post(newsroom.story("blog"), "blog")
    with pytest.raises(NotFound):
        withdrawing.withdraw(cast.ben, post)
    with pytest.raises(NotFound):
        withdrawing.withdraw_some(cast.ana, post.story, [post.id, 99])
    assert post.status == "in_review"


# An approval


@pytest.mark.usefixtures("database_url")
def test_an_approval_that_is_taken_back_stops_what_was_to_go_out(
    cast: Cast, newsroom: Newsroom
) -> None:
    story = approved(newsroom, in_s=60)
    post = newsroom.post(story, "x")

    recall.take_back(cast.rui, post, post.revision)

    (delivery,) = deliveries.of_post(post)
    assert (delivery.status, delivery.waits_for, delivery.next_at) == (
        "scheduled",
        "approval",
        None,
    )
    assert newsroom.statuses(story) == {"x": "in_review"}
    assert told(cast.ana)[-1] == "approval_taken_back"
    assert [each.post.id for each in waiting.waiting(cast.rui) if each.mine] == [post.id]
    newsroom.travel(timedelta(minutes=2))
    newsroom.work(0.2)
    assert newsroom.really_posted("x") == []

    deliveries.approve(cast.rui, newsroom.post(story, "x"), 1, clock.now())
    newsroom.work(1)
    assert newsroom.statuses(story) == {"x": "published"}
    assert newsroom.really_posted("x") == ["가"]


def test_only_what_is_approved_can_be_taken_back_and_only_by_editors(
    cast: Cast, newsroom: Newsroom
) -> None:
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    with pytest.raises(Conflict):
        recall.take_back(cast.rui, post, post.revision)
    deliveries.approve(cast.rui, post, post.revision)
    with pytest.raises(NotAllowed):
        recall.take_back(cast.ana, post, post.revision)
    with pytest.raises(Stale):
        recall.take_back(cast.rui, post, post.revision + 1)
    recall.take_back(cast.ada, post, post.revision)
    assert post.status == "in_review" and post.approved_hash is None
    with pytest.raises(Conflict):
        recall.take_back(cast.ada, post, post.revision)


def test_of_two_approvals_one_takes_back_only_their_own(cast: Cast, newsroom: Newsroom) -> None:
    approvals.add_rule(cast.ada, needed=2)
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    review.approve(cast.rui, post, post.revision)
    recall.take_back(cast.rui, post, post.revision)
    assert approvals.standing(post).by == ()
    for editor in (cast.rui, cast.ada):
        review.approve(editor, post, post.revision)
    assert post.status == "approved"
    recall.take_back(cast.rui, post, post.revision)
    assert approvals.standing(post).by == (cast.ada,) and post.status == "in_review"
    deliveries.approve(cast.rui, post, post.revision)
    assert post.status == "approved"


def test_approvals_that_were_given_together_are_taken_back_together(
    cast: Cast, newsroom: Newsroom
) -> None:
    story = newsroom.approve(newsroom.story("blog", "x", x=Draft(text="가")), in_s=3600)
    revisions = {post.id: post.revision for post in story.posts}
    with pytest.raises(Stale):
        recall.take_back_some(cast.rui, story, {each: n + 1 for each, n in revisions.items()})
    assert set(newsroom.statuses(story).values()) == {"scheduled"}
    recall.take_back_some(cast.rui, story, revisions)
    assert set(newsroom.statuses(story).values()) == {"in_review"}


# ---- Against a sender ----


@pytest.mark.usefixtures("database_url")
def test_what_is_on_its_way_or_out_keeps_its_approval(cast: Cast, newsroom: Newsroom) -> None:
    story = approved(newsroom, in_s=0)
    claimed(newsroom, "x")
    post = newsroom.post(story, "x")
    with pytest.raises(Conflict) as refused:
        recall.take_back(cast.rui, post, post.revision)
    assert refused.value.code == "on_its_way"
    assert newsroom.post(story, "x").status == "approved"
    assert not recall.recallable(newsroom.post(story, "x"))


@pytest.mark.usefixtures("database_url")
def test_a_claim_before_the_wire_keeps_its_approval_too(cast: Cast, newsroom: Newsroom) -> None:
    story = approved(newsroom, in_s=0)
    account_id = newsroom.accounts["x"].id
    claim = claims.claim(next(head for head in claims.heads() if head.account_id == account_id))
    assert claim is not None
    post = newsroom.post(story, "x")
    with pytest.raises(Conflict):
        recall.take_back(cast.rui, post, post.revision)
    deliver.send(claim)
    assert newsroom.statuses(story) == {"x": "published"}


@pytest.mark.usefixtures("database_url")
def test_commit_two_sees_that_only_the_editorial_part_was_taken_back(
    cast: Cast, newsroom: Newsroom
) -> None:
    """As with an edit: whatever the order of things, the approval is compared once more on the wire."""
    story = approved(newsroom, in_s=0)
    account_id = newsroom.accounts["x"].id
    claim = claims.claim(next(head for head in claims.heads() if head.account_id == account_id))
    assert claim is not None
    post = newsroom.post(story, "x")
    withdrawing.take_back(cast.rui, post, post.revision)
    with pytest.raises(NotSent):
        deliver.go_on_wire(claim, Content("가"))
    (delivery,) = deliveries.of_post(newsroom.post(story, "x"))
    assert (delivery.status, delivery.waits_for, delivery.attempts) == ("scheduled", "approval", 0)


@pytest.mark.usefixtures("database_url")
def test_a_claim_and_a_taking_back_at_the_same_moment_never_both_win(
    newsroom: Newsroom, app: Flask, cast: Cast
) -> None:
    story = approved(newsroom, in_s=0)
    post, rui_id = newsroom.post(story, "x"), cast.rui.id
    post_id, revision, account_id = post.id, post.revision, newsroom.accounts["x"].id
    head = next(head for head in claims.heads() if head.account_id == account_id)
    db.session.rollback()

    def send() -> bool:
        claim = claims.claim(head)
        if claim is not None:
            deliver.send(claim)
        return claim is not None

    def take_back() -> bool:
        try:
            rui = db.session.get_one(User, rui_id)
            recall.take_back(rui, stories.get_post(rui, post_id), revision)
        except Conflict:
            return False
        return True

    one, sent = in_thread(app, send)
    two, taken_back = in_thread(app, take_back)
    one.join()
    two.join()
    newsroom.travel(timedelta(minutes=5))

    assert sorted([*sent, *taken_back]) == [False, True]
    newsroom.work(1)
    out = newsroom.really_posted("x")
    assert (out, newsroom.statuses(story)["x"]) == (
        ([], "in_review") if taken_back == [True] else (["가"], "published")
    )


def test_what_was_taken_back_is_not_what_was_approved_last(newsroom: Newsroom) -> None:
    story = approved(newsroom)
    post = newsroom.post(story, "x")
    newsroom.travel(timedelta(days=3))
    recall.take_back(newsroom.editor, post, post.revision)
    assert review.last_approved(post) is None
    assert clock.now() - newsroom.post(story, "x").submitted_at < timedelta(minutes=1)
