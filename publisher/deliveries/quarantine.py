"""An older copy of the database must not post history again.

What went out after it was copied, or may have, becomes unconfirmed and is looked for on the account's own
timeline before anything is sent. Runs after a restore, and whenever a sending role starts: the wire journal
then tells whether this database knows of all that went out.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from channels import channel_class
from publisher import clock, journal
from publisher.accounts import service as accounts
from publisher.deliveries import state
from publisher.deliveries.claim import SEND
from publisher.deliveries.content import wording
from publisher.deliveries.models import Attempt, Beat, Delivery
from publisher.deliveries.plan import Targets
from publisher.deliveries.reconcile import JOURNAL, UNKNOWN
from publisher.deliveries.rules import MISSED, SCHEDULED, SENDING, UNCONFIRMED
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.journal import Sent
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people.models import Event, User
from publisher.storage import turn, upsert, writing
from publisher.stories.models import Post

logger = logging.getLogger(__name__)

TURN = -1
"""One at a time, among all processes."""
OLD_MAIL = timedelta(days=1)
SKEW = timedelta(seconds=60)
"""Clocks of several machines differ."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a copy did not know. `doubted`: deliveries to look for, by id. `unplanned`: posts that went out
    and that the copy does not plan to send. `foreign`: how many of posts that the copy does not have."""

    as_of: datetime
    doubted: tuple[int, ...] = ()
    unplanned: tuple[int, ...] = ()
    foreign: int = 0


def look_back() -> Findings | None:
    """Called when a role that sends starts, before it sends: None when this database knows of everything
    that went out from here. Otherwise somebody put an older copy in its place: quarantine and hold."""
    known = not _unknown(
        journal.read(after=_compared_until())
    )  # without the lock that all write by
    with writing():
        if known:
            _remember()
            return None
        turn(TURN)
        unknown = _unknown(journal.read(after=_compared_until()))
        found = None
        if unknown and db.session.scalar(select(Delivery.id).limit(1)) is not None:
            oldest = unknown[0].at  # who works on the copy since then does not make it younger
            found = _isolate(unknown, min(last_life() or oldest, oldest))
            accounts.hold(None, _reason())
            logger.error("this database is older than what went out; everything is held")
        _remember()
        return found


def quarantine(
    as_of: datetime | None = None, journals: Sequence[Path] = (), *, hold: bool = True
) -> Findings:
    """After a restore: doubt what the journal says went out later than `as_of`, and also what was due since
    then, which another machine may have sent. `as_of` is by default the newest thing that the copy knows."""
    with writing():
        turn(TURN)
        since = as_of or last_life() or clock.now()
        after = max(at for at in (_born(), since - SKEW) if at)
        found = _isolate(_unknown(journal.read(*journals, after=after)), since)
        if hold:
            accounts.hold(None, _reason())
        _remember()
        return found


def last_life() -> datetime | None:
    """The newest instant that the database knows of: a dispatcher writes one every two seconds."""
    newest = [
        db.session.scalar(select(func.max(Beat.at)).where(Beat.role.like("dispatcher%"))),
        db.session.scalar(select(Event.at).order_by(Event.id.desc()).limit(1)),
        db.session.scalar(select(Attempt.started_at).order_by(Attempt.id.desc()).limit(1)),
    ]
    return max((at for at in newest if at), default=None)


def _born() -> datetime | None:
    """When this database began: older lines of the journal are of another one."""
    return db.session.scalar(select(User.created_at).order_by(User.id).limit(1))


def _compared_until() -> datetime | None:
    """Up to where this database was compared with this machine's journal. Kept in the database itself, so
    that a restore takes it back, too."""
    mark = db.session.get(Beat, _mark()) or db.session.get(Beat, _mark_by_host())
    born = _born()
    return max((at for at in (mark.at if mark else None, born) if at), default=None)


def _remember() -> None:
    """All lines up to now are compared."""
    newest = journal.newest()
    if newest is None:
        return
    row = upsert(Beat).values(name=_mark(), role="journal", at=newest)  # others start, too
    newer = row.on_conflict_do_update(index_elements=["name"], set_={"at": newest})
    db.session.connection().execute(newer)


def _mark() -> str:
    """By the journal's own name: a container gets a new host name each time, and keeps the volume."""
    name = journal.identity()
    return f"journal@{name}" if name else _mark_by_host()


def _mark_by_host() -> str:
    """How it was called before journals had names."""
    return f"journal@{socket.gethostname()}"


def _unknown(sent: Iterable[Sent]) -> list[Sent]:
    """What went out without this database knowing: no such delivery, or one that was not on the wire then."""
    lines = list(sent)
    known: dict[str, datetime] = {}
    for start in range(0, len(lines), 500):
        markers = [line.marker for line in lines[start : start + 500]]
        query = (
            select(Delivery.marker, Delivery.wire_at, func.max(Attempt.wire_at))
            .outerjoin(Attempt, Attempt.delivery_id == Delivery.id)
            .where(Delivery.marker.in_(markers))
            .group_by(Delivery.id, Delivery.marker, Delivery.wire_at)
        )
        for marker, wire_at, tried_at in db.session.execute(query):
            if at := max((each for each in (wire_at, tried_at) if each), default=None):
                known[marker] = at
    return [line for line in lines if line.marker not in known or known[line.marker] < line.at]


def _isolate(unknown: Sequence[Sent], as_of: datetime) -> Findings:
    doubted: list[int] = []
    unplanned: list[int] = []
    foreign = 0
    _take_turns(unknown)
    for sent in {(line.post_id, line.part): line for line in unknown}.values():  # the last try
        post = db.session.get(Post, sent.post_id)
        if post is None or post.account_id != sent.account_id or post.created_at > sent.at:
            foreign += 1
        elif (delivery := _meant(sent)) is not None:
            _doubt(delivery, sent)
            doubted.append(delivery.id)
        elif not _settled(sent):
            _tell(post, sent)
            unplanned.append(post.id)
    for delivery_id in _perhaps_sent():
        delivery = state.locked(delivery_id)
        if delivery is not None and delivery.id not in doubted:
            _doubt(delivery, _guess(delivery, as_of))
            doubted.append(delivery.id)
    _forget_mails()
    found = Findings(as_of, tuple(doubted), tuple(unplanned), foreign)
    audit.record(
        None,
        "database.quarantined",
        "database",
        None,
        as_of=as_of.isoformat(),
        doubted=len(doubted),
        unplanned=len(unplanned),
        foreign=foreign,
    )
    return found


def _take_turns(unknown: Sequence[Sent]) -> None:
    """The turns of all stories that may be concerned, in order, so that nobody waits in a circle."""
    posts = {db.session.get(Post, post_id) for post_id in {sent.post_id for sent in unknown}}
    due = select(Post.story_id).join(Delivery, Delivery.post_id == Post.id).where(_may_be_out())
    stories = {post.story_id for post in posts if post} | set(db.session.scalars(due))
    for story_id in sorted(stories):
        turn(story_id)


def _meant(sent: Sent) -> Delivery | None:
    """The delivery that this copy would send for what is out already: the same one, or, when the post was
    scheduled anew after the copy was made, the one that stood in its place."""
    open_ = Delivery.status.in_([SCHEDULED, SENDING, MISSED])
    same = select(Delivery.id).where(Delivery.marker == sent.marker)
    delivery_id = db.session.scalar(same)
    if delivery_id is None:
        instead = select(Delivery.id).where(
            Delivery.post_id == sent.post_id, Delivery.part == sent.part, open_
        )
        delivery_id = db.session.scalar(instead.order_by(Delivery.run.desc()).limit(1))
    delivery = state.locked(delivery_id) if delivery_id else None
    return delivery if delivery and delivery.status in {SCHEDULED, SENDING, MISSED} else None


def _settled(sent: Sent) -> bool:
    """Whether the copy has that delivery and it is in hands already: looked for, or a person's."""
    return db.session.scalar(select(Delivery.id).where(Delivery.marker == sent.marker)) is not None


def _perhaps_sent() -> Sequence[int]:
    """What was being sent when the copy was made, and what has been due by now."""
    query = select(Delivery.id).where(_may_be_out())
    return db.session.scalars(query.order_by(Delivery.id)).all()


def _may_be_out() -> ColumnElement[bool]:
    kinds = {account.id: account.kind for account in accounts.all_accounts()}
    elsewhere = [key for key, kind in kinds.items() if not channel_class(kind).transactional]
    due = (Delivery.status == SCHEDULED) & (Delivery.due_at <= clock.now())
    return Delivery.account_id.in_(elsewhere) & ((Delivery.status == SENDING) | due)


def _guess(delivery: Delivery, as_of: datetime) -> Sent:
    """What would have gone out, and when at the earliest. While this copy lacks an address that it links to,
    its marker alone is known; reconciling fills in the rest."""
    targets = Targets(delivery.post, delivery.revision)
    text, link = wording(delivery, targets)
    return Sent(
        at=max(as_of, min(delivery.due_at, clock.now())),
        marker=delivery.marker,
        delivery_id=delivery.id,
        post_id=delivery.post_id,
        part=delivery.part,
        account_id=delivery.account_id,
        text=text,
        link=UNKNOWN if targets.missing() else link,
    )


def _doubt(delivery: Delivery, sent: Sent) -> None:
    """Look for exactly what went out. The attempt that this copy does not know is written down anew; the
    fence rises past every process of before."""
    now = clock.now()
    fence = delivery.fence + 1
    state.move(
        delivery,
        UNCONFIRMED,
        note="the database is an older copy",
        fence=fence,
        marker=sent.marker,
        text=sent.text,
        link=sent.link,
        wire_at=sent.at,
        lease_until=None,
        next_at=now,
        waits_for="",
        absences=0,
        read_at=None,
    )
    attempt = Attempt(delivery_id=delivery.id, fence=fence, kind=SEND, owner=JOURNAL)
    attempt.started_at = attempt.ended_at = now
    attempt.wire_at, attempt.outcome = sent.at, "restored"
    db.session.add(attempt)


def _tell(post: Post, sent: Sent) -> None:
    """It is out, and this copy has it as a draft, or in review: its owner must know before it goes again."""
    audit.record(
        None,
        "post.out_unknown",
        "post",
        post.id,
        story_id=post.story_id,
        at=sent.at.isoformat(),
    )
    values = {"title": post.story.title, "account": post.account.label}
    notices.notify(post.story.owner, "needs_attention", values, f"/posts/{post.id}/deliveries")


def _forget_mails() -> None:
    """Mails that were waiting a day before now went out long ago, or are no news any more."""
    late = Effect.created_at < clock.now() - OLD_MAIL
    db.session.execute(
        update(Effect)
        .where(Effect.kind == "mail", Effect.done_at.is_(None), late)
        .values(done_at=clock.now(), next_at=None, lease_until=None)
    )


def _reason() -> str:
    """In the source's language: pages translate it for each reader."""
    with force_locale("en"):
        return _(
            "The database is an older copy now. What went out since is being looked for; changes and"
            " cancellations made since are lost. Look at the calendar, then release."
        )
