"""Who there is to choose from. No objects are loaded: most pages list everybody, who may be thousands."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, not_, select

from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role

_WRITES = and_(User.active, User.role != Role.VIEWER)


class Named(NamedTuple):
    """Somebody in a list."""

    id: int
    name: str


def writers() -> list[Named]:
    """Everybody who may write, by name."""
    query = select(User.id, User.name).where(_WRITES).order_by(User.name, User.id)
    return [Named(*row) for row in db.session.execute(query)]


def past_writers() -> frozenset[int]:
    """The ids of those who may not write, or no more: what they wrote is still there."""
    return frozenset(db.session.scalars(select(User.id).where(not_(_WRITES))))
