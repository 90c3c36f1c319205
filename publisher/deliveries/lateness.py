"""How late a post may still go out by itself: as its channel says, or as a person says of this one."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _

from channels import channel_class
from publisher.deliveries import state
from publisher.deliveries.authority import require_editor
from publisher.deliveries.rules import EXACT_S, LATEST_S, SCHEDULED
from publisher.errors import Invalid
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access
from publisher.stories.models import Post


def grace(post: Post) -> timedelta:
    """For how long after its time the post may go out without anybody being asked."""
    seconds = post.grace_s
    if seconds is None:
        seconds = channel_class(post.account.kind).limits.grace_s
    return timedelta(seconds=seconds)


def allow(actor: User | None, post: Post, grace_s: float | None) -> Post:
    """Say how many seconds late the post may go out; None for as many as its channel says. What is scheduled
    follows at once. Raises Invalid for less than five minutes or more than a week."""
    if grace_s is not None and not EXACT_S <= grace_s <= LATEST_S:
        raise Invalid(
            _("A post may be late by five minutes at least and by a week at most."),
            code="grace_invalid",
            fields={"grace_s": "300 … 604800"},
        )
    with writing():
        access.lock(post)
        require_editor(actor, post)
        if post.grace_s != grace_s:
            post.grace_s = grace_s
            post.version += 1
            for delivery in state.latest_run(post):
                if delivery.status == SCHEDULED:
                    delivery.expires_at = delivery.due_at + grace(post)
            audit.record(
                actor, "allow_late", "post", post.id, story_id=post.story_id, grace_s=grace_s
            )
            db.session.flush()
    return post
