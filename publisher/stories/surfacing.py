"""What many posts show at once: the name of their account, or of the person who owns their stories.

As background work, since a name is changed in a moment and a busy account has thousands of posts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from publisher import clock
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.storage import turn, writing
from publisher.stories.models import Post, Story
from publisher.stories.rules import ARCHIVED

SEEN = timedelta(days=100)
"""A little longer than feeds look back: nobody sees an older post's event any more."""
BATCH = 200


def surface_renamed(desired: effects.Desired) -> None:
    """Effect `surface`: let the sequence of every post rise that shows what was renamed at `since`: account
    `account_id`, or person `owner_id`. What changed later shows the new name already.

    Some stories at a time, so that no sender waits for long; those that somebody is writing to come later.
    """
    since = datetime.fromisoformat(desired["since"])
    stale = [_showing(desired), Post.shown_at >= since - SEEN, Post.changed_at < since]
    stale.append(Post.status != ARCHIVED)  # by when it changed, one sees with what it was archived
    last, busy = 0, False
    while batch := _stories(stale, last):
        last = batch[-1]
        with writing() as session:
            ours = [story_id for story_id in batch if turn(story_id, wait=False)]
            session.execute(
                update(Post)
                .where(Post.story_id.in_(ours), *stale)
                .values(sequence=Post.sequence + 1, changed_at=clock.now()),
                execution_options={"synchronize_session": False},
            )
        busy = busy or len(ours) < len(batch)
    if busy:
        raise effects.Later(2.0)


def _showing(desired: effects.Desired) -> ColumnElement[bool]:
    if "account_id" in desired:
        return Post.account_id == desired["account_id"]
    return Post.story_id.in_(select(Story.id).where(Story.owner_id == desired["owner_id"]))


def _stories(stale: list[ColumnElement[bool]], after: int) -> list[int]:
    query = select(Post.story_id).where(*stale, Post.story_id > after).distinct()
    return list(db.session.scalars(query.order_by(Post.story_id).limit(BATCH)))
