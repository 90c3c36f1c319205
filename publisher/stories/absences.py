"""Editors who are away, and who stands in for them: review news go to both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from publisher import clock
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories.models import Absence

LONGEST = timedelta(days=366)


def add(actor: User, delegate_id: int, first: date, last: date) -> Absence:
    """`actor` is away from the day `first` to `last`, both included, as their own zone counts days.

    Raises NotAllowed for who decides on nothing, Invalid that names the wrong field, Conflict where one is
    away on some of these days already.
    """
    with writing() as session:
        if not may_review(actor):
            raise NotAllowed(_("Only editors decide on a post."))
        delegate = session.get(User, delegate_id)
        if delegate is None or delegate.id == actor.id or not may_review(delegate):
            other = _("Choose another editor.")
            raise Invalid(other, fields={"delegate_id": other})
        if last < max(first, today(actor)) or last - first > LONGEST:
            wrong = _("Choose a last day that is not over and not before the first one.")
            raise Invalid(wrong, fields={"last": wrong})
        if any(first <= each.last and each.first <= last for each in of(actor)):
            raise Conflict(_("You are away on some of these days already."))
        absence = Absence(user_id=actor.id, delegate_id=delegate.id, first=first, last=last)
        session.add(absence)
        session.flush()
        audit.record(
            actor,
            "away",
            "user",
            actor.id,
            delegate=delegate.name,
            first=first.isoformat(),
            last=last.isoformat(),
        )
    return absence


def end(actor: User, absence_id: int) -> None:
    """One is back, or does not go. Raises NotFound also for somebody else's."""
    with writing() as session:
        absence = session.get(Absence, absence_id)
        if absence is None or absence.user_id != actor.id:
            raise NotFound(_("There is no such absence."))
        session.execute(delete(Absence).where(Absence.id == absence_id))
        audit.record(actor, "back", "user", actor.id)


def of(actor: User) -> Sequence[Absence]:
    """When one is or will be away, the next first."""
    return db.session.scalars(
        select(Absence)
        .where(Absence.user_id == actor.id, Absence.last >= today(actor))
        .order_by(Absence.first)
        .options(joinedload(Absence.delegate))
    ).all()


def delegates() -> dict[int, User]:
    """Who is away now, by id → who decides in their place: the delegate, or the delegate's while that one is
    away, too. Who has nobody left that is here is not among them."""
    around = clock.now().date()
    rows = db.session.scalars(
        select(Absence)
        .where(
            Absence.first <= around + timedelta(days=1), Absence.last >= around - timedelta(days=1)
        )
        .options(joinedload(Absence.user), joinedload(Absence.delegate))
    )
    away = {
        each.user_id: each.delegate
        for each in rows
        if may_review(each.delegate) and each.first <= today(each.user) <= each.last
    }
    return {who: there for who in away if (there := _present(who, away))}


def may_review(person: User) -> bool:
    """Whether this person decides on posts at all."""
    return person.active and at_least(person.role, Role.EDITOR)


def today(person: User) -> date:
    """The day that it is where that person works."""
    return clock.now().astimezone(ZoneInfo(person.timezone)).date()


def _present(who: int, away: dict[int, User]) -> User | None:
    seen: set[int] = set()
    while who in away and who not in seen:
        seen.add(who)
        delegate = away[who]
        if delegate.id not in away:
            return delegate
        who = delegate.id
    return None
