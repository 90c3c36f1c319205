"""Finding what is due and claiming it: one owner per delivery, one delivery in flight per account.

Statements are put together once, here and in what follows a claim: that takes longer than they run.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import ColumnElement, Select, Update, bindparam, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from channels import channel_class
from publisher import clock
from publisher.accounts import timekeeping
from publisher.accounts.models import Account, Hold
from publisher.accounts.rules import AccountStatus
from publisher.crashes import crash_point
from publisher.deliveries import state
from publisher.deliveries.models import Attempt, Delivery
from publisher.deliveries.plan import timings
from publisher.deliveries.rules import SCHEDULED, SENDING, UNCONFIRMED, WaitsFor
from publisher.extensions import db
from publisher.storage import turn, writing
from publisher.stories.models import Post, Story

SEND, RECONCILE = "send", "reconcile"
LEAD_S = 0.25
"""A delivery is claimed and made ready this long before its instant, so that at the instant itself only
commit 2 and the create call are left."""


WHOLE = (
    joinedload(Delivery.account, innerjoin=True),
    joinedload(Delivery.revision, innerjoin=True),
    joinedload(Delivery.post, innerjoin=True)
    .joinedload(Post.story, innerjoin=True)
    .joinedload(Story.owner, innerjoin=True),
)
"""A delivery with all that is said of it and asked of it, in one reading."""
TO_SEND = (
    *WHOLE,
    joinedload(Delivery.account, innerjoin=True).undefer(Account.credentials),
)
"""The same, and what opens its account's channel."""
ON_THE_WIRE = (
    joinedload(Delivery.account, innerjoin=True),
    joinedload(Delivery.revision, innerjoin=True),
    joinedload(Delivery.post, innerjoin=True).load_only(Post.story_id, Post.approved_hash),
)
"""What commit 2 asks of a delivery."""
SETTLED = (
    joinedload(Delivery.account, innerjoin=True),
    joinedload(Delivery.post, innerjoin=True)
    .joinedload(Post.story, innerjoin=True)
    .joinedload(Story.owner, innerjoin=True),
)
"""What its outcome touches."""
SIBLINGS = (
    joinedload(Delivery.post, innerjoin=True)
    .joinedload(Post.story, innerjoin=True)
    .options(selectinload(Story.posts), joinedload(Story.category)),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The next thing an account can do.

    `at` is the instant from which somebody can take it up, `due` the one before which nothing goes out.
    `delivery_id` is set when it is to reconcile that delivery; else it is to send the account's oldest.
    """

    account_id: int
    at: datetime
    due: datetime
    transactional: bool = False
    delivery_id: int | None = None

    @property
    def key(self) -> tuple[int, int | None]:
        """What two heads have in common that only one sender can take."""
        return self.account_id, self.delivery_id

    @property
    def is_post(self) -> bool:
        """Whether a post goes out, and not only a question whether one did."""
        return self.delivery_id is None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed delivery. Whoever writes for it must still hold this `fence`; `due` is when it goes out."""

    delivery_id: int
    story_id: int
    account_id: int
    fence: int
    kind: str
    lease_until: datetime
    due: datetime


def owner() -> str:
    """This process: host, process id and when it started, so that a reused id is not taken for us."""
    return f"{socket.gethostname()}:{os.getpid()}:{started(os.getpid())}"


def started(pid: int) -> str:
    """When a local process started, in the kernel's ticks; empty when there is none, or only its remains that
    nobody has collected yet: a killed worker's horse is init's, and init may take its time."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def heads() -> list[Head]:
    """What could be claimed, earliest first: per account one look-up in an index, however many rows wait.

    Accounts that are paused, held or busy sending have nothing to send; reconciling needs none of that.
    """
    return sorted([*sends(), *_reconciles()], key=lambda head: head.at)


def sends() -> Iterator[Head]:
    """Each free account's oldest delivery, in no order."""
    for account_id, kind, slot, paused, next_at in db.session.execute(_sends()):
        if next_at is not None:
            due = max(instant for instant in (next_at, slot, paused) if instant is not None)
            yield Head(account_id, due - lead(), due, channel_class(kind).transactional)


@cache
def _sends() -> Select[int, str, datetime | None, datetime | None, datetime | None]:
    first = (
        select(Delivery.next_at)
        .where(
            # Both say "equal", in words that leave one index to go by: PostgreSQL may else walk all accounts'
            # rows by time to find this one's, and SQLite may sort all that are scheduled.
            Delivery.account_id.between(Account.id, Account.id),
            Delivery.next_at.is_not(None),
            func.coalesce(Delivery.status, "") == SCHEDULED,
        )
        .order_by(Delivery.account_id, Delivery.next_at)
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Account.id, Account.kind, Account.next_slot_at, Account.paused_until, first
    ).where(Account.status == AccountStatus.ACTIVE, ~_taken())


def _reconciles() -> Iterator[Head]:
    for account_id, at, delivery_id in db.session.execute(_doubtful()):
        if at is not None:
            yield Head(account_id, at, at, delivery_id=delivery_id)


@cache
def _doubtful() -> Select[int, datetime | None, int]:
    return (
        select(Delivery.account_id, Delivery.next_at, Delivery.id)
        .join(Account, Account.id == Delivery.account_id)
        .where(
            or_(Delivery.waits_for != WaitsFor.ACCOUNT, Account.status == AccountStatus.ACTIVE),
            Delivery.next_at.is_not(None),
            Delivery.status == UNCONFIRMED,
            Delivery.lease_until.is_(None),
            ~timekeeping.unconfirmed(),  # the verdict counts on how much time has passed
        )
        .order_by(Delivery.next_at)
        .limit(20)
    )


def _taken() -> ColumnElement[bool]:
    """Whether an account is held, by itself or with everything, or busy sending."""
    held = select(Hold.id).where(
        or_(Hold.account_id.is_(None), Hold.account_id == Account.id), Hold.released_at.is_(None)
    )
    sending = literal(
        str(SENDING), literal_execute=True
    )  # a prepared plan must know its index by it
    busy = select(Delivery.id).where(Delivery.account_id == Account.id, Delivery.status == sending)
    return or_(held.exists(), busy.exists())


def lead() -> timedelta:
    """How long before its instant a delivery is claimed; a fraction of a call's deadline at most."""
    return timedelta(seconds=min(LEAD_S, timings().deadline / 4))


def claim(head: Head) -> Claim | None:
    """Commit 1, the intent: attempt row, attempts + 1, lease, fence + 1. None when somebody was faster.

    The race between two claimers ends at the account's row (locked, skipping locked ones, on PostgreSQL), at
    SQLite's write lock, and in any case at the unique index on one `sending` per account.
    """
    try:
        with writing():
            delivery = (
                take(head.account_id, clock.now() + lead())
                if head.delivery_id is None
                else _take_unconfirmed(head.delivery_id)
            )
            if delivery is None:
                return None
            claimed = intend(delivery, SEND if head.delivery_id is None else RECONCILE)
            crash_point("before-intent", claimed.delivery_id)
    except IntegrityError:
        return None
    crash_point("after-intent", claimed.delivery_id)
    return claimed


def take(account_id: int, until: datetime) -> Delivery | None:
    """Lock the account and return its oldest delivery that is due by `until`, if it may send by then."""
    return next(iter(take_some(account_id, until, 1)), None)


def take_some(
    account_id: int, until: datetime, most: int, *also: ExecutableOption
) -> Sequence[Delivery]:
    """As `take`, for up to `most` deliveries; for one where the account keeps a distance between them."""
    row = db.session.execute(_free_account(), {"account": account_id}).first()
    if row is None or row[1]:
        return ()
    account = row[0]
    if any(slot and slot > until for slot in (account.next_slot_at, account.paused_until)):
        return ()
    # `now` leaves out what has expired: a worker may wake up before the sweep does.
    due = {"account": account_id, "until": until, "now": clock.now()}
    oldest = {**due, "most": 1 if account.spacing_s else most}
    free = [
        delivery_id
        for delivery_id, story_id in db.session.execute(_oldest(), oldest).all()
        if turn(story_id, wait=False)
    ]
    return db.session.scalars(_chosen(also), {**due, "free": free}).all() if free else ()


@cache
def _free_account() -> Select[Account, bool]:
    return (
        select(Account, _taken())
        .where(Account.id == bindparam("account"), Account.status == AccountStatus.ACTIVE)
        # NO KEY: whoever settles a post of this account writes rows that name it, and must not wait for us,
        # who may have looked before its claim and wait for it at the unique index.
        .with_for_update(of=Account, skip_locked=True, key_share=True)
    )


def _due() -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.account_id == bindparam("account"),
        Delivery.status == SCHEDULED,
        Delivery.next_at <= bindparam("until"),
        Delivery.expires_at >= bindparam("now"),
    )


@cache
def _oldest() -> Select[int, int]:
    waiting = select(Delivery.id, Post.story_id).join(Post, Post.id == Delivery.post_id)
    by_time = waiting.where(*_due()).order_by(Delivery.next_at, Delivery.id)
    return by_time.limit(bindparam("most"))


@cache
def _chosen(also: tuple[ExecutableOption, ...]) -> Select[Delivery]:
    return (
        select(Delivery)
        .options(*WHOLE, *also)
        .where(Delivery.id.in_(bindparam("free", expanding=True)), *_due())
        .order_by(Delivery.next_at, Delivery.id)
        .with_for_update(of=Delivery)
    )


def _take_unconfirmed(delivery_id: int) -> Delivery | None:
    delivery = state.locked(delivery_id)
    if delivery is None or delivery.status != UNCONFIRMED or delivery.lease_until is not None:
        return None
    return delivery if delivery.next_at and delivery.next_at <= clock.now() else None


def take_all(account_id: int, most: int) -> Sequence[Delivery]:
    """As `take_some` for what is due now, with all that is asked of them when they are out."""
    return take_some(account_id, clock.now(), most, *SIBLINGS)


def intend(delivery: Delivery, kind: str) -> Claim:
    """Write the intent into the running transaction. Raises IntegrityError when the account is taken."""
    now, account = clock.now(), delivery.account
    waits = (delivery.next_at, account.next_slot_at, account.paused_until)
    due = max([now, *(at for at in waits if at)]) if kind == SEND else now
    lease = due + timedelta(seconds=timings().lease)
    fence = delivery.fence + 1
    state.move(
        delivery,
        SENDING if kind == SEND else UNCONFIRMED,
        fence=fence,
        owner=owner(),
        lease_until=lease,
        attempts=delivery.attempts + (kind == SEND),
        next_at=None if kind == SEND else delivery.next_at,
        concerns="",
        wire_at=None if kind == SEND else delivery.wire_at,
    )
    db.session.add(
        Attempt(delivery_id=delivery.id, fence=fence, kind=kind, owner=owner(), started_at=now)
    )
    return Claim(delivery.id, delivery.post.story_id, delivery.account_id, fence, kind, lease, due)


def mine(
    claim: Claim, *statuses: str, load: tuple[ExecutableOption, ...] = WHOLE
) -> Delivery | None:
    """The claimed row, locked, if it still carries the claim's fence and one of `statuses`; with what `load`
    names, the rest when it is asked for."""
    turn(claim.story_id)
    return db.session.scalar(
        _claimed(load),
        {"delivery": claim.delivery_id, "fence": claim.fence, "statuses": statuses},
    )


@cache
def _claimed(load: tuple[ExecutableOption, ...]) -> Select[Delivery]:
    return (
        select(Delivery)
        .where(
            Delivery.id == bindparam("delivery"),
            Delivery.fence == bindparam("fence"),
            Delivery.status.in_(bindparam("statuses", expanding=True)),
        )
        .options(*load)
        .with_for_update(of=Delivery)
    )


def mine_to_read(claim: Claim) -> Delivery | None:
    """The claimed row without a lock, for rendering; None when it has moved on."""
    return db.session.scalar(_to_send(), {"delivery": claim.delivery_id, "fence": claim.fence})


@cache
def _to_send() -> Select[Delivery]:
    held = (Delivery.id == bindparam("delivery"), Delivery.fence == bindparam("fence"))
    return select(Delivery).where(*held).options(*TO_SEND)


def attempt_of(claim: Claim) -> Attempt:
    """The attempt row that this claim wrote."""
    return db.session.scalars(
        select(Attempt).where(
            Attempt.delivery_id == claim.delivery_id, Attempt.fence == claim.fence
        )
    ).one()


def note(claim: Claim, **values: object) -> None:
    """Write down what became of the claim's attempt."""
    of = {"of_delivery": claim.delivery_id, "of_fence": claim.fence}
    with db.session.no_autoflush:
        db.session.execute(_noted(tuple(values)), {**values, **of})


@cache
def _noted(columns: tuple[str, ...]) -> Update:
    return (
        update(Attempt)
        .where(
            Attempt.delivery_id == bindparam("of_delivery"), Attempt.fence == bindparam("of_fence")
        )
        .values({column: bindparam(column) for column in columns})
        .execution_options(synchronize_session=False)
    )


def jitter() -> float:
    """A number in 0..1 that spreads retries, so that what failed together does not return together."""
    return random.random()  # noqa: S311 - spreads load, guards nothing
