"""Writing and reading the audit trail."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from publisher import clock
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.storage import after_commit

logger = logging.getLogger(__name__)

SYSTEM = "Publisher"
"""The name under which the machine itself acts."""
MACHINE = 0
"""Its number in `Filters`; no person has it."""


def record(
    actor: User | None,
    verb: str,
    subject: str,
    subject_id: int | None,
    *,
    story_id: int | None = None,
    account_id: int | None = None,
    note: str = "",
    **detail: Any,
) -> None:
    """Add one line in the running transaction. `actor` None means the machine. `detail` must be JSON.

    Once it is committed the log says so, too, without names and words, but with the account.
    """
    told = {
        "account_id": account_id,
        "story_id": story_id,
        "by": actor.id if actor else None,
        f"{subject}_id": subject_id,
    }
    after_commit(partial(logger.info, verb, extra={key: told[key] for key in told if told[key]}))
    db.session.add(
        Event(
            at=clock.now(),
            actor_id=actor.id if actor else None,
            actor_name=actor.name if actor else SYSTEM,
            verb=verb,
            subject=subject,
            subject_id=subject_id,
            story_id=story_id,
            note=note,
            detail=detail,
        )
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """Which lines are wanted: of whom (`MACHINE` for nobody), what was done, to which thing, in which story,
    and when (`since` belongs to it, `until` does not)."""

    person_id: int | None = None
    verb: str = ""
    subject: str = ""
    subject_id: int | None = None
    story_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for a query; each is found by an index."""
        found: list[ColumnElement[bool]] = []
        if self.person_id is not None:
            machine = self.person_id == MACHINE
            found.append(Event.actor_id.is_(None) if machine else Event.actor_id == self.person_id)
        if self.verb:
            found.append(Event.verb == self.verb)
        if self.subject and self.subject_id is not None:
            found += [Event.subject == self.subject, Event.subject_id == self.subject_id]
        if self.story_id is not None:
            found.append(Event.story_id == self.story_id)
        if self.since is not None:
            found.append(Event.at >= self.since)
        if self.until is not None:
            found.append(Event.at < self.until)
        return found


def events(
    filters: Filters | None = None, *, before: int | None = None, most: int = 50
) -> Sequence[Event]:
    """At most `most` lines, newest first: those before the line with that number, where one is given."""
    query = select(Event).where(*(filters or Filters()).conditions())
    anchor = db.session.get(Event, before) if before is not None else None
    if anchor is not None:
        query = query.where(Event.at <= anchor.at, or_(Event.at < anchor.at, Event.id < anchor.id))
    return db.session.scalars(query.order_by(Event.at.desc(), Event.id.desc()).limit(most)).all()


def batches(filters: Filters, *, size: int = 500) -> Iterator[Sequence[Event]]:
    """All such lines, newest first. No transaction stays open while a batch is made use of, however long that
    takes; its lines know what they hold and no more."""
    before: int | None = None
    while True:
        found = events(filters, before=before, most=size)
        for event in found:
            db.session.expunge(event)
        db.session.rollback()
        yield found
        if len(found) < size:
            return
        before = found[-1].id


def of_story(story_id: int, *, before: int | None = None, most: int = 50) -> Sequence[Event]:
    """What happened to a story, its posts and their deliveries, newest first. By the order of writing, which
    an index has for each story."""
    query = select(Event).where(Event.story_id == story_id)
    if before is not None:
        query = query.where(Event.id < before)
    return db.session.scalars(query.order_by(Event.id.desc()).limit(most)).all()
