"""What waits for a person: the other half of the promise, made visible."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from flask_babel import gettext as _
from sqlalchemy import CompoundSelect, Select, and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from publisher.accounts.models import Account, Hold
from publisher.accounts.rules import AccountStatus
from publisher.deliveries import corrections, preflight
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import (
    FAILED,
    MISSED,
    NEEDS_ATTENTION,
    SCHEDULED,
    UNCONFIRMED,
    DeliveryStatus,
)
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.errors import NotAllowed
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import counted, writing
from publisher.stories.models import Post
from publisher.stories.rules import APPROVED

SHOWN_ELSEWHERE = ("correct", "take_down")
"""Kinds of background work that are shown as the wish of somebody for a post."""
SHOWN = (contains_eager(Delivery.post).joinedload(Post.story), joinedload(Delivery.account))
"""What a list of deliveries shows of each, read along with them."""


def needing_attention() -> Sequence[Delivery]:
    """What waits for a person, and what is still being looked for, oldest first."""
    query = _stopped(UNCONFIRMED).order_by(Delivery.due_at).limit(200)
    return db.session.scalars(query.options(*SHOWN)).all()


def stopped(stories: CompoundSelect[int] | None = None, *, limit: int) -> Sequence[Delivery]:
    """What waits for a person, oldest first: in these stories, or in all."""
    query = _stopped().order_by(Delivery.due_at).limit(limit)
    if stories is not None:
        query = query.where(Post.story_id.in_(stories))
    return db.session.scalars(query.options(*SHOWN)).all()


def troubled_accounts() -> Sequence[Account]:
    """Accounts that do not send while posts wait: paused ones, held ones, those whose platform is silent."""
    return db.session.scalars(_troubled().order_by(Account.label)).all()


def _troubled() -> Select[Account]:
    waits = select(Delivery.id).where(
        Delivery.account_id == Account.id,
        Delivery.next_at.is_not(None),
        Delivery.status == SCHEDULED,
    )
    held = select(Hold.id).where(Hold.account_id == Account.id, Hold.released_at.is_(None))
    trouble = or_(
        Account.status == AccountStatus.PAUSED, Account.silent_since.is_not(None), held.exists()
    )
    return select(Account).where(trouble, waits.exists())


def foreseen() -> Sequence[Delivery]:
    """Scheduled posts that will not go out in time unless somebody does something, the next one first."""
    return preflight.foreseen()


def given_up() -> Sequence[Effect]:
    """Work in the background that nobody tries any more."""
    return stuck.waiting(SHOWN_ELSEWHERE)


def work_again(actor: User | None, effect_id: int) -> None:
    """Have such work tried again. Raises NotAllowed for all but editors, NotFound."""
    _editors_only(actor)
    with writing():
        stuck.try_again(effect_id)
        audit.record(actor, "effect.again", "effect", effect_id)


def let_go(actor: User | None, effect_id: int) -> None:
    """Give such work up for good. Raises as `work_again`."""
    _editors_only(actor)
    with writing():
        stuck.let_go(effect_id)
        audit.record(actor, "effect.let_go", "effect", effect_id)


def _editors_only(actor: User | None) -> None:
    if actor is not None and not at_least(actor.role, Role.EDITOR):
        raise NotAllowed(_("Only editors may do this."))


def count() -> int:
    """How many deliveries wait for a person or will, accounts, corrections that did not come true and work
    that gave up; each counted up to a thousand, in one statement: every page shows their number."""
    return sum(db.session.execute(_numbers()).one())


@cache
def _numbers() -> Select[int, int, int, int, int]:
    return select(
        counted(_stopped().with_only_columns(Delivery.id), 1000),
        counted(_troubled().with_only_columns(Account.id), 1000),
        preflight.count(),
        corrections.count_troubled(),
        stuck.count(SHOWN_ELSEWHERE),
    )


def _stopped(*besides: DeliveryStatus) -> Select[Delivery]:
    """Deliveries that no machine takes further: doubtful, missed, or refused and not edited since."""
    refused = and_(
        Delivery.status == FAILED,
        Post.status == APPROVED,
        Post.delivery_status.in_(["failed", "partly_published"]),
    )
    waiting = Delivery.status.in_([NEEDS_ATTENTION, MISSED, *besides])
    either = Delivery.status.in_(
        [NEEDS_ATTENTION, MISSED, FAILED, *besides]
    )  # lets the index be used
    return select(Delivery).join(Delivery.post).where(either, or_(waiting, refused))
