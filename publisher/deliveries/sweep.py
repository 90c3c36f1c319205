"""Recovering what was left behind: run-out leases, dead local owners, missed times, late links."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from channels import channel_class
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.accounts.models import Account, Hold
from publisher.deliveries import plan, preflight, settle, state
from publisher.deliveries.claim import started
from publisher.deliveries.models import Attempt, Beat, Delivery
from publisher.deliveries.plan import timings
from publisher.deliveries.rules import (
    MISSED,
    SCHEDULED,
    SENDING,
    UNCONFIRMED,
    WaitsFor,
)
from publisher.extensions import db
from publisher.storage import upsert, writing

logger = logging.getLogger(__name__)

BATCH = 200
SILENCE = timedelta(seconds=60)
MANY = 20
"""More overdue posts than this on one account after a silence are not sent without asking."""


def sweep() -> int:
    """Everything once; returns how many deliveries were moved. Cheap when there is nothing to do.

    While nobody has confirmed a moved clock, nothing is called late by it.
    """
    moved = abandoned() + _expired() + _late()
    _look_ahead()
    return moved


def _look_ahead() -> None:
    """The future matters less than the present: a stumble here keeps nobody from the rest."""
    try:
        _each(preflight.due(), preflight.look)
    except Exception:
        logger.exception("looking ahead stumbled")


def abandoned() -> int:
    """Claims whose owner is gone: the lease ran out, or the process on this very machine is dead."""
    now = clock.now()
    rows = db.session.execute(
        select(Delivery.id, Delivery.lease_until, Delivery.owner).where(
            Delivery.lease_until.is_not(None)
        )
    ).all()
    dead = [row.id for row in rows if _is_abandoned(row.lease_until, row.owner, now)]
    return _each(dead, _recover)


def _is_abandoned(lease_until: datetime, owner: str, now: datetime) -> bool:
    return lease_until < now or _owner_is_dead(owner)


def _each(ids: Sequence[int], deal: Callable[[int], None]) -> int:
    """Deal with each in a transaction of its own. One that cannot be dealt with is logged and keeps no other
    from it. Returns how many there were."""
    for delivery_id in ids:
        try:
            with writing():
                deal(delivery_id)
        except Exception:
            logger.exception("the sweep stumbled", extra={"delivery_id": delivery_id})
    return len(ids)


def _owner_is_dead(owner: str) -> bool:
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    start = owner.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return False
    return started(int(rest)) != start


def _recover(delivery_id: int) -> None:
    """Send again what surely was not sent; doubt what had reached the wire. The fence stays: a late receipt
    that carries it is still proof."""
    delivery = state.locked(delivery_id)
    now = clock.now()
    if delivery is None or delivery.lease_until is None:
        return
    if not _is_abandoned(delivery.lease_until, delivery.owner, now):
        return  # another sweep recovered it since we looked, and somebody is on it again
    attempt = db.session.scalars(
        select(Attempt).where(Attempt.delivery_id == delivery.id, Attempt.fence == delivery.fence)
    ).one()
    attempt.ended_at, attempt.outcome = now, "abandoned"
    if delivery.status == UNCONFIRMED:
        _ask_again(delivery, now)
        return
    if delivery.status != SENDING:
        delivery.lease_until = None
        return
    delivery.crashes += 1
    if attempt.wire_at is not None:
        settle.doubtful(delivery, attempt.wire_at)
    elif delivery.crashes >= settle.MAX_CRASHES:
        settle.give_up(delivery, "crashed")
    else:
        settle.back(delivery, next_at=now, note="its sender died before the wire")


def _ask_again(delivery: Delivery, now: datetime) -> None:
    """Its reader died, or reading itself broke: again in a while, but not for ever."""
    since = delivery.wire_at or delivery.due_at
    if (now - since).total_seconds() >= timings().give_up:
        settle.give_up(delivery, "no_verdict")
    else:
        gap = timedelta(seconds=timings().read_gap)
        state.move(delivery, UNCONFIRMED, lease_until=None, next_at=now + gap)


def _expired() -> int:
    """Scheduled beyond due time plus grace: missed, shown to a person, never sent by themselves."""
    now = clock.now()
    query = select(Delivery.id).where(
        Delivery.status == SCHEDULED,
        Delivery.due_at < now,  # says nothing new, but lets the index pass by what lies ahead
        Delivery.expires_at < now,
        ~timekeeping.unconfirmed(),
    )
    return _each(db.session.scalars(query.limit(BATCH)).all(), _miss)


def _miss(delivery_id: int) -> None:
    delivery = state.locked(delivery_id)
    if delivery is None or delivery.status != SCHEDULED or delivery.expires_at >= clock.now():
        return
    state.move(delivery, MISSED, next_at=None, problem_code="missed", concerns="")
    settle.tell(delivery, "missed")
    for woken in plan.wake(delivery.post.story_id, but=delivery.post_id):
        state.mirror(woken)


def _late() -> int:
    """Posts whose time has come and that hold for a link. What it means may have become clear without
    anybody's doing for them, as when a second blog post of the story was archived. Ten minutes late: say so,
    once."""
    query = select(Delivery.id).where(
        Delivery.status == SCHEDULED,
        Delivery.waits_for == WaitsFor.TARGET,
        Delivery.next_at.is_(None),
        Delivery.due_at < clock.now(),
        ~timekeeping.unconfirmed(),
    )
    found = db.session.scalars(
        query.where(Delivery.id > _Round.after).order_by(Delivery.id).limit(BATCH)
    ).all()
    _Round.after = found[-1] if len(found) == BATCH else 0
    return _each(found, _look_for_targets)


class _Round:
    """Where this process goes on looking among those that hold: each has its turn, however many they are."""

    after = 0


def _look_for_targets(delivery_id: int) -> None:
    delivery = state.locked(delivery_id)
    if delivery is None or delivery.status != SCHEDULED or delivery.waits_for != WaitsFor.TARGET:
        return
    plan.make_ready(state.run_of(delivery))
    late = clock.now() - timedelta(seconds=timings().late)
    if delivery.next_at is not None:
        state.mirror(delivery.post)
    elif delivery.due_at < late and delivery.problem_code != plan.LATE:
        delivery.problem_code = plan.LATE
        state.mirror(delivery.post)
        settle.tell(delivery, "needs_attention")


def beat(name: str, role: str) -> None:
    """A sign of life. The dispatcher that comes back after a silence asks before it sends a crowd."""
    said = {"role": role, "at": clock.now()}
    row = upsert(Beat).values(name=name, **said)
    with writing() as session:
        session.connection().execute(row.on_conflict_do_update(index_elements=["name"], set_=said))


def ask_after_silence() -> int:
    """If nobody dispatched for a minute, hold each account with more than twenty overdue posts until a person
    releases it; about one silence it asks once. Returns how many were held. Called when a dispatcher starts
    or was silent itself, and before a worker sends: it may hear a bell that is older than the silence."""
    now = clock.now()
    last = db.session.scalar(
        select(Beat.at).where(Beat.role.like("dispatcher%")).order_by(Beat.at.desc()).limit(1)
    )
    if last is None or now - last < SILENCE:
        return 0
    held = 0
    for account_id in db.session.scalars(select(Account.id)).all():
        overdue = select(Delivery.id).where(
            Delivery.account_id == account_id,
            Delivery.status == SCHEDULED,
            Delivery.next_at < now - SILENCE,
        )
        count = len(db.session.scalars(overdue.limit(MANY + 1)).all())
        account = accounts.get(account_id)
        asked = select(Hold.id).where(Hold.account_id == account_id, Hold.at > last)
        if db.session.scalar(asked.limit(1)) is not None:
            continue
        if count > MANY and channel_class(account.kind).limits.grace_s:
            accounts.hold(
                None,
                f"More than {MANY} posts are overdue after a break. Release the account to send them.",
                account,
            )
            held += 1
    return held


def dispatcher_is_inline() -> bool:
    """Whether the newest dispatcher works by itself because Redis does not answer: slower, but working."""
    newest = db.session.scalar(
        select(Beat.role).where(Beat.role.like("dispatcher%")).order_by(Beat.at.desc()).limit(1)
    )
    return newest == "dispatcher-inline"
