"""Handing a story to the person who shall write it, and changing several stories at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from publisher import clock
from publisher.errors import Conflict, DomainError, Invalid, NotAllowed
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import deadlines, service, shelving
from publisher.stories.access import lock, require_edit
from publisher.stories.models import Post, Revision, Story
from publisher.zones import zone_of

KEEP: Any = object()
"""Leave it as it is: None has a meaning of its own."""
MOST = 100
"""How many stories can be changed at once."""


def hand_to(
    actor: User | None, story: Story, person: User, *, deadline: datetime | None = KEEP
) -> Story:
    """Make `person` the one who writes the story, by `deadline` if it is given, and tell them.

    Who wrote in it before stays as a co-author. Editors only; raises NotAllowed, or Invalid when `person` may
    not write.
    """
    with writing():
        lock(story)
        require_edit(actor, story)
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors hand out stories."))
        if not (person.active and at_least(person.role, Role.AUTHOR)):
            wrong = _("%(name)s may not write stories.", name=person.name)
            raise Invalid(wrong, fields={"owner_id": wrong})
        if deadline is not KEEP and deadline != story.deadline:
            _set_deadline(actor, story, deadline)
        if person.id == story.owner_id:
            return story
        before = story.owner
        authors = {each.id: each for each in story.authors if each.id != person.id}
        if _wrote(before, story):
            authors[before.id] = before
        story.owner, story.authors = person, list(authors.values())
        story.version += 1
        for post in story.posts:
            service.surface(post, changed=True)
        audit.record(
            actor, "assign", "story", story.id, story_id=story.id, title=story.title, to=person.name
        )
        _tell(actor, story, person)
    return story


def _set_deadline(actor: User | None, story: Story, deadline: datetime | None) -> None:
    story.deadline, story.changed_at = deadline, clock.now()
    story.version += 1
    deadlines.remind(story)
    audit.record(actor, "change", "story", story.id, story_id=story.id, title=story.title)


def _wrote(person: User, story: Story) -> bool:
    """Whether a text of the story is theirs."""
    theirs = select(Revision.id).join(Post, Post.id == Revision.post_id)
    theirs = theirs.where(Post.story_id == story.id, Revision.author_id == person.id).limit(1)
    return db.session.scalar(theirs) is not None


def _tell(actor: User | None, story: Story, person: User) -> None:
    if actor and actor.id == person.id:
        return
    by = actor.name if actor else audit.SYSTEM
    values = {"by": by, "title": story.title, "text": story.brief[:300]}
    if story.deadline is not None:
        values["day"] = story.deadline.astimezone(zone_of(person.timezone)).date().isoformat()
    notices.notify(person, "assigned", values, f"/stories/{story.id}")


# ---- Several at once ----


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several stories: how many were changed, and why the others were not, by title. `changed`
    are the ids of the former."""

    done: int
    refused: tuple[tuple[str, str], ...]
    changed: tuple[int, ...] = ()


def archive_all(actor: User, stories: Collection[Story]) -> Outcome:
    """Archive each that can be archived."""
    return _each(stories, lambda story: shelving.archive(actor, story))


def restore_all(actor: User, stories: Collection[Story]) -> Outcome:
    """Bring back each that is archived."""
    return _each(stories, lambda story: shelving.restore(actor, story))


def change_all(
    actor: User,
    stories: Collection[Story],
    *,
    category_id: int | None = KEEP,
    campaign: str = KEEP,
    owner: User = KEEP,
) -> Outcome:
    """Give each another category, campaign or owner; what is not given stays as it is."""

    def change(story: Story) -> None:
        with writing():
            if (category_id, campaign) != (KEEP, KEEP):
                parts = parts_of(story)
                if category_id is not KEEP:
                    parts["category_id"] = category_id
                if campaign is not KEEP:
                    parts["campaign"] = campaign
                service.update_story(actor, story, version=story.version, **parts)
            if owner is not KEEP:
                hand_to(actor, story, owner)

    return _each(stories, change)


def parts_of(story: Story) -> dict[str, Any]:
    """What `service.update_story` takes, as it is now."""
    return {
        "title": story.title,
        "brief": story.brief,
        "category_id": story.category_id,
        "campaign": story.campaign,
        "language": story.language,
        "deadline": story.deadline,
        "author_ids": [author.id for author in story.authors],
    }


def _each(stories: Collection[Story], verb: Callable[[Story], object]) -> Outcome:
    """One transaction for each: what is refused keeps nobody else back."""
    if len(stories) > MOST:
        raise Conflict(_("Change at most %(count)s stories at once.", count=MOST))
    changed, refused = [], []
    for story in stories:
        number, title = story.id, story.title
        try:
            verb(story)
        except DomainError as error:
            refused.append((title, error.message))
        else:
            changed.append(number)
    return Outcome(len(changed), tuple(refused), tuple(changed))
