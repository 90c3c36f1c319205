"""What waits for a person: the other half of the promise, made visible."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select

from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import FAILED, MISSED, NEEDS_ATTENTION, UNCONFIRMED, DeliveryStatus
from publisher.extensions import db
from publisher.stories.models import Post
from publisher.stories.rules import APPROVED


def needing_attention() -> Sequence[Delivery]:
    """What waits for a person, and what is still being looked for, oldest first."""
    query = _stopped(UNCONFIRMED).order_by(Delivery.due_at).limit(200)
    return db.session.scalars(query).all()


def count() -> int:
    """How many deliveries wait for a person, counted up to a thousand."""
    waiting = _stopped().with_only_columns(Delivery.id).limit(1000).subquery()
    return db.session.scalar(select(func.count()).select_from(waiting)) or 0


def _stopped(*besides: DeliveryStatus) -> Select[Delivery]:
    """Deliveries that no machine takes further: doubtful, missed, or refused and not edited since."""
    refused = and_(
        Delivery.status == FAILED,
        Post.status == APPROVED,
        Post.delivery_status.in_(["failed", "partly_published"]),
    )
    waiting = Delivery.status.in_([NEEDS_ATTENTION, MISSED, *besides])
    return select(Delivery).join(Delivery.post).where(or_(waiting, refused))
