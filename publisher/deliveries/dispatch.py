"""Working off what is due, and knowing when the next thing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from channels import REGISTRY, channel_class
from publisher import clock
from publisher.deliveries import claim as claims
from publisher.deliveries.claim import Head
from publisher.deliveries.deliver import publish_here, send
from publisher.deliveries.models import Delivery
from publisher.deliveries.reconcile import reconcile
from publisher.deliveries.rules import SENDING
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import writing


def heads() -> list[Head]:
    """What can be taken up now or later, the earliest first."""
    return claims.heads()


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a dispatcher has to know each half second: when the earliest delivery and the earliest effect can
    be claimed, unless their account keeps them, and whether anything is on its way."""

    delivery: datetime | None
    effect: datetime | None
    on_its_way: bool

    def quiet(self, until: datetime) -> bool:
        """Whether nothing can be taken up before `until`."""
        instants = (self.delivery, self.effect)
        return all(instant is None or instant > until for instant in instants)


def pulse() -> Pulse:
    """One query: three looks at the beginning of an index, however much there is."""
    delivery, effect, lease = db.session.execute(
        select(
            select(func.min(Delivery.next_at))
            .where(Delivery.next_at.is_not(None))
            .scalar_subquery(),
            select(func.min(Effect.next_at)).scalar_subquery(),
            select(func.min(Delivery.lease_until))
            .where(Delivery.lease_until.is_not(None))
            .scalar_subquery(),
        )
    ).one()
    return Pulse(delivery and delivery - claims.lead(), effect, lease is not None)


def work_off() -> bool:
    """Take up the oldest thing that is due and see it through; False when nothing is left to claim."""
    now = clock.now()
    for head in claims.heads():
        if head.at > now:
            return False
        if work_on(head):
            return True
    return False


def work_on(head: Head) -> bool:
    """Claim this and send or reconcile it. False when there was nothing to claim, or somebody was faster."""
    if head.transactional and head.delivery_id is None:
        return publish_here(head)
    claim = claims.claim(head)
    if claim is None:
        return False
    if claim.kind == claims.SEND:
        send(claim)
    else:
        reconcile(claim)
    return True


def next_instant() -> datetime | None:
    """When the next thing can be taken up, or None."""
    waiting = claims.heads()
    return waiting[0].at if waiting else None


def due_count(waiting: Sequence[Head], effect: datetime | None, until: datetime) -> int:
    """How many bells are worth ringing: one for each account that can send, each reconciling and the effects
    that are due by `until`. An account sends one at a time, so its other rows need no bell of their own."""
    return sum(head.at <= until for head in waiting) + (effect is not None and effect <= until)


def warm() -> None:
    """Import the adapters and compile a delivery's statements in a worker that is about to fork: each horse
    finds them ready, and its first post is not late for it. Finds nothing and writes nothing."""
    for kind in REGISTRY:
        channel_class(kind)
    now = clock.now()
    nobody = claims.Claim(
        delivery_id=0, account_id=0, story_id=0, fence=0, kind=claims.SEND, lease_until=now, due=now
    )
    claims.heads()
    claims.mine_to_read(nobody)
    effects.next_instant()
    with writing():
        claims.take(0, now)
        for loaded in (claims.ON_THE_WIRE, claims.SETTLED):
            claims.mine(nobody, SENDING, load=loaded)
        claims.note(nobody, wire_at=now)
