"""After the first byte: doubt, proof, and what a person is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulation.ledger import Broken
from tests.simulation.newsroom import (
    EAGER_TWEET,
    PAGE,
    TWEET,
    words,
)
from tests.simulation.people import People
from tests.simulation.platform import Answer
from tests.simulation.world import World

# ---- After the wire ----


def test_no_answer_is_asked_about_and_not_sent_again(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.LOST, lag_s=59)
    assert world.status(TWEET) == "unconfirmed"
    world.finish()
    assert len(world.ledger.of(TWEET)) == 1
    assert world.status(TWEET) == "published"


def test_what_vanished_is_sent_again_when_two_readings_say_so(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.VANISHED)
    for _ in range(2):
        world.later(61)
        world.hear()

    assert world.status(TWEET) == "scheduled"
    world.finish()
    assert len(world.ledger.of(TWEET)) == 1


def test_what_never_appears_is_shown_to_a_person(world: World, people: People) -> None:
    people.approve(PAGE)
    while world.status(PAGE) != "needs_attention":
        world.later(61)
        world.hear(Answer.VANISHED)
        assert world.count < 50

    tries = world.read("SELECT id FROM attempts WHERE kind = 'send'")
    assert len(tries) == 4


def test_a_first_duplicate_is_another_post_and_fails(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.DUPLICATE)
    assert world.status(TWEET) == "failed"


def test_a_duplicate_after_a_doubt_is_found_however_old_it_is(world: World, people: People) -> None:
    """The documented hole, a post hidden for too long, is closed where a platform knows duplicates."""
    people.approve(TWEET)
    world.hear(Answer.LOST)
    world.hide(TWEET, until=world.now + timedelta(seconds=400))
    with pytest.raises(Broken, match="called scheduled, and is there"):
        while True:
            world.later(31)
            world.hear()

    world.hear(Answer.DUPLICATE)
    assert world.status(TWEET) == "unconfirmed"
    world.now += timedelta(seconds=400)
    world.finish()

    assert world.status(TWEET) == "published"


def test_a_post_that_proves_another_delivery_proves_nothing(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear()
    people.edit(EAGER_TWEET, words(TWEET, 1, ""))
    people.approve(EAGER_TWEET)
    people.fact(EAGER_TWEET).approved = 1  # its words are the other's in their first version
    world.later(16)
    world.hear(Answer.VANISHED)
    assert world.status(EAGER_TWEET) == "unconfirmed"

    for _ in range(2):
        world.later(61)
        world.hear()

    assert world.status(EAGER_TWEET) == "scheduled"


def test_a_bug_after_the_wire_is_doubted(world: World, people: People) -> None:
    people.approve(TWEET)
    with pytest.raises(ZeroDivisionError):
        world.hear(Answer.BUG)
    assert world.status(TWEET) == "sending"
    world.finish()
    assert world.status(TWEET) == "published"
    assert len(world.ledger.of(TWEET)) == 1


def test_what_may_be_out_is_neither_cancelled_nor_sent_anew(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.LOST)
    people.edit(TWEET)
    assert not people.cancel(TWEET)
    assert not people.publish_now(TWEET)
    assert not people.approve(TWEET)
    assert not people.move(TWEET, 60)
    while world.status(TWEET) != "needs_attention":
        world.later(3600)
        world.hear(Answer.UNREADABLE)
    assert not people.cancel(TWEET)
    assert not people.approve(TWEET)

    people.decide(drop=False)
    assert world.status(TWEET) == "published"


def test_what_is_out_is_not_sent_anew(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear()
    people.edit(TWEET)
    assert not people.approve(TWEET)
    assert not people.publish_now(TWEET)
