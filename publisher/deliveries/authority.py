"""Who puts posts on the calendar, takes them off it, and decides on what is out."""

from __future__ import annotations

from flask_babel import gettext as _

from publisher.errors import Conflict, NotAllowed, NotFound
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.stories import access
from publisher.stories.models import Post
from publisher.stories.rules import APPROVED, ARCHIVED


def require_editor(actor: User | None, post: Post) -> None:
    """Raise NotFound when `actor` may not see the post, NotAllowed when they are no editor, Conflict when it
    is archived. The machine (None) may do everything."""
    if actor is None:
        return
    if not access.sees(actor, post.story):
        raise NotFound(_("There is no such post, or it is not shared with you."))
    if not at_least(actor.role, Role.EDITOR):
        raise NotAllowed(_("Only editors put posts on the calendar, move or cancel them."))
    if post.status == ARCHIVED:
        raise Conflict(_("This post is archived. Restore it first."))


def is_approved(post: Post) -> bool:
    """Whether what the post says now is what was approved."""
    return post.status == APPROVED and post.approved_hash == post.head.hash
