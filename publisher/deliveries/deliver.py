"""One claimed delivery, from the row to the platform's answer. No transaction is open during a call."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from channels.base import Channel, Content, Gathers, Image, Receipt, Stages
from channels.errors import ChannelError
from publisher import clock, journal
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.accounts.models import Hold
from publisher.accounts.rules import AccountStatus
from publisher.crashes import crash_point
from publisher.deliveries import settle, state
from publisher.deliveries.claim import (
    ON_THE_WIRE,
    SEND,
    Claim,
    Head,
    intend,
    mine,
    mine_to_read,
    note,
    take_all,
)
from publisher.deliveries.content import answered, content_of, media_of, usable, wording
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets, timings
from publisher.deliveries.rules import (
    NEEDS_ATTENTION,
    SCHEDULED,
    SENDING,
    WaitsFor,
)
from publisher.extensions import db
from publisher.storage import after_commit, persistently, writing
from publisher.stories import contents, links
from publisher.stories.rules import content_hash

logger = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""A sender is early by a moment. Who sees more than this before the instant has a clock that was put back."""
TURN, TURN_S = 20, 0.05
"""How many deliveries, and for how many seconds, one transaction publishes in our own database."""


class NotSent(Exception):
    """Commit 2 said no; what happens to the delivery is already written down."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that a call needs, copied out of the database."""

    claim: Claim
    content: Content
    channel: Channel
    marker: str
    credentials: dict[str, Any] | None = field(repr=False)


def send(claim: Claim) -> None:
    """Pack, stage what is missing, call the platform, settle.

    The three commits are the claim's, `on_wire`'s and the settling's. An exception that is none of the four
    channel errors is a bug: it propagates, and before the wire the account is free for others at once.
    """
    try:
        _send(claim)
    except Exception:
        db.session.rollback()
        settle.crashed(claim)
        raise


def _send(claim: Claim) -> None:
    parcel = _pack(claim)
    db.session.rollback()
    if parcel is None:
        return
    try:
        content = _staged(parcel)
        receipt = parcel.channel.publish(
            content, key=parcel.marker, on_wire=lambda: go_on_wire(claim, content)
        )
    except NotSent:
        return
    except ChannelError as error:
        crash_point("answered", claim.delivery_id)
        outcome = partial(settle.refused, claim, error, used=parcel.credentials)
    else:
        crash_point("answered", claim.delivery_id)
        outcome = partial(settle.received, claim, receipt)
    persistently(partial(outcome, parcel.channel.quota))
    crash_point("after-outcome", claim.delivery_id)


def publish_here(head: Head) -> bool:
    """Claim and publish on a channel that lives in our own database: all in one transaction, so a crash
    returns the deliveries to scheduled, and neither commit 2 nor reconciling is needed.

    Waits for the head's instant first, which is near. Takes several that are due. When they fail together,
    nobody knows whose fault it is: then one goes alone.
    """
    clock.wait_until(head.due, PATIENCE_S)
    timekeeping.watch()
    for most in (TURN, 1):
        taken: list[int] = []
        try:
            _put_some(head.account_id, most, taken)
        except Exception:
            if not taken:
                raise
            logger.exception("publishing failed", extra={"delivery_ids": taken})
            if len(taken) == 1:
                _count_crash(taken[0])
                return True
        else:
            return bool(taken)
    return False


def _put_some(account_id: int, most: int, taken: list[int]) -> None:
    """Publish up to `most` in a transaction of their own, but no longer than others may wait for the write
    lock. Notes each in `taken` before anything can go wrong with it."""
    ready: list[tuple[Delivery, Content]] = []
    with writing() as session:
        shared = session.get_bind().dialect.name == "sqlite"  # elsewhere writers wait for no other
        until = time.monotonic() + TURN_S if shared else math.inf
        for delivery in take_all(account_id, most):
            if any(other.post.story_id == delivery.post.story_id for other, _content in ready):
                break  # it may link to that one, which is out after this turn
            taken.append(delivery.id)
            content = _ready(delivery)
            if content is not None:
                ready.append((delivery, content))
            if time.monotonic() > until:
                break
        if ready:
            _put(ready)


def _ready(delivery: Delivery) -> Content | None:
    """What it says, if it may go; otherwise it is moved on. Taking it has shown that its account is free."""
    if not _is_wanted(delivery):
        return None
    targets = Targets(delivery.post, delivery.revision)
    if targets.missing() and _stays(delivery, targets):
        return None
    return content_of(delivery, targets)


def _put(ready: Sequence[tuple[Delivery, Content]]) -> None:
    """Publish these within the running transaction: claim, article and outcome in one step."""
    channel = accounts.open_channel(ready[0][0].account)
    if not isinstance(channel, Gathers):
        raise TypeError(f"{channel.kind} says that it is transactional and publishes one at a time")
    answers = channel.publish_all([(delivery.marker, content) for delivery, content in ready])
    for (delivery, content), answer in zip(ready, answers, strict=True):
        if isinstance(answer, Receipt):
            settle.put(delivery, content, answer)
        elif isinstance(answer, ChannelError):
            settle.refused(intend(delivery, SEND), answer, used=delivery.account.credentials)
        else:
            raise answer


def may_go(delivery: Delivery) -> bool:
    """The last look, part of commit 2: not cancelled, its approval current, its account active, nothing held.

    Moves the delivery on when the answer is no.
    """
    if not _is_wanted(delivery):
        return False
    account = delivery.account
    held = db.session.scalar(_holds(), {"account": account.id}) is not None
    if held or account.status != AccountStatus.ACTIVE:
        _back(delivery, next_at=clock.now(), waits_for="")
        return False
    return True


@cache
def _holds() -> Select[int]:
    of_account = or_(Hold.account_id.is_(None), Hold.account_id == bindparam("account"))
    return select(Hold.id).where(of_account, Hold.released_at.is_(None)).limit(1)


def _is_wanted(delivery: Delivery) -> bool:
    """Not cancelled, its approval current. What is compared is the hash of the content itself, not a stored
    one: what goes out is what was approved, or nothing goes out."""
    if delivery.cancel_requested:
        settle.cancelled(delivery, note="cancelled before the wire")
        return False
    draft = delivery.revision.draft
    if content_hash(delivery.account_id, draft) != delivery.post.approved_hash:
        _back(delivery, next_at=None, waits_for=WaitsFor.APPROVAL)
        return False
    return True


def _still_says(delivery: Delivery, content: Content) -> bool:
    """Whether the addresses that were filled in are still those of its link targets: one may have been taken
    down since. If not, the delivery is rendered anew."""
    draft = delivery.revision.draft
    if not links.references(draft.text, draft.link):
        return True
    targets = Targets(delivery.post, delivery.revision)
    if wording(delivery, targets) == (content.text, content.link):
        return True
    _back(delivery, next_at=clock.now(), waits_for="")
    return False


def go_on_wire(claim: Claim, content: Content) -> None:
    """Commit 2, just before the first byte of the create call and never before its instant.

    Raises NotSent when nothing may go out. The connection is already open while this waits.
    """
    come = clock.wait_until(claim.due, PATIENCE_S)
    timekeeping.watch()
    with writing(urgent=True):
        delivery = mine(claim, SENDING, load=ON_THE_WIRE)
        if delivery is None or claim.lease_until - clock.now() < _call():
            raise NotSent
        if not come:
            _back(delivery, next_at=claim.due, waits_for="")
        allowed = come and may_go(delivery) and _still_says(delivery, content)
        if allowed:
            _wired(claim, delivery, content)
            after_commit(partial(journal.write, _sent(delivery)))
            crash_point("before-wire", claim.delivery_id)
    if not allowed:
        raise NotSent
    crash_point("after-wire", claim.delivery_id)


def _call() -> timedelta:
    return timedelta(seconds=timings().deadline)


def _wired(claim: Claim, delivery: Delivery, content: Content) -> None:
    """It goes out now; the account's next post keeps its distance from here."""
    now, spacing = clock.now(), delivery.account.spacing_s
    delivery.account.next_slot_at = now + timedelta(seconds=spacing) if spacing else None
    delivery.wire_at = now
    delivery.text, delivery.link = content.text, content.link
    note(claim, wire_at=now)


def _sent(delivery: Delivery) -> journal.Sent:
    return journal.Sent(
        at=delivery.wire_at or clock.now(),
        marker=delivery.marker,
        delivery_id=delivery.id,
        post_id=delivery.post_id,
        part=delivery.part,
        account_id=delivery.account_id,
        text=delivery.text,
        link=delivery.link,
    )


def _back(delivery: Delivery, *, next_at: datetime | None, waits_for: str) -> None:
    _uncount(delivery)
    settle.back(delivery, next_at=next_at, waits_for=waits_for)


def _uncount(delivery: Delivery) -> None:
    """It did not even try: the claim, if there was one, is no attempt."""
    if delivery.status == SENDING:
        delivery.attempts -= 1


def _pack(claim: Claim) -> Parcel | None:
    """Render the content of a claimed delivery; None when it turned out that it must wait or be dropped."""
    delivery = mine_to_read(claim)
    if delivery is None:
        return None
    if delivery.part > 1 and not answered(delivery):
        _wait_for_part(claim)
        return None
    targets = Targets(delivery.post, delivery.revision)
    if targets.missing():
        if _without_links(claim):
            return None
        targets = Targets(delivery.post, delivery.revision)
    return Parcel(
        claim=claim,
        content=content_of(delivery, targets),
        channel=accounts.open_channel(delivery.account),
        marker=delivery.marker,
        credentials=delivery.account.credentials,
    )


def _wait_for_part(claim: Claim) -> None:
    """Nothing is there to answer: a part of a thread never stands alone."""
    with writing():
        delivery = mine(claim, SENDING)
        if delivery is not None:
            _back(delivery, next_at=None, waits_for=WaitsFor.PART)


def _without_links(claim: Claim) -> bool:
    """Decide on a delivery whose links have no address: True when it does not go now. Looks at them again in
    its story's turn, as an address may have come since."""
    with writing():
        delivery = mine(claim, SENDING)
        return delivery is None or _stays(delivery, Targets(delivery.post, delivery.revision))


def _stays(delivery: Delivery, targets: Targets) -> bool:
    """Whether missing links keep it from going now; then it waits or is dropped, as its author chose."""
    if targets.held():
        _back(delivery, next_at=None, waits_for=WaitsFor.TARGET)
    elif targets.dropped():
        _uncount(delivery)
        settle.cancelled(delivery, problem_code="link_missing")
        settle.end_rest(delivery)
        settle.tell(delivery, "failed")
    else:
        return False
    return True


def _staged(parcel: Parcel) -> Content:
    """Upload what is not uploaded yet, under the lease and before commit 2."""
    channel, content = parcel.channel, parcel.content
    missing = [image for image in content.media if image.id not in content.staged]
    if not missing or not isinstance(channel, Stages):
        return content
    fresh = _upload(channel, parcel.claim.delivery_id, missing)
    return replace(content, staged={**content.staged, **fresh})


def _upload(channel: Stages, delivery_id: int, images: Iterable[Image]) -> dict[int, str]:
    """Stage these pictures; remember their ids, the words they carry and when the platform forgets them."""
    kept: dict[int, dict[str, str]] = {}
    for image in images:
        remote_id, end = channel.stage(image)
        kept[image.id] = {
            "id": remote_id,
            "alt": image.alt,
            "cut": image.cut,
            "expires": end.isoformat(),
        }
    with writing():
        delivery = state.locked(delivery_id)
        if delivery is not None:
            delivery.staged = delivery.staged | {str(key): each for key, each in kept.items()}
    return {key: each["id"] for key, each in kept.items()}


def stage_ahead(desired: dict[str, int]) -> None:
    """Effect `stage`: upload a delivery's pictures before its time. Sending stages what is still missing."""
    delivery = db.session.get(Delivery, desired["delivery_id"])
    if delivery is None or delivery.status != SCHEDULED:
        return
    images = [contents.sendable(use) for use in media_of(delivery)]
    done = usable(delivery, images)
    channel = accounts.open_channel(delivery.account)
    delivery_id = delivery.id
    db.session.rollback()
    missing = [image for image in images if image.id not in done]
    if missing and isinstance(channel, Stages):
        _upload(channel, delivery_id, missing)


def _count_crash(delivery_id: int) -> None:
    """A bug rolled a transactional publish back: after three of them a person looks."""
    with writing():
        delivery = state.locked(delivery_id)
        if delivery is None or delivery.status != SCHEDULED:
            return
        delivery.crashes += 1
        delivery.next_at = clock.now() + timedelta(seconds=timings().backoff[0])
        if delivery.crashes >= settle.MAX_CRASHES:
            state.move(delivery, SENDING)
            state.move(delivery, NEEDS_ATTENTION, next_at=None, problem_code="crashed")
            settle.tell(delivery, "needs_attention")
