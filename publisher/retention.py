"""What is forgotten, and when. What people did and how it ended is kept for ever; so are posts, revisions,
approvals and deliveries.

A delivery keeps its own instant on the wire, its address and its outcome, so that no proof goes with its
attempts. Everything is deleted in small steps that keep nobody waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from publisher import clock
from publisher.accounts import timekeeping
from publisher.accounts.models import HostClock
from publisher.api.models import Answered
from publisher.cards import service as cards
from publisher.cards.models import LinkedPage
from publisher.config import Config
from publisher.deliveries.models import Attempt, Beat, Delivery
from publisher.deliveries.rules import FINAL
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.feeds import fetch
from publisher.notices.models import Notice
from publisher.people import audit
from publisher.people.models import Event, SignInLink, Throttle, UserSession
from publisher.storage import writing

CALM = timedelta(minutes=5)
BATCH = 500
PATIENCE_S = 30.0
"""For how long one call prunes; the rest is another call's."""

SESSIONS = timedelta(days=90)
LINKS = timedelta(days=30)
EFFECTS = timedelta(days=14)
BEATS = timedelta(days=7)
ANSWERS = timedelta(days=2)
WINDOWS = timedelta(days=1)
CLOCKS = timedelta(days=90)
"""For how long each is kept after its end; attempts and notices as long as the settings say."""

STEPS = ("delivery.sending", "delivery.unconfirmed")
"""What happened between the decision of a person and the outcome."""

Walk = Callable[[datetime], Iterator[int]]


def ask_daily() -> None:
    """Want today's pruning and look at old approvals, once among all dispatchers."""
    now = clock.now()
    for kind in ("prune", "expire"):
        effects.ask(kind, f"{kind}:{now:%Y-%m-%d}", {}, at=now + CALM)


def prune(_desired: effects.Desired) -> None:
    """Effect `prune`: forget what is old enough. What does not fit into half a minute follows later."""
    timekeeping.require_believed()
    until = time.monotonic() + PATIENCE_S
    now = clock.now()
    for walk in (_attempts, _steps, _effects, _small, fetch.forget):
        for _count in walk(now):
            if time.monotonic() > until:
                raise effects.Later(60)


def _attempts(now: datetime) -> Iterator[int]:
    """Of final deliveries alone: what is still open may need to know when it was on the wire first."""
    begun = Attempt.started_at < now - _days(_config().keep_attempts)
    final = Attempt.delivery.has(Delivery.status.in_(FINAL))
    yield from _oldest(Attempt.id, begun, final)


def _steps(now: datetime) -> Iterator[int]:
    """The machine's own lines about a delivery's way, once its attempts go, too. What people did, and how it
    ended, stays for ever. Nobody else writes such lines, so that an index leads to what is left to delete."""
    old = Event.at < now - _days(_config().keep_attempts)
    theirs = select(Delivery.status.in_(FINAL)).where(Delivery.id == Event.subject_id)
    by_machine = Event.actor_id.is_(None) & (Event.actor_name == audit.SYSTEM)
    for verb in STEPS:
        final = theirs.correlate(Event).scalar_subquery()
        query = select(Event.id).where(Event.verb == verb, old, by_machine, final).limit(BATCH)
        while gone := db.session.scalars(query).all():
            with writing() as session:
                session.execute(delete(Event).where(Event.id.in_(gone)))
            yield len(gone)


def _effects(now: datetime) -> Iterator[int]:
    """Done ones. A stuck one stays until somebody looked."""
    made = Effect.created_at < now - EFFECTS
    yield from _oldest(Effect.id, made, Effect.done_at < now - EFFECTS)


def _oldest(
    key: InstrumentedAttribute[int], old: ColumnElement[bool], wanted: ColumnElement[bool]
) -> Iterator[int]:
    """Walk from the lowest id up while rows are old, deleting those that are wanted, a batch at a time. Reads
    no more than what is old, without an index on time. Yields how many went with each batch."""
    table = key.class_
    last = 0
    while True:
        rows = db.session.execute(
            select(key, old, wanted).where(key > last).order_by(key).limit(BATCH)
        ).all()
        gone = [row[0] for row in rows if row[1] and row[2]]
        if gone:
            with writing() as session:
                session.execute(delete(table).where(key.in_(gone), wanted))
        yield len(gone)
        if len(rows) < BATCH or not rows[-1][1]:
            return
        last = rows[-1][0]


def _small(now: datetime) -> Iterator[int]:
    """Tables that stay small because this empties them."""
    for table, over in (
        (UserSession, UserSession.expires_at < now - SESSIONS),
        (UserSession, UserSession.ended_at < now - SESSIONS),
        (SignInLink, SignInLink.expires_at < now - LINKS),
        (Throttle, Throttle.window_ends_at < now - WINDOWS),
        (Answered, Answered.at < now - ANSWERS),
        (LinkedPage, cards.forgotten(now)),
        (Beat, (Beat.at < now - BEATS) & (Beat.role != "journal")),
        (HostClock, HostClock.wall < (now - CLOCKS).timestamp()),
        (Notice, (Notice.at < now - _days(_config().keep_notices)) & Notice.read_at.is_not(None)),
    ):
        with writing() as session:
            result = session.execute(delete(table).where(over))
        yield result.rowcount  # type: ignore[attr-defined]


def _days(number: int) -> timedelta:
    return timedelta(days=number)


def _config() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
