"""Who may open a story and who may write in it."""

from __future__ import annotations

from flask_babel import gettext as _

from publisher.errors import NotAllowed, NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, at_least, may_edit_story, may_see_story
from publisher.storage import turn
from publisher.stories.models import Post, Story
from publisher.stories.rules import APPROVED


def sees(actor: User | None, story: Story) -> bool:
    """Whether `actor` may open the story; the machine (None) opens everything."""
    return actor is None or may_see_story(
        actor.role, actor.id, story.owner_id, [author.id for author in story.authors]
    )


def edits(actor: User | None, story: Story) -> bool:
    """Whether `actor` may write in the story."""
    return actor is None or may_edit_story(
        actor.role, actor.id, story.owner_id, [author.id for author in story.authors]
    )


def require_edit(actor: User | None, story: Story) -> None:
    """Raise NotFound when `actor` may not open the story, NotAllowed when they may not write."""
    if not sees(actor, story):
        raise NotFound(_("There is no such story, or it is not shared with you."))
    if not edits(actor, story):
        raise NotAllowed(_("You may read this story but not change it."))


def require_category(actor: User | None, story: Story, category_id: int | None) -> None:
    """Raise NotAllowed when an author would move approved posts to a category with rules of its own."""
    if category_id == story.category_id or actor is None or at_least(actor.role, Role.EDITOR):
        return
    if any(post.status == APPROVED and post.delivery_status != "published" for post in story.posts):
        raise NotAllowed(
            _("A post of this story is approved. Please ask an editor to change the category.")
        )


def lock(row: Story | Post) -> None:
    """Wait for the story's turn, then lock the story or its post as it is now. Call inside `writing()`."""
    turn(row.id if isinstance(row, Story) else row.story_id)
    db.session.refresh(row, with_for_update=True)
