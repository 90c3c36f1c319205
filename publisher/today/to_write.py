"""What a person has yet to write: their ideas, and their drafts that nobody has submitted. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select

from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.extensions import db
from publisher.people.models import User
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import ARCHIVED, DRAFT
from publisher.today import rules


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to write. Without `post_id` it is an idea: nobody has chosen an account for it yet. `at` is
    when it is meant to go out, `deadline` when it is to be handed in."""

    story_id: int
    title: str
    deadline: datetime | None
    post_id: int | None = None
    kind: str = ""
    account: str = ""
    at: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """What comes first of both."""
        return rules.sooner(self.deadline, self.at)


def tasks(actor: User, most: int) -> Sequence[Task]:
    """Up to `most` of both, the next one due first; what has no time at all comes last. A draft without any
    is not among them: nothing waits for it."""
    mine = [*_drafts(actor, most), *_ideas(actor, most)]
    return rules.next_first(mine)[:most]


def count(actor: User, most: int) -> int:
    """How many there are, counted up to `most`."""
    ideas = select(Story.id).where(*_idea(actor)).limit(most)
    drafts = (
        select(Post.id).join(Story, Story.id == Post.story_id).where(*_draft(actor)).limit(most)
    )
    found = [
        db.session.scalar(select(func.count()).select_from(each.subquery())) or 0
        for each in (ideas, drafts)
    ]
    return min(sum(found), most)


def _idea(actor: User) -> tuple[ColumnElement[bool], ...]:
    return (
        Story.id.in_(calendar.stories_of([actor.id])),
        Story.archived_at.is_(None),
        ~Story.posts.any(Post.status != ARCHIVED),
    )


def _draft(actor: User) -> tuple[ColumnElement[bool], ...]:
    """`shown_status`, since a correction of what is out has no time that it could miss."""
    return (
        Post.story_id.in_(calendar.stories_of([actor.id])),
        Post.shown_status == str(DRAFT),
        Story.archived_at.is_(None),
        Post.planned_at.is_not(None) | Story.deadline.is_not(None),
    )


def _ideas(actor: User, most: int) -> list[Task]:
    query = select(Story.id, Story.title, Story.deadline).where(*_idea(actor))
    query = query.order_by(Story.deadline.is_(None), Story.deadline, Story.changed_at.desc())
    return [Task(*row) for row in db.session.execute(query.limit(most))]


def _drafts(actor: User, most: int) -> list[Task]:
    due = case(
        (Story.deadline.is_(None), Post.planned_at),
        (Post.planned_at.is_(None), Story.deadline),
        (Story.deadline < Post.planned_at, Story.deadline),
        else_=Post.planned_at,
    )
    query = (
        select(
            Story.id,
            calendar.title(),
            Story.deadline,
            Post.id,
            Account.kind,
            Account.label,
            Post.planned_at,
        )
        .join(Post, Post.story_id == Story.id)
        .join(Account, Account.id == Post.account_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
        .where(*_draft(actor))
        .order_by(due, Post.id)
        .limit(most)
    )
    return [Task(*row) for row in db.session.execute(query)]
