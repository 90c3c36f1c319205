"""Until the first byte: the fence, the lease, the last look, and what each keeps from happening."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import service as deliveries
from publisher.deliveries import state
from publisher.deliveries.rules import MISSED, SCHEDULED
from publisher.errors import Conflict
from publisher.storage import writing
from tests.simulation.newsroom import (
    LONE_ARTICLE,
    TWEET,
)
from tests.simulation.people import People
from tests.simulation.platform import Answer
from tests.simulation.processes import Process
from tests.simulation.world import WAITS, World

# ---- The fence, the lease and dead processes ----


def taken_for_dead(world: World, process: Process) -> None:
    """Its host cannot see it, and believes that it should."""
    world.file.execute("UPDATE deliveries SET owner = ?", [process.owner + "0"])
    world.tick()


def test_a_sender_that_lost_its_claim_sends_nothing(world: World, people: People) -> None:
    """Its lease is good, but somebody else has claimed since."""
    people.approve(TWEET)
    world.hear(stop="dialled")
    (late,) = world.frozen()
    taken_for_dead(world, late)
    world.hear(stop="answered")
    assert len(world.ledger.of(TWEET)) == 1

    world.thaw(late)
    world.finish()

    assert world.status(TWEET) == "published"


def test_a_lease_that_is_nearly_over_is_no_longer_used(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="dialled")
    world.now += timedelta(seconds=WAITS.lease - WAITS.deadline + 5)

    world.thaw(*world.frozen())

    assert world.ledger.posted == []
    world.finish()
    assert world.status(TWEET) == "published"


def test_a_dead_local_sender_is_noticed_at_once(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="after-intent", dies=True)
    assert world.status(TWEET) == "sending"

    world.tick()
    world.hear()

    assert world.status(TWEET) == "published"


def test_a_sender_elsewhere_is_given_its_whole_lease(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="after-intent", far=True)
    world.later(WAITS.lease - 1)
    assert world.status(TWEET) == "sending"

    world.later(2)
    assert world.status(TWEET) == "scheduled"


def test_who_has_died_on_the_wire_is_doubted_not_sent_again(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="answered", dies=True)

    world.tick()
    assert world.status(TWEET) == "unconfirmed"

    world.finish()
    assert world.status(TWEET) == "published"
    assert len(world.ledger.of(TWEET)) == 1


def test_a_post_of_which_senders_die_is_shown_to_a_person(world: World, people: People) -> None:
    people.approve(TWEET)
    for _ in range(3):
        world.hear(stop="dialled", dies=True)
        world.tick()

    assert world.status(TWEET) == "needs_attention"


def test_a_receipt_is_proof_however_late_it_comes(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="answered")
    world.later(WAITS.lease + 1)
    assert world.status(TWEET) == "unconfirmed"

    world.thaw(*world.frozen())

    assert world.status(TWEET) == "published"


# ---- Commit 2 ----


def test_a_cancel_before_the_wire_is_in_time(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="dialled")
    assert people.cancel(TWEET)

    world.thaw(*world.frozen())

    assert world.status(TWEET) == "cancelled"
    assert world.ledger.posted == []


def test_a_cancel_on_the_wire_counts_when_nothing_was_sent(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(Answer.TOO_MANY, stop="after-wire")
    assert people.cancel(TWEET)

    world.thaw(*world.frozen())
    assert world.status(TWEET) == "cancelled", "at once, not when it would be tried again"

    world.finish()
    assert world.ledger.posted == []


def test_an_edit_before_the_wire_is_in_time(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="dialled")
    assert people.edit(TWEET)

    world.thaw(*world.frozen())

    assert world.ledger.posted == []


@pytest.mark.parametrize("slug", ["", "x"])
def test_a_hold_before_the_wire_is_in_time(world: World, people: People, slug: str) -> None:
    people.approve(TWEET)
    world.hear(stop="dialled")
    people.switch(slug)

    world.thaw(*world.frozen())

    assert world.ledger.posted == []
    people.switch(slug)
    world.hear()
    assert len(world.ledger.of(TWEET)) == 1


def test_a_pause_before_the_wire_is_in_time(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="dialled")
    accounts.pause(None, accounts.by_slug("x"), "no credit left")

    world.thaw(*world.frozen())

    assert world.ledger.posted == []


def test_nobody_claims_for_an_account_that_is_held(world: World, people: People) -> None:
    people.approve(TWEET)
    people.switch("x")
    assert not world.hear()
    assert world.read("SELECT id FROM attempts") == []


@pytest.mark.parametrize("post_id", [TWEET, LONE_ARTICLE])
def test_nothing_goes_out_before_its_instant(world: World, people: People, post_id: int) -> None:
    people.approve(post_id, in_s=10)
    world.now += timedelta(seconds=9.8)

    assert world.hear()

    assert world.status(post_id) == "published"  # and the ledger has seen when


@pytest.mark.parametrize("post_id", [TWEET, LONE_ARTICLE])
def test_a_clock_that_is_put_back_is_not_waited_for(
    world: World, people: People, post_id: int
) -> None:
    people.approve(post_id, in_s=10)
    world.now += timedelta(seconds=9.8)
    asleep: list[float] = []

    def put_back(seconds: float) -> None:
        assert not asleep, "it waits on"
        asleep.append(seconds)
        world.now -= timedelta(hours=2)

    clock.set_source(world.clock, put_back)
    world.hear()

    assert (asleep, world.status(post_id)) == ([pytest.approx(0.2)], "scheduled")
    assert world.ledger.posted == []
    clock.set_source(world.clock, world.sleep)
    world.now += timedelta(hours=2)
    world.finish()
    assert world.status(post_id) == "published"


def test_a_move_between_two_looks_is_heard(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="bell-heard")
    assert people.move(TWEET, 3600)

    world.thaw(*world.frozen())

    assert world.ledger.posted == []
    (delivery,) = deliveries.of_post(world.post(TWEET))
    assert delivery.fence == 0, "it is not claimed either, which would keep the account busy"


# ---- The state machine itself ----


@pytest.mark.parametrize("change", ["status = 'cancelled'", "fence = fence + 1"])
def test_a_status_that_changed_meanwhile_is_not_overwritten(
    world: World, people: People, change: str
) -> None:
    people.approve(TWEET)
    (delivery,) = deliveries.of_post(world.post(TWEET))
    with pytest.raises(state.LostRace), writing() as session:
        session.refresh(delivery)
        session.execute(sql(f"UPDATE deliveries SET {change}"))
        state.move(delivery, MISSED)


def test_a_final_status_is_final(world: World, people: People) -> None:
    people.approve(TWEET)
    people.cancel(TWEET)
    (delivery,) = deliveries.of_post(world.post(TWEET))
    with pytest.raises(Conflict), writing():
        state.move(delivery, SCHEDULED)


def test_a_process_id_that_was_given_again_is_not_the_sender(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="after-intent")
    (sender,) = world.frozen()
    sender.kill()
    world.reused[sender.number] = "later"
    world.tick()
    assert world.status(TWEET) == "scheduled"


def test_a_sender_whose_post_was_taken_back_sends_nothing(world: World, people: People) -> None:
    """Its claim was swept and nobody has claimed since: the fence is still its own."""
    people.approve(TWEET)
    world.hear(stop="dialled")
    (late,) = world.frozen()
    taken_for_dead(world, late)
    assert world.status(TWEET) == "scheduled"
    assert people.cancel(TWEET)

    world.thaw(late)

    assert world.ledger.posted == []


def test_a_throttled_account_is_left_alone_by_a_stale_look(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="bell-heard")
    world.hear(Answer.TOO_MANY)
    tries = len(world.read("SELECT id FROM attempts"))

    world.thaw(*world.frozen())

    assert len(world.read("SELECT id FROM attempts")) == tries
