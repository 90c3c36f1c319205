"""Writing the audit trail."""

from __future__ import annotations

from typing import Any

from publisher import clock
from publisher.extensions import db
from publisher.people.models import Event, User

SYSTEM = "Publisher"
"""The name under which the machine itself acts."""


def record(  # noqa: PLR0913 - an event has that many parts, all but three optional
    actor: User | None,
    verb: str,
    subject: str,
    subject_id: int | None,
    *,
    story_id: int | None = None,
    note: str = "",
    **detail: Any,
) -> None:
    """Add one line in the running transaction. `actor` None means the machine. `detail` must be JSON."""
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
