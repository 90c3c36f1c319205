"""What the calendar shows, and moving a post to another time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, select, true

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import rules
from publisher.calendar.clashes import OBSTACLES, OPEN
from publisher.calendar.rules import Filters
from publisher.deliveries import service as deliveries
from publisher.errors import Stale
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories.access import lock
from publisher.stories.models import Category, FormerCategory, Post, Revision, Story, story_authors
from publisher.stories.rules import EditorialStatus

AnySelect: TypeAlias = "Select[*tuple[Any, ...]]"
TRAY_LIMIT = 100


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One post as calendar, list and API show it. `account` is a slug, `movable` counts for this reader."""

    post_id: int
    story_id: int
    title: str
    account: str
    kind: str
    label: str
    status: str
    at: datetime | None
    author: str
    category: str
    opens: bool
    movable: bool

    @property
    def url(self) -> str:
        """The path of the page where it is written."""
        return page_of(self.story_id, self.post_id)


@dataclass(frozen=True, slots=True)
class Move:
    """What a move did: the post as it is now, its time before, and whether that can be brought back."""

    entry: CalendarEntry
    before: datetime | None
    undoable: bool


def page_of(story_id: int, post_id: int) -> str:
    """The path of the page where a post is written; needs a sign-in and carries no secret."""
    return f"/stories/{story_id}?post={post_id}"


def entries(
    actor: User, start: datetime, end: datetime, filters: Filters | None = None
) -> list[CalendarEntry]:
    """What is shown from `start` on and before `end`, by time; one query along the index of shown times.

    Everybody signed in sees every story's title and time. Archived posts only show where a filter asks for
    what was cancelled.
    """
    filters = filters or Filters()
    query = (
        _columns(actor)
        .where(Post.shown_at >= start, Post.shown_at < end, *matching(filters, actor))
        .order_by(Post.shown_at, Post.id)
    )
    if "cancelled" not in filters.status:
        query = query.where(Post.status != EditorialStatus.ARCHIVED)
    return _entries(actor, query)


def tray(actor: User, filters: Filters | None = None) -> list[CalendarEntry]:
    """Approved posts that wait for a time, the longest waiting first; at most TRAY_LIMIT.

    A filter of states says nothing about them: they all have the same.
    """
    filters = replace(filters or Filters(), status=())
    query = (
        _columns(actor)
        .where(Post.shown_status == "approved", Post.shown_at.is_(None))
        .where(*matching(filters, actor))
        .order_by(Post.changed_at, Post.id)
        .limit(TRAY_LIMIT)
    )
    return _entries(actor, query)


def entry_of(actor: User, post: Post) -> CalendarEntry:
    """One post as the calendar shows it."""
    return _entries(actor, _columns(actor).where(Post.id == post.id))[0]


def matching(filters: Filters, actor: User) -> list[ColumnElement[bool]]:
    """The conditions on posts that `filters` mean for `actor`. Subqueries, so that no join is needed."""
    found: list[ColumnElement[bool]] = []
    if filters.account:
        chosen = select(Account.id).where(Account.slug.in_(filters.account))
        found.append(Post.account_id.in_(chosen))
    if filters.status:
        found.append(Post.shown_status.in_(filters.status))
    if filters.author:
        found.append(Post.story_id.in_(stories_of(filters.author)))
    if filters.mine:
        found.append(Post.story_id.in_(stories_of([actor.id])))
    if filters.category:
        chosen = select(Category.id).where(Category.slug.in_(filters.category))
        merged = select(FormerCategory.category_id).where(FormerCategory.slug.in_(filters.category))
        either = chosen.union(merged)
        found.append(Post.story_id.in_(select(Story.id).where(Story.category_id.in_(either))))
    if filters.campaign:
        chosen = select(Story.id).where(Story.campaign.in_(filters.campaign))
        found.append(Post.story_id.in_(chosen))
    return found


def days_of(
    categories: Iterable[int], start: datetime, end: datetime
) -> list[tuple[int, datetime]]:
    """The category and the time of each post of one of them that goes out, or went, from `start` to `end`."""
    query = (
        select(Story.category_id, Post.shown_at)
        .join(Story, Story.id == Post.story_id)
        .where(Post.shown_at >= start, Post.shown_at < end, Post.status != EditorialStatus.ARCHIVED)
        .where(Post.shown_status.in_(OPEN | OBSTACLES), Story.category_id.in_(list(categories)))
    )
    return [(category, at) for category, at in db.session.execute(query) if category and at]


def stories_of(people: Iterable[int]) -> CompoundSelect[int]:
    """The ids of the stories that one of `people` owns or shares: two look-ups, where OR would read all."""
    ids = list(people)
    shared = select(story_authors.c.story_id).where(story_authors.c.user_id.in_(ids))
    return select(Story.id).where(Story.owner_id.in_(ids)).union(shared)


def opens(actor: User) -> ColumnElement[bool]:
    """Whether `actor` may open a post's story: editors all, others what they own or share."""
    if at_least(actor.role, Role.EDITOR):
        return true()
    return Post.story_id.in_(stories_of([actor.id]))


def title() -> ColumnElement[str]:
    """A post's own title, or its story's where it has none."""
    return func.coalesce(func.nullif(Revision.title, ""), Story.title)


def _columns(actor: User) -> AnySelect:
    category = Category.name_ko if actor.language == "ko" else Category.name_en
    return (
        select(
            Post.id,
            Post.story_id,
            title(),
            Account.slug,
            Account.kind,
            Account.label,
            Post.shown_status,
            Post.shown_at,
            User.name,
            func.coalesce(category, ""),
            opens(actor),
        )
        .join(Story, Story.id == Post.story_id)
        .join(Account, Account.id == Post.account_id)
        .join(User, User.id == Story.owner_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
        .outerjoin(Category, Category.id == Story.category_id)
    )


def move(
    actor: User,
    post: Post,
    at: datetime,
    zone: str,
    *,
    seen: str | None = None,
) -> Move:
    """Give a post another time, as the dialog, a drag or a key asks; approved ones are scheduled for it.

    `seen` is the time it had on the reader's page, as `rules.seen_of` writes it: Stale when somebody moved it
    meanwhile. Programs leave it out.
    Raises besides what `deliveries.move` and `schedule` raise.
    """
    with writing():
        lock(post)
        before = post.shown_at
        if seen is not None and seen != rules.seen_of(before):
            raise Stale(_("Somebody moved this post meanwhile. This is where it is now."))
        if post.shown_status == "approved":
            deliveries.schedule(actor, post, at, zone)
        else:
            deliveries.move(actor, post, at, zone)
        entry = entry_of(actor, post)
        return Move(entry, before, undoable=before is not None and before > clock.now())


def _entries(actor: User, query: AnySelect) -> list[CalendarEntry]:
    rows: Iterable[Any] = db.session.execute(query)
    return [CalendarEntry(*_parts(row, actor)) for row in rows]


def _parts(row: Any, actor: User) -> tuple[Any, ...]:
    opens_it = bool(row[10])
    return (*row[:10], opens_it, rules.may_move(row.shown_status, actor.role, opens=opens_it))
