"""Counting tries in the database, so that all web processes share one count."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask_babel import ngettext
from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite

from publisher import clock
from publisher.errors import Throttled
from publisher.extensions import db
from publisher.people.models import Throttle
from publisher.people.rules import Limit
from publisher.storage import writing


def count_try(*counted: tuple[str, Limit]) -> None:
    """Count one try under each key, and refuse when one of them passed its limit.

    Each key is counted in one statement, so that parallel tries cannot slip through; it is committed
    before the refusal, so that a refused try counts too. Raises Throttled, whose sentence says how long
    to wait.
    """
    now, wait_s = clock.now(), 0.0
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.window_ends_at < now - timedelta(days=1)))
        for key, limit in counted:
            tries, ends_at = session.execute(_counting(key, limit)).one()
            if tries > limit.tries:
                wait_s = max(wait_s, (ends_at - now).total_seconds())
    if wait_s > 0:
        raise Throttled(_please_wait(wait_s), retry_after_s=ceil(wait_s))


def forget_tries(key: str) -> None:
    """Begin anew, after a try that succeeded."""
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.key == key))


def _counting(key: str, limit: Limit):  # type: ignore[no-untyped-def]  # one of two dialects' own Insert
    now = clock.now()
    insert = sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert
    fresh = insert(Throttle).values(key=key, window_ends_at=now + limit.window, count=1)
    over = Throttle.window_ends_at <= now
    return fresh.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": case((over, 1), else_=Throttle.count + 1),
            "window_ends_at": case(
                (over, fresh.excluded.window_ends_at), else_=Throttle.window_ends_at
            ),
        },
    ).returning(Throttle.count, Throttle.window_ends_at)


def _please_wait(seconds: float) -> str:
    minutes = ceil(seconds / 60)
    return ngettext(
        "Too many tries. Please wait %(num)s minute and try again.",
        "Too many tries. Please wait %(num)s minutes and try again.",
        minutes,
    )
