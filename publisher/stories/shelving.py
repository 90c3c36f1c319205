"""Archiving stories and posts, and bringing them back."""

from __future__ import annotations

from flask_babel import gettext as _

from publisher import clock
from publisher.errors import Conflict
from publisher.people import audit
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories.access import lock, require_edit
from publisher.stories.models import Post, Story
from publisher.stories.rules import ARCHIVED
from publisher.stories.service import move, void_approval

ON_ITS_WAY = frozenset({"scheduled", "waiting", "sending", "unconfirmed", "needs_attention"})
"""What a delivery says while the post may still go out."""


def archive(actor: User | None, story: Story) -> None:
    """Put the story and its posts away. Conflict while one of them may still go out."""
    with writing():
        lock(story)
        require_edit(actor, story)
        if story.archived_at is not None:
            raise Conflict(_("This story is archived already."))
        story.archived_at = story.changed_at = clock.now()
        for post in story.posts:
            if post.status != ARCHIVED:
                _archive(actor, post)
        audit.record(actor, "archive", "story", story.id, story_id=story.id, title=story.title)


def restore(actor: User | None, story: Story) -> None:
    """Bring an archived story back, with the posts that were archived along with it, as drafts."""
    with writing():
        lock(story)
        require_edit(actor, story)
        since = story.archived_at
        if since is None:
            raise Conflict(_("This story is not archived."))
        story.archived_at, story.changed_at = None, clock.now()
        for post in story.posts:
            if post.status == ARCHIVED and post.changed_at >= since:
                move(actor, post, "restore")
        audit.record(actor, "restore", "story", story.id, story_id=story.id, title=story.title)


def archive_post(actor: User | None, post: Post) -> None:
    """Take one post out of its story. Conflict while it may still go out; what is out stays out."""
    with writing():
        lock(post)
        require_edit(actor, post.story)
        _archive(actor, post)


def restore_post(actor: User | None, post: Post) -> None:
    """Bring one archived post back as a draft."""
    with writing():
        lock(post)
        require_edit(actor, post.story)
        if post.story.archived_at is not None:
            raise Conflict(_("This story is archived. Restore it first."))
        move(actor, post, "restore")


def _archive(actor: User | None, post: Post) -> None:
    if post.delivery_status in ON_ITS_WAY:
        raise Conflict(
            _(
                "The post for %(account)s may still go out. Cancel it first.",
                account=post.account.label,
            )
        )
    void_approval(post)
    move(actor, post, "archive")
