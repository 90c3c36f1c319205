"""Commit 3: what became of an attempt, with everything that follows from it in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from channels.base import Content, Quota, Receipt
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from publisher import clock, queue
from publisher.accounts import authority, health
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.crashes import crash_point
from publisher.crosslinks import service as crosslinks
from publisher.deliveries import plan, preflight, state
from publisher.deliveries.claim import (
    SEND,
    SETTLED,
    Claim,
    attempt_of,
    jitter,
    mine,
    note,
    owner,
)
from publisher.deliveries.models import Attempt, Delivery
from publisher.deliveries.rules import (
    CANCELLED,
    FAILED,
    MISSED,
    NEEDS_ATTENTION,
    PUBLISHED,
    SCHEDULED,
    SENDING,
    UNCONFIRMED,
    backoff,
)
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people.models import User
from publisher.storage import writing

MAX_CRASHES = 3
MAX_RESENDS = 3

PROBLEMS = {
    "crashed": _l("Sending it failed three times on our side before it reached the platform."),
    "two_owners": _l("The platform gave it an address that belongs to another post."),
    "two_matches": _l("The account shows more than one post with this content."),
    "no_reading": _l(
        "This account's timeline cannot be read, so nobody can say whether it went out."
    ),
    "no_verdict": _l("After six hours it is still not clear whether it went out."),
    "resent": _l("It was sent three times and did not appear."),
    "link_missing": _l("The post it links to did not come, so it was dropped as planned."),
    "late": _l("The post it links to is not there yet."),
    "missed": _l("Its time has passed. It does not go out by itself any more."),
}
"""Sentences for `problem_code`s of our own; a platform's sentence is stored in `problem`."""


def received(claim: Claim, receipt: Receipt, quota: Quota | None = None) -> None:
    """A receipt is proof: it is accepted from whatever the delivery became meanwhile, as long as the fence is
    right. Two deliveries can never own one remote post: the second one needs a person."""
    with writing():
        delivery = mine(claim, SENDING, UNCONFIRMED, NEEDS_ATTENTION, load=SETTLED)
        if delivery is not None:
            accept(claim, delivery, receipt)
            health.answered(delivery.account)
            health.metered(delivery.account, quota)
            crash_point("before-outcome", claim.delivery_id)


def accept(claim: Claim, delivery: Delivery, receipt: Receipt) -> None:
    """As `received`, within the transaction that has just made sure of the row."""
    if published(delivery, receipt):
        _ended(claim, "published")
    elif delivery.status != NEEDS_ATTENTION:
        _ended(claim, "needs_attention")
        give_up(delivery, "two_owners")


def put(delivery: Delivery, content: Content, receipt: Receipt) -> None:
    """It stands in our own database since a moment ago, in this very transaction: claimed, tried and out."""
    now, fence, account = clock.now(), delivery.fence + 1, delivery.account
    if account.spacing_s:
        account.next_slot_at = now + timedelta(seconds=account.spacing_s)
    db.session.add(
        Attempt(
            delivery_id=delivery.id,
            fence=fence,
            kind=SEND,
            owner=owner(),
            started_at=now,
            wire_at=now,
            ended_at=now,
            outcome="published",
        )
    )
    sent = {"text": content.text, "link": content.link, "wire_at": now}
    claimed = {"fence": fence, "owner": owner(), "attempts": delivery.attempts + 1}
    _out(delivery, receipt, now, **sent, **claimed)
    _follow(delivery, receipt)


def published(delivery: Delivery, receipt: Receipt, actor: User | None = None) -> bool:
    """The delivery is out: its address becomes known, the next part and the waiting siblings may go. `actor`
    is the person who says so, where no platform does.

    False, with nothing written, when that remote post is another delivery's: written in a savepoint, as no
    other failure means that.
    """
    try:
        with db.session.begin_nested():
            _out(delivery, receipt, delivery.wire_at or clock.now(), actor=actor)
    except IntegrityError:
        db.session.refresh(delivery)
        return False
    _follow(delivery, receipt)
    return True


def _out(delivery: Delivery, receipt: Receipt, at: datetime, **also: Any) -> None:
    state.move(
        delivery,
        PUBLISHED,
        remote_id=receipt.remote_id,
        url=receipt.url,
        published_at=at,
        late_ms=round((at - delivery.due_at).total_seconds() * 1000),
        lease_until=None,
        next_at=None,
        waits_for="",
        problem="",
        problem_code="",
        **also,
    )


def _follow(delivery: Delivery, receipt: Receipt) -> None:
    """What its being out makes possible for others."""
    post = delivery.post
    if delivery.part == 1:
        crosslinks.went_live(
            post,
            revision_id=delivery.revision_id,
            remote_id=receipt.remote_id,
            url=receipt.url,
            text=delivery.text,
            at=delivery.published_at or clock.now(),
        )
        if len(post.story.posts) > 1:
            for woken in plan.wake(post.story_id, but=post.id):
                state.mirror(woken)
    if delivery.part < delivery.parts:
        _next_part(delivery)
    else:
        tell(delivery, "published")


def refused(
    claim: Claim, error: ChannelError, quota: Quota | None = None, *, used: authority.Used
) -> None:
    """The platform, or the way to it, said no. The error's type alone decides what happens next; but what it
    refused to credentials that were renewed during the call, it does not refuse any more."""
    with writing():
        delivery = mine(claim, SENDING)
        if delivery is None:
            return
        attempt = attempt_of(claim)
        attempt.detail = error.detail
        attempt.code = error.code
        on_wire = attempt.wire_at is not None
        _heard(delivery.account, error)
        if isinstance(error, Rejected):
            if error.duplicate and _was_on_wire_before(claim):
                _doubt(claim, delivery, error)
            else:
                _ended(claim, "failed")
                fail(delivery, error)
        elif isinstance(error, Disconnected) and lost(delivery, error.message, used):
            _ended(claim, "disconnected")
            _hold_for_account(delivery, error)
        elif isinstance(error, Unconfirmed) and on_wire:
            _doubt(claim, delivery, error)
        else:
            _ended(claim, "unavailable")
            _again_later(delivery, error)
        health.metered(delivery.account, quota)
        crash_point("before-outcome", claim.delivery_id)


def fail(delivery: Delivery, error: ChannelError) -> None:
    """Refused for good: a person edits. Siblings that wait for its address hear of it."""
    state.move(
        delivery,
        FAILED,
        lease_until=None,
        next_at=None,
        problem=error.message,
        problem_code=error.code or "rejected",
        note=error.message,
    )
    for woken in plan.wake(delivery.post.story_id, but=delivery.post_id):
        state.mirror(woken)
    tell(delivery, "failed")


def give_up(delivery: Delivery, code: str) -> None:
    """No machine can say more: a person has to look."""
    state.move(
        delivery, NEEDS_ATTENTION, lease_until=None, next_at=None, problem_code=code, problem=""
    )
    tell(delivery, "needs_attention")


def crashed(claim: Claim) -> None:
    """A bug of ours before the wire: the account is free at once, and after three of them a person looks."""
    with writing():
        delivery = mine(claim, SENDING)
        if delivery is None or delivery.wire_at is not None:
            return
        _ended(claim, "crashed")
        delivery.crashes += 1
        if delivery.crashes >= MAX_CRASHES:
            give_up(delivery, "crashed")
        else:
            back(delivery, next_at=retry_at(delivery.crashes))


def back(delivery: Delivery, **fields: Any) -> None:
    """Surely not sent: scheduled again, or cancelled if a person asked for that meanwhile."""
    if delivery.cancel_requested:
        cancelled(delivery)
    else:
        state.move(delivery, SCHEDULED, lease_until=None, **fields)


def cancelled(delivery: Delivery, actor: User | None = None, **fields: Any) -> None:
    """It does not go out: siblings that wait for its address hear of it."""
    state.move(
        delivery, CANCELLED, actor=actor, lease_until=None, next_at=None, waits_for="", **fields
    )
    for woken in plan.wake(delivery.post.story_id, but=delivery.post_id):
        state.mirror(woken)


def end_rest(delivery: Delivery, actor: User | None = None) -> None:
    """The later parts of a thread do not go without this one."""
    for part in state.latest_run(delivery.post):
        if part.part > delivery.part and part.status in {SCHEDULED, MISSED}:
            state.move(part, CANCELLED, actor=actor, next_at=None, waits_for="")


def doubtful(delivery: Delivery, wire_at: datetime) -> None:
    """It may be out: look once no sender can be alive any more."""
    state.move(
        delivery,
        UNCONFIRMED,
        lease_until=None,
        next_at=wire_at + timedelta(seconds=plan.timings().settle),
        absences=0,
        wire_at=wire_at,
    )


def tell(delivery: Delivery, kind: str) -> None:
    """Notify the story's owner."""
    post = delivery.post
    values = {"title": post.story.title, "account": post.account.label}
    notices.notify(post.story.owner, kind, values, f"/posts/{post.id}/deliveries")


def lost(delivery: Delivery, problem: str, used: authority.Used) -> bool:
    """The account's authority is gone: pause it, and tell whom it concerns while there is time. False when it
    has other credentials by now than those it was refused with."""
    owner = delivery.post.story.owner
    if not authority.lose(delivery.account, problem, used=used, told=owner):
        return False
    tell(delivery, "account_paused")
    preflight.look_again(delivery.account_id)
    return True


def retry_at(attempts: int) -> datetime:
    """When to try again after `attempts` tries."""
    return clock.now() + timedelta(seconds=backoff(plan.timings().backoff, attempts, jitter()))


def _next_part(delivery: Delivery) -> None:
    """It keeps no distance to the part before it, but to whatever went out on the account since."""
    run, account = state.latest_run(delivery.post), delivery.account
    kept = (delivery.wire_at or clock.now()) + timedelta(seconds=account.spacing_s)
    if account.next_slot_at is not None and account.next_slot_at <= kept:
        account.next_slot_at = None
    plan.make_ready(run)
    state.mirror(delivery.post)


def _doubt(claim: Claim, delivery: Delivery, error: ChannelError) -> None:
    _ended(claim, "unconfirmed")
    delivery.problem = error.message
    wire_at = delivery.wire_at or _first_wire(claim) or clock.now()
    doubtful(delivery, wire_at)


def _hold_for_account(delivery: Delivery, error: ChannelError) -> None:
    """Back to scheduled and due: it goes when the account is reconnected within its grace."""
    delivery.attempts -= 1
    back(delivery, next_at=clock.now(), problem=error.message)


def _heard(account: Account, error: ChannelError) -> None:
    """A refusal is an answer; silence, a broken answer and a broken platform are none."""
    throttled = isinstance(error, Unavailable) and error.throttled
    if isinstance(error, Unavailable | Unconfirmed) and not throttled:
        health.unanswered(account)
    else:
        health.answered(account)


def _again_later(delivery: Delivery, error: ChannelError) -> None:
    """Being counted out is the account's: the delivery keeps its place in the row and goes as soon as the
    account may, also when a person resumes that earlier."""
    next_at = again_at = retry_at(delivery.attempts)
    if isinstance(error, Unavailable) and error.throttled:
        delivery.attempts -= 1
        soonest = clock.now() + timedelta(seconds=60 * plan.timings().pace)
        again_at = max(error.retry_after or soonest, soonest)
        accounts.throttle(delivery.account, again_at)
        next_at = delivery.due_at
    elif isinstance(error, Unavailable) and error.retry_after:
        next_at = again_at = max(next_at, error.retry_after)
    back(
        delivery,
        next_at=next_at,
        problem=error.message,
        waits_for="",
        staged={},  # it may have been an upload that the platform has forgotten: they cost nothing
    )
    queue.ring_after_commit(again_at)


def _ended(claim: Claim, outcome: str) -> None:
    note(claim, ended_at=clock.now(), outcome=outcome)


def _was_on_wire_before(claim: Claim) -> bool:
    return _first_wire(claim, before=claim.fence) is not None


def _first_wire(claim: Claim, before: int | None = None) -> datetime | None:
    query = select(Attempt.wire_at).where(
        Attempt.delivery_id == claim.delivery_id, Attempt.wire_at.is_not(None)
    )
    if before is not None:
        query = query.where(Attempt.fence < before)
    return db.session.scalar(query.order_by(Attempt.fence).limit(1))
