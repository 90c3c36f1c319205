"""The queue: what waits for a decision, who reads it, how long it waits, and what comes after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from publisher.config import Config
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import may_approve
from publisher.stories import absences, approvals, queries, rules
from publisher.stories.models import Post, Revision, Taken
from publisher.stories.rules import IN_REVIEW

MINE, FREE = "mine", "free"
"""Besides a person's id: what one may ask the queue for."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One post in the queue, as `actor` sees it."""

    post: Post
    decides: bool
    """Whether they may approve it at all."""
    own: bool
    """Whether they wrote some of it."""
    taken_by: User | None
    approved_by: tuple[User, ...]
    needed: int
    mine: bool
    """Whether they are the one who has taken it."""
    stands_in: bool
    """Whether the one who has taken it is away, and they decide instead."""
    done: bool
    """Whether they have approved it, and others are still missing."""

    @property
    def open(self) -> bool:
        """Whether it waits for this reader: they may decide, have not yet, and nobody else has taken it."""
        return (
            self.decides
            and not self.done
            and (self.mine or self.stands_in or self.taken_by is None)
        )


@dataclass(frozen=True, slots=True)
class Load:
    """How many waiting posts somebody has taken; nobody's where `person` is None."""

    person: User | None
    count: int


def waiting(actor: User) -> list[Waiting]:
    """What waits, the next to go out first. A handful of queries, however much it is."""
    posts = queries.review_queue()
    ids = [post.id for post in posts]
    wrote = _writers(posts)
    taken = _taken(ids)
    approved = approvals.approvers(posts)
    demands = approvals.demands()
    instead = absences.delegates()
    config: Config = current_app.extensions["settings"]
    return [
        Waiting(
            post=post,
            decides=may_approve(
                actor.role, actor.id, wrote[post.id], allow_self=config.allow_self_approval
            ),
            own=actor.id in wrote[post.id],
            taken_by=(holder := taken.get(post.id)),
            approved_by=(by := tuple(approved.get(post.id, ()))),
            needed=approvals.needed(post, demands),
            mine=holder is not None and holder.id == actor.id,
            stands_in=holder is not None and instead.get(holder.id) == actor,
            done=actor in by,
        )
        for post in posts
    ]


def loads(queue: Iterable[Waiting]) -> list[Load]:
    """How the queue is spread: nobody's first, then by name."""
    counts = Counter(each.taken_by for each in queue)
    free = counts.pop(None, 0)
    by_name = sorted(((who, n) for who, n in counts.items() if who), key=lambda load: load[0].name)
    return [Load(None, free), *(Load(who, n) for who, n in by_name)]


def chosen(queue: Sequence[Waiting], who: str, actor: User) -> list[Waiting]:
    """The part of the queue that `who` asks for: mine, free, somebody's id; all of it for anything else."""
    if who == MINE:
        return [each for each in queue if each.mine or each.stands_in]
    if who == FREE:
        return [each for each in queue if each.taken_by is None]
    if who.isdecimal():
        return [each for each in queue if each.taken_by and str(each.taken_by.id) == who]
    return list(queue)


def after(queue: Sequence[Waiting], post: Post) -> list[int]:
    """The posts that wait for this reader, from the one after `post` round to the one before it."""
    at = next((n for n, each in enumerate(queue) if each.post.id == post.id), -1)
    turned = [*queue[at + 1 :], *queue[: max(at, 0)]]
    return [each.post.id for each in turned if each.open]


def still_waiting(ids: Sequence[int]) -> int | None:
    """The first of these posts that is in review now; others decide, too."""
    alive = set(
        db.session.scalars(select(Post.id).where(Post.id.in_(ids), Post.status == IN_REVIEW))
    )
    return next((each for each in ids if each in alive), None)


def holder(post: Post) -> User | None:
    """Who has taken the post."""
    return _taken([post.id]).get(post.id)


def _writers(posts: Sequence[Post]) -> dict[int, set[int]]:
    rows = db.session.execute(
        select(Revision.post_id, Revision.author_id)
        .where(Revision.post_id.in_([post.id for post in posts]), approvals.makes_a_writer())
        .distinct()
    )
    authors: dict[int, list[int | None]] = {}
    for post_id, author_id in rows:
        authors.setdefault(post_id, []).append(author_id)
    return {post.id: rules.writers(authors.get(post.id, ()), post.story.owner_id) for post in posts}


def _taken(ids: Sequence[int]) -> dict[int, User]:
    rows = db.session.scalars(
        select(Taken).where(Taken.post_id.in_(ids)).options(joinedload(Taken.user))
    )
    return {row.post_id: row.user for row in rows}
