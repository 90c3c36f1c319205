"""Working off what is due, and knowing when the next thing is."""

from __future__ import annotations

from datetime import datetime

from publisher import clock
from publisher.deliveries import claim as claims
from publisher.deliveries.deliver import publish_here, send
from publisher.deliveries.reconcile import reconcile
from publisher.effects import service as effects


def work_off() -> bool:
    """Claim the oldest thing that is due, send or reconcile it; False when nothing is left to claim."""
    now = clock.now()
    for head in claims.heads():
        if head.at > now:
            return False
        with claims.alone(head) as free:
            if free and _work_on(head):
                return True
    return False


def _work_on(head: claims.Head) -> bool:
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
    """When the next claim can succeed, or None."""
    waiting = claims.heads()
    return waiting[0].at if waiting else None


def due_count(until: datetime) -> int:
    """How many bells are worth ringing: one for each account that can send, each reconciling and the effects
    that are due by `until`. An account sends one at a time, so its other rows need no bell of their own."""
    due = sum(head.at <= until for head in claims.heads())
    effect = effects.next_instant()
    return due + (effect is not None and effect <= until)
