"""Moving a whole campaign: what would move, what it would meet there, and all of it at once or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from publisher import clock
from publisher.calendar import clashes, planning, rules
from publisher.calendar import service as calendar
from publisher.calendar.planning import Note
from publisher.calendar.service import Move
from publisher.errors import Conflict, DomainError, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import Event, User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Post, Story
from publisher.stories.rules import ARCHIVED

MOST = 200
"""So many posts are moved together at most."""
FARTHEST = 366
"""Days that a campaign moves at most."""
MOVED = "campaign.moved"
"""The verb of the audit line that an undo reads."""
OUT = frozenset({"published", "partly_published", "cancelled", "failed", "taken_down"})
IN_DOUBT = frozenset({"unconfirmed", "needs_attention"})


@dataclass(frozen=True, slots=True)
class Shift:
    """What a move would do to one post: `after` is empty where `problem` says why it stays."""

    post: Post
    before: datetime
    after: datetime | None
    problem: str
    notes: Sequence[Note]

    @property
    def zone(self) -> str:
        return self.post.planned_zone or self.post.story.owner.timezone


def campaigns() -> list[tuple[str, int]]:
    """Each campaign with posts that have a time and are not out, and how many, by name."""
    query = (
        select(Story.campaign, func.count())
        .join(Post, Post.story_id == Story.id)
        .where(Story.campaign > "", *_still_to_come())
        .group_by(Story.campaign)
        .order_by(Story.campaign)
    )
    return [(name, count) for name, count in db.session.execute(query)]


def preview(campaign: str, days: int) -> list[Shift]:
    """What moving the campaign by so many days would do to each of its posts, by time. Nothing is changed.

    Wall times stay: nine o'clock is nine o'clock again, whether clocks change in between or not.
    """
    query = (
        select(Post)
        .join(Story, Story.id == Post.story_id)
        .where(Story.campaign == campaign, Story.campaign > "", *_still_to_come())
        .order_by(Post.shown_at, Post.id)
        .limit(MOST)
    )
    posts = db.session.scalars(query).all()
    times = {post.id: _there(post, days) for post in posts}
    stuck = {post.id: _stuck(post, times[post.id]) for post in posts}
    going = {post.id: times[post.id] for post in posts if not stuck[post.id]}
    found = _clashes(going)
    return [
        Shift(
            post,
            before=_time_of(post),
            after=going.get(post.id),
            problem=stuck[post.id],
            notes=planning.time_notes(
                going[post.id], found.get(post.id, ()), post.planned_zone, going
            )
            if post.id in going
            else (),
        )
        for post in posts
    ]


def move_together(
    actor: User, campaign: str, wishes: Mapping[int, tuple[datetime, str]]
) -> tuple[list[Move], int]:
    """Move each post (by id) to its instant, all or none, and the number under which `undo` knows it.

    The text beside the instant is the post's time as the page showed it (`rules.seen_of`). Stories are
    locked in the order of their numbers, so that two such moves never wait for each other. Raises Conflict
    that names the post which cannot be moved, and why.
    """
    with writing():
        _require_editor(actor)
        if not 0 < len(wishes) <= MOST:
            raise Conflict(_("Nothing of this campaign can be moved."))
        posts = sorted(
            (stories.get_post(actor, post_id) for post_id in wishes),
            key=lambda post: (post.story_id, post.id),
        )
        done = [_moved(actor, campaign, post, *wishes[post.id]) for post in posts]
        moves = [
            [each.entry.post_id, rules.seen_of(each.before), rules.seen_of(each.entry.at)]
            for each in done
        ]
        audit.record(actor, MOVED, "campaign", None, note=campaign, posts=moves)
        db.session.flush()
        latest = select(Event.id).where(Event.verb == MOVED, Event.actor_id == actor.id)
        number = db.session.scalars(latest.order_by(Event.id.desc()).limit(1)).one()
    return done, number


def undo(actor: User, number: int) -> tuple[list[Move], int]:
    """Bring the posts of that move back to where they were, all or none. Raises NotFound for what is no
    such move, Conflict when one of them was moved meanwhile or its former time has passed."""
    event = db.session.get(Event, number)
    if event is None or event.verb != MOVED or not all(each[1] for each in event.detail["posts"]):
        raise NotFound(_("This move is too long ago to be undone."))
    wishes = {
        post_id: (datetime.fromisoformat(before), after)
        for post_id, before, after in event.detail["posts"]
    }
    return move_together(actor, event.note, wishes)


def _moved(actor: User, campaign: str, post: Post, at: datetime, seen: str) -> Move:
    zone = post.planned_zone or post.story.owner.timezone
    try:
        if post.story.campaign != campaign or post.shown_at is None:
            raise Conflict(_("It is not of this campaign any more, or has no time."))
        return calendar.move(actor, post, at, zone, seen=seen)
    except DomainError as refused:
        kind = Stale if isinstance(refused, Stale) else Conflict
        raise kind(f"“{post.story.title}” ({post.account.label}): {refused.message}") from None


def _still_to_come() -> tuple[Any, ...]:
    return (
        Post.status != ARCHIVED,
        Post.shown_at.is_not(None),
        Post.shown_status.not_in(OUT),
        Story.archived_at.is_(None),
    )


def _time_of(post: Post) -> datetime:
    assert post.shown_at is not None  # noqa: S101 - `_still_to_come` asks for it
    return post.shown_at


def _there(post: Post, days: int) -> datetime:
    zone = post.planned_zone or post.story.owner.timezone
    return rules.shifted(_time_of(post), zone, days)


def _stuck(post: Post, at: datetime) -> str:
    """Why the post cannot be moved there; empty when it can."""
    if not rules.may_move(post.shown_status, Role.EDITOR, opens=True):
        if post.shown_status in IN_DOUBT:
            return _("Nobody knows yet whether it is out.")
        return _("It is on its way.")
    if at <= clock.now():
        return _("That time would have passed.")
    return ""


def _clashes(times: Mapping[int, datetime]) -> dict[int, tuple[clashes.Clash, ...]]:
    """What the posts would meet at their new times, among each other and with all the rest."""
    if not times:
        return {}
    near = clashes.ALIKE_WITHIN
    start, end = min(times.values()) - near, max(times.values()) + near
    there = {each.post_id: each for each in planning.planned(start, end)}
    there |= {each.post_id: each for each in planning.of_posts(list(times))}
    return clashes.find(clashes.moved(there.values(), times))


def _require_editor(actor: User) -> None:
    if not at_least(actor.role, Role.EDITOR):
        raise NotAllowed(_("Only editors move a whole campaign."))
