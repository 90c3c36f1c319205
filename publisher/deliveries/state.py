"""The one function that changes a delivery's status, and the mirror of it that posts carry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Update, bindparam, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from publisher import clock
from publisher.accounts.models import Account
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import TRANSITIONS, DeliveryStatus, overall
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.storage import turn
from publisher.stories import service as stories
from publisher.stories.models import Post


class LostRace(Conflict):
    """Somebody else moved this delivery on since it was read: nothing was written."""


def move(
    delivery: Delivery,
    to: DeliveryStatus,
    *,
    actor: User | None = None,
    note: str = "",
    **fields: Any,
) -> None:
    """Change the status where the table allows it, with the columns that go along, and leave an Event.

    One guarded UPDATE that must touch one row. Raises Conflict where the table says no, LostRace when the row
    is no longer as it was read.
    """
    was = DeliveryStatus(delivery.status)
    if to not in TRANSITIONS[was]:
        raise Conflict(
            _("This post is “%(status)s” and cannot become “%(wanted)s”.", status=was, wanted=to),
            code="delivery_state",
        )
    _write(delivery, was, {**fields, "status": to, "changed_at": clock.now()})
    if was != to or note:
        audit.record(
            actor,
            f"delivery.{to}",
            "delivery",
            delivery.id,
            story_id=delivery.post.story_id,
            note=note,
            account_id=delivery.account_id,
            was=str(was),
        )
    mirror(delivery.post, [delivery] if delivery.parts == 1 else None)


def _write(delivery: Delivery, was: DeliveryStatus, values: dict[str, Any]) -> None:
    """`UPDATE … WHERE id AND status AND fence`; the object then says what the row does."""
    read = {"read_id": delivery.id, "read_status": was, "read_fence": delivery.fence}
    with db.session.no_autoflush:  # what else is pending goes along at the commit, in one go
        result = db.session.execute(_guarded(tuple(values)), {**values, **read})
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise LostRace(_("This post is on its way or out and cannot be moved."), code="on_its_way")
    for name, value in values.items():
        set_committed_value(delivery, name, value)


@cache
def _guarded(columns: tuple[str, ...]) -> Update:
    return (
        update(Delivery)
        .where(
            Delivery.id == bindparam("read_id"),
            Delivery.status == bindparam("read_status"),
            Delivery.fence == bindparam("read_fence"),
        )
        .values({column: bindparam(column) for column in columns})
        .execution_options(synchronize_session=False)
    )


def locked(delivery_id: int) -> Delivery | None:
    """The row, locked as it is now, in its story's turn; None when it is gone. Call inside `writing()`."""
    story = select(Post.story_id).join(Delivery, Delivery.post_id == Post.id)
    story_id = db.session.scalar(story.where(Delivery.id == delivery_id))
    if story_id is None:
        return None
    turn(story_id)
    return db.session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)


def latest_run(post: Post) -> Sequence[Delivery]:
    """All parts of the newest run, first part first; empty when nothing was ever scheduled."""
    newest = (
        select(Delivery.run)
        .where(Delivery.post_id == post.id)
        .order_by(Delivery.run.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Delivery).where(Delivery.post_id == post.id, Delivery.run == newest)
    return db.session.scalars(query.order_by(Delivery.part)).all()


def run_of(delivery: Delivery) -> Sequence[Delivery]:
    """All parts of this delivery's run, first part first."""
    query = select(Delivery).where(
        Delivery.post_id == delivery.post_id, Delivery.run == delivery.run
    )
    return db.session.scalars(query.order_by(Delivery.part)).all()


def last_out() -> dict[int, datetime]:
    """When something last went out on each account, by the account's id: one look-up in an index for each."""
    last = select(func.max(Delivery.published_at)).where(Delivery.account_id == Account.id)
    rows = db.session.execute(select(Account.id, last.scalar_subquery())).all()
    return {account_id: at for account_id, at in rows if at is not None}


def mirror(post: Post, run: Sequence[Delivery] | None = None) -> None:
    """Let the post show what its newest run is doing. `run`, if known already, need not be read again."""
    run = run or latest_run(post)
    if not run:
        return
    first = run[0]
    pending = [part for part in run if part.status == DeliveryStatus.SCHEDULED]
    waiting = bool(pending) and pending[0].waits_for not in {"", "part", "approval"}
    stories.reflect(
        post,
        delivery_status=overall([part.status for part in run], waiting=waiting),
        due_at=first.due_at,
        published_at=first.published_at,
        url="" if first.status == DeliveryStatus.TAKEN_DOWN else first.url,
    )
