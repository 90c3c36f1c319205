"""Lists of stories and what belongs to them. Reading only, and only what the reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import counted
from publisher.stories import rules, search
from publisher.stories.models import Approval, Comment, Post, Revision, Story
from publisher.stories.rules import ARCHIVED, IDEA, IN_REVIEW, Progress

One = TypeVar("One")
COUNTED = 500
"""How many stories of a list are counted, unless a reader turns further."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list. Empty means all; `text` is looked for in titles, briefs and newest texts."""

    text: str = ""
    status: str = ""
    account_id: int | None = None
    category_id: int | None = None
    person_id: int | None = None
    campaign: str = ""
    archived: bool = False

    @property
    def any(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of stories. They are counted as far as a reader will turn pages, not to the end of the years:
    `more` says that there are others, `common` that older ones, too, can hold the words looked for."""

    page: Pagination
    more: bool
    common: bool


def stories(
    actor: User | None, filters: Filters | None = None, *, page: int = 1, per_page: int = 25
) -> Pagination:
    """Stories that `actor` may open, the last changed first, with all that a list shows of them."""
    return listing(actor, filters, page=page, per_page=per_page).page


def listing(
    actor: User | None, filters: Filters | None = None, *, page: int = 1, per_page: int = 25
) -> Listing:
    """As `stories`, and what there is besides."""
    filters = filters or Filters()
    chosen = _visible(select(Story), actor).where(
        Story.archived_at.is_not(None) if filters.archived else Story.archived_at.is_(None),
        *_conditions(filters),
    )
    words = rules.clean(filters.text).split()[:8]
    near = search.nearest(words, chosen)
    common = near is not None and len(near) > search.FAR
    ids = None if near is None else _that_say(words, near[: search.FAR])
    chosen = chosen.where(*map(_says, words)) if ids is None else chosen.where(Story.id.in_(ids))
    shown = chosen.order_by(Story.changed_at.desc(), Story.id.desc()).options(
        selectinload(Story.posts).joinedload(Post.account),
        selectinload(Story.owner),
        selectinload(Story.authors),
        selectinload(Story.category),
    )
    found = db.paginate(
        shown,
        page=max(page, 1),
        per_page=per_page,
        max_per_page=100,
        error_out=False,
        count=False,
    )
    most = max(COUNTED, (found.page + 2) * found.per_page)
    if ids is None:
        some = counted(chosen.with_only_columns(Story.id), most + 1)
        count = db.session.scalar(select(some)) or 0
    else:
        count = len(ids)
    found.total = min(count, most)
    return Listing(found, count > most, common)


def campaigns(actor: User | None) -> Sequence[str]:
    """The campaigns of living stories that `actor` may open, by name."""
    named = select(Story.campaign).where(Story.campaign > "", Story.archived_at.is_(None))
    return db.session.scalars(_visible(named, actor).distinct().order_by(Story.campaign)).all()


def _visible(chosen: Select[One], actor: User | None) -> Select[One]:
    """As `people.rules.may_see_story`, for the database."""
    if actor is None or at_least(actor.role, Role.EDITOR):
        return chosen
    return chosen.where(or_(Story.owner_id == actor.id, Story.authors.any(User.id == actor.id)))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    of_post = []
    if filters.status == IDEA:
        conditions.append(~Story.posts.any(Post.status != ARCHIVED))
    elif filters.status:
        of_post.append(Post.shown_status == filters.status)
    if filters.account_id is not None:
        of_post += [Post.account_id == filters.account_id, Post.status != ARCHIVED]
    if of_post:
        conditions.append(Story.posts.any(and_(*of_post)))
    if filters.category_id is not None:
        conditions.append(Story.category_id == filters.category_id)
    if filters.campaign:
        conditions.append(Story.campaign == filters.campaign)
    if filters.person_id is not None:
        person = filters.person_id
        conditions.append(or_(Story.owner_id == person, Story.authors.any(User.id == person)))
    return conditions


def _that_say(words: Sequence[str], near: Sequence[int]) -> Sequence[int]:
    """Those of these stories that really hold all words. What their posts say is laid out first: left to
    itself PostgreSQL would look for each word in every revision there is."""
    laid_out = (
        select(Post.story_id, Revision.title, Revision.text)
        .join(Revision, (Revision.post_id == Post.id) & (Revision.number == Post.revision))
        .where(Post.story_id.in_(near))
        .cte("laid_out")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    theirs = laid_out.c

    def said(word: str) -> ColumnElement[bool]:
        in_post = _holds(word, theirs.title, theirs.text)
        return or_(_told(word), Story.id.in_(select(theirs.story_id).where(in_post)))

    return db.session.scalars(select(Story.id).where(Story.id.in_(near), *map(said, words))).all()


def _says(word: str) -> ColumnElement[bool]:
    in_post = Post.head.has(_holds(word, Revision.title, Revision.text))
    return or_(_told(word), Story.posts.any(in_post))


def _told(word: str) -> ColumnElement[bool]:
    return _holds(word, Story.title, Story.brief, Story.campaign)


def _holds(
    word: str, *columns: ColumnElement[str] | InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def live_posts(story: Story) -> list[Post]:
    """The story's posts but the archived ones."""
    return [post for post in story.posts if post.status != ARCHIVED]


def progress(story: Story) -> Progress:
    """The story in one line, from what its posts show."""
    return rules.progress([post.shown_status for post in live_posts(story)])


def next_time(story: Story) -> datetime | None:
    """When the story's next post goes out, as planned or scheduled; None when nothing is ahead."""
    ahead = [
        post.shown_at for post in live_posts(story) if post.shown_at and post.published_at is None
    ]
    return min(ahead, default=None)


def review_queue() -> Sequence[Post]:
    """What waits for an editor, two hundred at most: by the time to go out, then by how long it waits."""
    return db.session.scalars(
        _in_line(select(Post)).options(
            selectinload(Post.story).selectinload(Story.owner),
            selectinload(Post.account),
            joinedload(Post.head),
        )
    ).all()


def review_line() -> Sequence[int]:
    """The posts of `review_queue`, only their ids."""
    return db.session.scalars(_in_line(select(Post.id))).all()


def _in_line(query: Select[Any]) -> Select[Any]:
    return (
        query.join(Post.story)
        .where(Post.status == IN_REVIEW, Story.archived_at.is_(None))
        .order_by(Post.planned_at.is_(None), Post.planned_at, Post.submitted_at, Post.id)
        .limit(200)
    )


def waiting_count() -> int:
    """How many posts wait for an editor, counted up to a hundred."""
    return db.session.scalar(_waiting()) or 0


@cache
def _waiting() -> Select[int]:
    return select(counted(select(Post.id).where(Post.status == IN_REVIEW), 100))


def revisions(post: Post) -> Sequence[Revision]:
    """All revisions, the newest first."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.post_id == post.id)
        .order_by(Revision.number.desc())
        .options(selectinload(Revision.author))
    ).all()


def approvals(post: Post) -> Mapping[int, Approval]:
    """Revision id → its last approval, standing or void."""
    rows = db.session.scalars(
        select(Approval)
        .where(Approval.post_id == post.id)
        .order_by(Approval.id)
        .options(selectinload(Approval.approver))
    )
    return {approval.revision_id: approval for approval in rows}


def comments(story: Story) -> Sequence[Comment]:
    """All comments of the story and its posts, the oldest first."""
    return db.session.scalars(
        select(Comment)
        .where(Comment.story_id == story.id)
        .order_by(Comment.id)
        .options(selectinload(Comment.author), selectinload(Comment.post).joinedload(Post.account))
    ).all()
