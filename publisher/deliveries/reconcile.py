"""Asking the account's own timeline whether an unconfirmed delivery went out. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from channels.base import Finds, Found, Receipt
from channels.errors import ChannelError, Disconnected
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.authority import Used, locked
from publisher.accounts.rules import AccountStatus
from publisher.deliveries import settle, state
from publisher.deliveries.claim import Claim, attempt_of, mine, mine_to_read
from publisher.deliveries.content import answered, content_of, wording
from publisher.deliveries.models import Attempt, Delivery
from publisher.deliveries.plan import Targets, timings
from publisher.deliveries.rules import (
    SCHEDULED,
    UNCONFIRMED,
    Verdict,
    WaitsFor,
    verdict,
)
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories.links import WhenLate

MARGIN = timedelta(seconds=60)
"""Clocks differ: look from a minute before the first byte."""
JOURNAL = "journal"
"""The owner of an attempt that a restored database learnt of from the wire journal."""
UNKNOWN = "?"
"""In place of a link: what went out exactly is not known, since its link's target is not there yet."""


def reconcile(claim: Claim) -> None:
    """Read the timeline once and act on what it shows. No transaction is open while reading."""
    delivery = mine_to_read(claim)
    if delivery is None:
        return
    if gap := _unknown_yet(claim, delivery):
        _settle(claim, None, detail=gap)
        return
    channel, used = accounts.open_channel(delivery.account), delivery.account.credentials
    content = content_of(delivery, Targets(delivery.post, delivery.revision), sent=True)
    since = _first_wire(delivery) - MARGIN
    db.session.rollback()
    if not isinstance(channel, Finds):
        _settle(claim, None, readable=False)
        return
    try:
        found = channel.find(content, since=since)
    except ChannelError as error:
        lost = error.message if isinstance(error, Disconnected) else ""
        _settle(claim, None, detail=error.detail or error.message, lost=lost, used=used)
        return
    _settle(claim, found)


def _unknown_yet(claim: Claim, delivery: Delivery) -> str:
    """What is missing to recognise it, which happens after a restore alone: the post that it answers, or an
    address that it links to. Once that address is there, writes down what must have gone out."""
    if delivery.part > 1 and not answered(delivery):
        return "the part before it is not found yet"
    if delivery.link != UNKNOWN:
        return ""
    targets = Targets(delivery.post, delivery.revision)
    if targets.missing():
        return "what it links to has no address yet"
    if any(targets.policy(name) is WhenLate.SEND_WITHOUT for name in targets.found):
        return "nobody knows whether it went out with its link"
    with writing():
        if mine(claim, UNCONFIRMED) is not None:
            delivery.text, delivery.link = wording(delivery, targets)
    return ""


def _settle(
    claim: Claim,
    found: Sequence[Found] | None,
    *,
    readable: bool = True,
    detail: str = "",
    lost: str = "",
    used: Used = None,
) -> None:
    """Write the verdict, fenced. `found` None means that the timeline could not be read this time; `lost`
    says why, where the authority of the `used` credentials is gone."""
    with writing():
        delivery = mine(claim, UNCONFIRMED)
        if delivery is None:
            return
        now = clock.now()
        attempt = attempt_of(claim)
        attempt.ended_at, attempt.detail = now, detail
        free = None if found is None else [each for each in found if not _taken(each, delivery)]
        judged = verdict(
            matches=None if free is None else len(free),
            readable=readable,
            absences=delivery.absences,
            since_wire=(now - _doubted_since(delivery)).total_seconds(),
            since_last_wire=(now - (delivery.wire_at or now)).total_seconds(),
            since_absence=(now - delivery.read_at).total_seconds() if delivery.read_at else 0.0,
            resends=delivery.resends,
            settle=timings().settle,
            read_gap=timings().read_gap,
            give_up=timings().give_up,
            max_resends=settle.MAX_RESENDS,
        )
        attempt.outcome = judged
        delivery.waits_for = ""
        _act(delivery, judged, free or [], now)
        if lost and delivery.status == UNCONFIRMED:
            _wait_for_account(delivery, lost, used)


def _act(delivery: Delivery, judged: Verdict, found: Sequence[Found], now: datetime) -> None:
    gap = timedelta(seconds=timings().read_gap)
    if judged is Verdict.PUBLISHED:
        if not settle.published(delivery, Receipt(found[0].remote_id, found[0].url)):
            settle.give_up(delivery, "two_owners")
    elif judged is Verdict.RESEND:
        state.move(
            delivery,
            SCHEDULED,
            lease_until=None,
            next_at=now,
            resends=delivery.resends + 1,
            absences=0,
            read_at=None,
            note="absent in two complete readings",
        )
    elif judged in {Verdict.ABSENT, Verdict.AGAIN}:
        first = judged is Verdict.ABSENT and delivery.absences == 0
        state.move(
            delivery,
            UNCONFIRMED,
            lease_until=None,
            next_at=now + gap,
            absences=delivery.absences + (judged is Verdict.ABSENT),
            read_at=now if first else delivery.read_at,
        )
    else:
        settle.give_up(delivery, judged)


def _wait_for_account(delivery: Delivery, problem: str, used: Used) -> None:
    """Nobody can look before a person connects the account again: ask for that, and look as soon as it is.
    With credentials that are new since the call, it is looked once more in any case."""
    account = locked(delivery.account_id)
    if account.credentials != used:
        return
    delivery.waits_for, delivery.problem = WaitsFor.ACCOUNT, problem
    if account.status == AccountStatus.ACTIVE:
        settle.lost(delivery, problem, used)


def _first_wire(delivery: Delivery) -> datetime:
    first = db.session.scalar(
        select(Attempt.wire_at)
        .where(Attempt.delivery_id == delivery.id, Attempt.wire_at.is_not(None))
        .order_by(Attempt.fence)
        .limit(1)
    )
    return first or delivery.wire_at or delivery.due_at


def _doubted_since(delivery: Delivery) -> datetime:
    """When it went on the wire, or, after a restore, when the search for it began."""
    searched = db.session.scalar(
        select(func.max(Attempt.started_at)).where(
            Attempt.delivery_id == delivery.id, Attempt.owner == JOURNAL
        )
    )
    return searched or _first_wire(delivery)


def _taken(found: Found, delivery: Delivery) -> bool:
    """Whether that remote post is already the proof of another delivery."""
    query = select(Delivery.id).where(
        Delivery.account_id == delivery.account_id,
        Delivery.remote_id == found.remote_id,
        Delivery.id != delivery.id,
    )
    return db.session.scalar(query) is not None
