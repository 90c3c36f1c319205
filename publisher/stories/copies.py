"""Writing again what was written before: an older revision into its post, a whole story into a new one."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from publisher.errors import NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import service
from publisher.stories.access import lock, sees
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import ARCHIVED

LONGEST_TITLE = 200


def restore_revision(actor: User | None, post: Post, number: int) -> Post:
    """Make what stood in revision `number` the newest one. What stood last stays in the revisions.

    An edit like any other: an approval is void then. Raises NotFound, or what `service.edit` raises.
    """
    with writing():
        lock(post)
        found = db.session.scalar(
            select(Revision).where(Revision.post_id == post.id, Revision.number == number)
        )
        if found is None:
            raise NotFound(_("There is no such revision."))
        return service.edit(actor, post, found.draft, version=post.version, restored=number)


def duplicate(actor: User, story: Story) -> Story:
    """A new story of `actor` with the same posts as drafts, without times, deadline and co-authors."""
    with writing():
        if not sees(actor, story):
            raise NotFound(_("There is no such story, or it is not shared with you."))
        copy = service.create_story(
            actor,
            title=_title_of_copy(story.title),
            brief=story.brief,
            category_id=story.category_id,
            campaign=story.campaign,
            language=story.language,
        )
        for post in story.posts:
            if post.status != ARCHIVED or story.archived_at is not None:
                service.add_post(actor, copy, post.account, post.head.draft)
    return copy


def _title_of_copy(title: str) -> str:
    told = _("%(title)s (copy)", title="")
    return _("%(title)s (copy)", title=title[: LONGEST_TITLE - len(told)].rstrip())
