"""What waits for a person, what goes out next, what has no date yet, and the week. Reading only.

Each list is short and found by an index: the page is opened more often than any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.deliveries import attention
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.stories.models import Comment, Post, Revision, Story
from publisher.stories.rules import APPROVED, CHANGES_REQUESTED, DRAFT, IN_REVIEW
from publisher.today import to_write

SHOWN = 5
"""So many of each kind; the rest is a click away."""
COUNTED = 100
LATE = timedelta(hours=6)
"""What was due so long ago and has not gone out is no longer what goes out next: it needs attention."""
GOING_OUT = ("scheduled", "waiting", "sending")


@dataclass(frozen=True, slots=True)
class Line:
    """One post as Today lists it. `at` is when it goes out, `since` when it was submitted, `by` the owner of
    its story."""

    post_id: int
    story_id: int
    title: str
    kind: str
    account: str
    status: str
    at: datetime | None
    since: datetime | None
    by: str
    opens: bool
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The first few of a list, and how many there are in all, counted up to COUNTED."""

    first: Sequence[Any] = ()
    count: int = 0

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def more(self) -> int:
        return self.count - len(self.first)


@dataclass(frozen=True, slots=True)
class Desk:
    """What Today shows of one person's work. `reasons` are the words with which changes were asked for, by
    post."""

    changes: Lines = field(default_factory=Lines)
    reviews: Lines = field(default_factory=Lines)
    troubles: Lines = field(default_factory=Lines)
    to_write: Lines = field(default_factory=Lines)
    unplanned: Lines = field(default_factory=Lines)
    drafts: Lines = field(default_factory=Lines)
    submitted: Lines = field(default_factory=Lines)
    next_out: Sequence[Line] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many things wait for this person."""
        lists = (self.changes, self.reviews, self.troubles, self.to_write)
        return sum(each.count for each in lists)


def desk(actor: User) -> Desk:
    """What `actor` can do something about. Viewers only see what goes out."""
    next_out = _next_out(actor)
    if not at_least(actor.role, Role.AUTHOR):
        return Desk(next_out=next_out)
    edits = at_least(actor.role, Role.EDITOR)
    mine = Post.story_id.in_(calendar.stories_of([actor.id]))
    changes = _lines(actor, Post.status == CHANGES_REQUESTED, mine)
    in_review = Post.status == IN_REVIEW
    undated = and_(Post.status == DRAFT, Post.planned_at.is_(None), Story.deadline.is_(None))
    return Desk(
        changes=changes,
        reviews=_lines(actor, in_review) if edits else Lines(),
        troubles=_troubles(actor, edits=edits),
        to_write=_to_write(actor),
        unplanned=_unplanned(actor) if edits else Lines(),
        drafts=_lines(actor, undated, mine, oldest_first=False),
        submitted=Lines() if edits else _lines(actor, in_review, mine),
        next_out=next_out,
        reasons=_reasons(changes.first),
    )


def week(actor: User, start: datetime, end: datetime) -> Sequence[calendar.CalendarEntry]:
    """What goes out, went out or is meant to from `start` on and before `end`."""
    return calendar.entries(actor, start, end)


def _next_out(actor: User) -> Sequence[Line]:
    shown = Post.shown_at > clock.now() - LATE
    query = _columns(actor).where(shown, Post.shown_status.in_(GOING_OUT))
    return _read(query.order_by(Post.shown_at, Post.id).limit(SHOWN))


def _unplanned(actor: User) -> Lines:
    """Approved posts that wait for an editor to give them a time."""
    return _lines(actor, Post.shown_status == str(APPROVED), Post.shown_at.is_(None))


def _lines(actor: User, *conditions: ColumnElement[bool], oldest_first: bool = True) -> Lines:
    """Posts of stories that are not archived: the next to go out first, then what waits longest."""
    alive = (*conditions, Story.archived_at.is_(None))
    changed = Post.changed_at if oldest_first else Post.changed_at.desc()
    query = _columns(actor).where(*alive)
    first = _read(query.order_by(Post.planned_at.is_(None), Post.planned_at, changed).limit(SHOWN))
    if len(first) < SHOWN:
        return Lines(first, len(first))
    counted = select(Post.id).join(Story, Story.id == Post.story_id).where(*alive).limit(COUNTED)
    return Lines(
        first, db.session.scalar(select(func.count()).select_from(counted.subquery())) or 0
    )


def _troubles(actor: User, *, edits: bool) -> Lines:
    """What stopped: for editors everywhere, for authors in their own stories."""
    if edits:
        found = attention.stopped(limit=SHOWN)
        return Lines(found, max(attention.count(), len(found)))
    found = attention.stopped(calendar.stories_of([actor.id]), limit=COUNTED)
    return Lines(found[:SHOWN], len(found))


def _to_write(actor: User) -> Lines:
    """Their ideas and drafts that have a time; the drafts without any are listed by themselves."""
    first = to_write.tasks(actor, SHOWN)
    return Lines(first, len(first) if len(first) < SHOWN else to_write.count(actor, COUNTED))


def _reasons(lines: Sequence[Line]) -> Mapping[int, str]:
    """The newest open request for changes of each post."""
    if not lines:
        return {}
    asked = select(Comment.post_id, Comment.text).where(
        Comment.story_id.in_({line.story_id for line in lines}),
        Comment.post_id.in_({line.post_id for line in lines}),
        Comment.request.is_(True),
    )
    return {row.post_id: row.text for row in db.session.execute(asked.order_by(Comment.id))}


def _columns(actor: User) -> Any:
    return (
        select(
            Post.id,
            Post.story_id,
            calendar.title(),
            Account.kind,
            Account.label,
            Post.shown_status,
            Post.shown_at,
            Post.submitted_at,
            User.name,
            calendar.opens(actor),
            Story.deadline,
        )
        .join(Story, Story.id == Post.story_id)
        .join(Account, Account.id == Post.account_id)
        .join(User, User.id == Story.owner_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
    )


def _read(query: Any) -> Sequence[Line]:
    return [Line(*row) for row in db.session.execute(query)]
