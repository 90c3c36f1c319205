"""Writing and reading the audit trail."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import select

from publisher import clock
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.storage import after_commit

logger = logging.getLogger(__name__)

SYSTEM = "Publisher"
"""The name under which the machine itself acts."""


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


def events(person_id: int | None, verb: str, page: int, *, per_page: int = 50) -> Pagination:
    """A page of the trail, newest first: of one person and one verb, where given. Page 1 may be empty."""
    query = select(Event).order_by(Event.id.desc())
    if person_id is not None:
        query = query.where(Event.actor_id == person_id)
    if verb:
        query = query.where(Event.verb == verb)
    found: Pagination = db.paginate(query, page=page, per_page=per_page, error_out=False)
    return found


def verbs() -> Sequence[str]:
    """Every verb that was recorded so far."""
    return db.session.scalars(select(Event.verb).distinct().order_by(Event.verb)).all()
