"""Grace, distance, order, and what was lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.deliveries import service as deliveries
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.simulation.ledger import Broken
from tests.simulation.newsroom import (
    ARTICLE,
    EAGER_TWEET,
    ITS_TWEET,
    PAGE,
    THREAD,
    TWEET,
)
from tests.simulation.people import People
from tests.simulation.platform import Answer
from tests.simulation.world import WAITS, World

# ---- Time, distance and order ----


def test_after_its_grace_nothing_goes_out_by_itself(world: World, people: People) -> None:
    """Also when a worker wakes up before the dispatcher has swept."""
    people.approve(TWEET)
    world.now += timedelta(hours=3)

    world.hear()
    assert world.ledger.posted == []
    world.tick()
    assert world.status(TWEET) == "missed"

    assert people.publish_now(TWEET)
    world.hear()
    assert len(world.ledger.of(TWEET)) == 1


@pytest.mark.parametrize("seconds", [-90, 7200])
@pytest.mark.parametrize("stop", ["", "dialled"])
def test_a_moved_clock_holds_what_is_about_to_go_out_until_it_is_confirmed(
    world: World, people: People, seconds: float, stop: str
) -> None:
    people.approve(TWEET)
    if stop:
        world.hear(stop=stop)
    world.jump(seconds)

    if stop:
        world.thaw(world.frozen()[0])
    world.tick()
    world.hear()
    assert world.ledger.posted == []
    assert accounts.holding() is not None

    world.mend_clock(people.rui)
    assert accounts.holding() is None
    world.finish()
    assert len(world.ledger.of(TWEET)) == 1


def test_what_went_out_by_a_moved_clock_is_seen(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check itself: a product that does not look at its clock is found out."""
    people.approve(TWEET)
    world.jump(90)
    monkeypatch.setattr(timekeeping, "watch", lambda: None)
    with pytest.raises(Broken, match="beside its time"):
        world.hear()


def test_posts_of_one_account_keep_their_distance(world: World, people: People) -> None:
    people.approve(TWEET)
    people.approve(EAGER_TWEET)
    world.now += timedelta(seconds=WAITS.late + 1)
    assert world.hear()
    assert not world.hear()
    world.now += timedelta(seconds=15)
    assert world.hear()
    assert len(world.ledger.posted) == 2


def test_a_thread_keeps_its_distance_from_what_went_out_in_between(
    world: World, people: People
) -> None:
    people.approve(THREAD)
    world.hear(Answer.LOST)
    world.now += timedelta(seconds=50)
    people.approve(TWEET)
    world.hear()
    assert len(world.ledger.of(TWEET)) == 1

    world.now += timedelta(seconds=10)
    assert world.hear()
    assert world.status(THREAD) == "published"
    assert not world.hear()


def test_a_throttled_account_is_left_alone(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.TOO_MANY)
    people.publish_now(TWEET)
    assert not world.hear()
    world.now += timedelta(seconds=61)
    assert world.hear()


def test_who_links_goes_after_what_it_links_to(world: World, people: People) -> None:
    people.approve_story(1)
    ((waiting,),) = world.read("SELECT next_at FROM deliveries WHERE post_id = ?", ITS_TWEET)
    assert waiting is None
    world.hear()
    assert world.status(ARTICLE) == "published"
    world.hear()
    assert "http" in world.ledger.of(ITS_TWEET)[0].text
    world.finish()


def test_a_link_that_became_ambiguous_holds_its_post(world: World, people: People) -> None:
    people.approve(ARTICLE)
    people.approve(ITS_TWEET, in_s=60)
    world.hear()
    story = world.post(ARTICLE).story
    blog = accounts.by_slug("blog")
    stories.add_post(people.ana, story, blog, Draft(title="또", text="본문"))

    world.later(60)
    world.hear()

    assert world.ledger.posted == []
    ((waits_for,),) = world.read("SELECT waits_for FROM deliveries WHERE post_id = ?", ITS_TWEET)
    assert waits_for == "target"


def test_who_may_go_without_a_link_goes_when_it_is_late(world: World, people: People) -> None:
    people.approve(EAGER_TWEET)
    world.later(WAITS.late - 1)
    assert world.status(EAGER_TWEET) == "published" or not world.hear()
    world.later(2)
    world.hear()
    assert len(world.ledger.of(EAGER_TWEET)) == 1


def test_the_parts_of_a_thread_go_one_after_the_other(world: World, people: People) -> None:
    people.approve(THREAD)
    first, *rest = world.read("SELECT next_at FROM deliveries ORDER BY part")
    assert first["next_at"]
    assert rest
    assert not any(part["next_at"] for part in rest)
    world.finish()
    assert len(world.ledger.posted) == len(rest) + 1


def test_the_rest_of_a_thread_goes_with_the_words_of_its_beginning(
    world: World, people: People
) -> None:
    people.approve(THREAD)
    world.hear()
    people.edit(THREAD)
    assert not people.approve(THREAD)
    world.finish()
    assert len(world.ledger.posted) == 1


# ---- What was lost ----


def test_a_restored_copy_posts_nothing_again(world: World, people: People) -> None:
    people.approve(TWEET, in_s=60)
    people.approve(PAGE, in_s=7200)
    world.copy()
    people.approve(THREAD)
    people.publish_now(PAGE)
    for _ in range(8):
        world.later(60)
        world.hear()
    assert {line.account for line in world.ledger.posted} == {"x", "page"}
    before = list(world.ledger.posted)

    world.restore()
    world.finish()

    assert world.ledger.posted == before
    assert {world.status(TWEET), world.status(PAGE)} == {"published"}


def test_bells_that_redis_forgot_are_rung_again(world: World, people: People) -> None:
    people.approve(TWEET)
    world.bells = 0
    world.tick()
    assert world.bells > 0


def test_a_person_who_says_absent_has_it_sent_again(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.VANISHED)
    while world.status(TWEET) != "needs_attention":
        world.later(3600)
        world.hear(Answer.UNREADABLE)
    people.decide(drop=False)
    world.hear()
    assert len(world.ledger.of(TWEET)) == 1
    delivery = deliveries.of_post(world.post(TWEET))[0]
    assert delivery.status == "published"
