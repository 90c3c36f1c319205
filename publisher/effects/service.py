"""Asking for side work and working it off. Each kind is a function of the desired state.

A function may be called again after a crash, so it must be repeatable. It never decides a delivery's status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select, update

from publisher import clock, queue
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import upsert, writing

logger = logging.getLogger(__name__)

Desired = dict[str, Any]
Kind = Callable[[Desired], None]

LEASE_S = 120.0
WAITS_S = (5.0, 20.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds until the next try; after the last one the effect is stuck and shown. They shrink with the pace of
an installation that scaled its waits down."""


class Later(Exception):
    """Not now: try again in `seconds`, without counting it as a failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:g} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Claim:
    id: int
    kind: str
    desired: Desired
    fence: int
    attempts: int


def register(kind: str, function: Kind, *, overwrites: bool = False) -> None:
    """Name the function that brings about the desired state of `kind`; called in create_app.

    Of one that `overwrites` what is there, a late call may undo a newer wish: that is then brought about
    anew.
    """
    current_app.extensions.setdefault("effects", {})[kind] = function
    if overwrites:
        current_app.extensions.setdefault("effects_overwriting", set()).add(kind)


def ask(kind: str, key: str, desired: Desired, *, at: datetime | None = None) -> None:
    """Want `desired`, from `at` on (now by default). Asking twice for the same is one piece of work, unless
    it is stuck; asking for something else replaces the wish, also while the old one is being worked on."""
    with writing():
        now = clock.now()
        due = at or now
        row = {"kind": kind, "key": key, "desired": desired, "created_at": now, "next_at": due}
        effect = _locked(key)
        if effect is None and not _begun(row):
            effect = _locked(key)  # somebody else asked first, and has committed since
        if effect is not None:
            if effect.desired == desired and not effect.stuck:
                return
            effect.desired = desired
            effect.done_at = None
            effect.attempts = 0
            effect.problem = ""
            effect.next_at = due
            effect.fence += 1
            effect.lease_until = None
        queue.ring_after_commit(due)


def _locked(key: str) -> Effect | None:
    """Locked, as else a claim in between takes the very fence that voids it in `ask`."""
    query = select(Effect).where(Effect.key == key).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def _begun(row: Desired) -> bool:
    """Write down a wish that is new; False where somebody did so first. Waits for who has not committed."""
    insert = upsert(Effect).values(row).on_conflict_do_nothing(index_elements=["key"])
    return db.session.connection().execute(insert).rowcount == 1


def underway(key: str) -> bool:
    """Whether somebody is bringing that wish about at this moment. Two kinds of work that must not meet both
    ask this of the other: whoever began first is seen, since claims are committed before they are worked."""
    query = select(Effect.id).where(Effect.key == key, Effect.lease_until > clock.now())
    return db.session.scalar(query) is not None


def next_instant() -> datetime | None:
    """When the next effect can be claimed, or None."""
    return db.session.scalar(select(func.min(Effect.next_at)))


def work_off() -> bool:
    """Claim one due effect and bring it about; False when none is due."""
    claim = _claim()
    if claim is None:
        return False
    try:
        current_app.extensions["effects"][claim.kind](claim.desired)
    except Later as later:
        _settle(claim, next_in=timedelta(seconds=later.seconds), attempts=claim.attempts)
    except Exception as error:
        logger.exception("effect failed", extra={"effect_id": claim.id, "kind": claim.kind})
        _failed(claim, error)
    else:
        _settle(claim, done=True)
    return True


def _claim() -> Claim | None:
    now = clock.now()
    due = select(Effect.id).where(Effect.next_at <= now)
    if db.session.scalar(due.limit(1)) is None:
        return None
    with writing() as session:
        effect = session.scalar(
            select(Effect)
            .where(Effect.next_at <= now)
            .order_by(Effect.next_at, Effect.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if effect is None:
            return None
        if effect.lease_until is not None and _died(effect):
            return None
        effect.fence += 1
        effect.lease_until = effect.next_at = now + _paced(
            LEASE_S
        )  # run out, it is simply due again
        return Claim(effect.id, effect.kind, dict(effect.desired), effect.fence, effect.attempts)


def _died(effect: Effect) -> bool:
    """Its last worker died with it, or of it, which counts as a failure. True when it is stuck now."""
    effect.attempts += 1
    if effect.attempts <= len(WAITS_S):
        return False
    effect.next_at = effect.lease_until = None
    effect.problem = "WorkerDied"
    return True


def _failed(claim: Claim, error: Exception) -> None:
    attempts = claim.attempts + 1
    wait = _paced(WAITS_S[attempts - 1]) if attempts <= len(WAITS_S) else None
    sentence = str(getattr(error, "message", "") or type(error).__name__)
    _settle(claim, next_in=wait, attempts=attempts, problem=sentence)


def _paced(seconds: float) -> timedelta:
    return timedelta(seconds=seconds * current_app.extensions["settings"].timings.pace)


def _settle(
    claim: Claim,
    *,
    done: bool = False,
    next_in: timedelta | None = None,
    attempts: int = 0,
    problem: str = "",
) -> None:
    """Write the outcome, unless somebody asked for another state meanwhile: then the fence has moved on."""
    now = clock.now()
    with writing() as session:
        settled = session.execute(
            update(Effect)
            .where(Effect.id == claim.id, Effect.fence == claim.fence)
            .values(
                done_at=now if done else None,
                next_at=None if next_in is None else now + next_in,
                lease_until=None,
                attempts=attempts,
                problem=problem,
            )
        )
        late = settled.rowcount == 0  # type: ignore[attr-defined]
        if late and claim.kind in current_app.extensions.get("effects_overwriting", ()):
            _once_more(claim.id)


def _once_more(effect_id: int) -> None:
    """A call that came late may have undone what others brought about meanwhile: it is brought about again.
    Where somebody is at it this moment, after their lease, as two who run side by side would void each other
    for ever."""
    effect = db.session.get(Effect, effect_id, with_for_update=True, populate_existing=True)
    if effect is None or effect.stuck:
        return
    if effect.lease_until is not None:
        effect.fence += 1
    elif effect.next_at is None:
        effect.done_at, effect.next_at = None, clock.now()
        queue.ring_after_commit(effect.next_at)
