"""Deadlines: writers are told on the day before and when it is late; then whoever handed it out is, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, exists, literal, select

from publisher import clock
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people.models import Event, User
from publisher.storage import writing
from publisher.stories import access, rules
from publisher.stories.models import Story
from publisher.zones import zone_of

TOLD = "told"
"""The stage after the last one: nothing is left to be told."""


def remind(story: Story) -> None:
    """Want its writer told of the deadline that the story has now; what was wanted for another one is void.
    Call inside `writing()`, whenever the deadline may have changed."""
    known = db.session.scalar(select(Effect.desired).where(Effect.key == _key(story.id)))
    if (known or {}).get("deadline") != _written(story.deadline):
        _ask(story)


def ask_daily() -> None:
    """Reminders for stories that have none, since their deadline is older than reminders are."""
    key = literal("deadline:").concat(cast(Story.id, String))
    asked = exists().where(Effect.key == key)
    ahead = select(Story).where(Story.deadline > clock.now(), ~asked)
    with writing():
        for story in db.session.scalars(ahead).all():
            remind(story)


def tell(desired: effects.Desired) -> None:
    """Effect `deadline`: tell whom it concerns, unless it is handed in, and want the next stage.

    Both are one transaction that begins by looking whether this is still what is wanted, so that no restart
    and no second worker tells it twice.
    """
    with writing() as session:
        story = session.get(Story, desired["story"])
        if story is None:
            return
        access.lock(story)
        wanted = select(Effect.desired).where(Effect.key == _key(story.id)).with_for_update()
        if session.scalar(wanted) != desired or desired["stage"] == TOLD:
            return
        deadline = story.deadline
        if deadline is None or _written(deadline) != desired["deadline"]:
            return
        late = deadline <= clock.now()
        if late is (desired["stage"] == rules.PASSED) and _is_due(story):
            _tell(story, deadline, late=late)
        _ask(story, after=desired["stage"])


def _ask(story: Story, after: str = "") -> None:
    """The next stage: of those that are still ahead, or the one after `after`, be it over already."""
    now = clock.now()
    stages = (
        rules.reminders(story.deadline, zone_of(story.owner.timezone)) if story.deadline else []
    )
    names = [name for name, _at in stages]
    left = (
        stages[names.index(after) + 1 :]
        if after
        else [each for each in stages if story.deadline and story.deadline > now and each[1] > now]
    )
    stage, at = left[0] if left else (TOLD, now)
    wish = {"story": story.id, "deadline": _written(story.deadline), "stage": stage}
    effects.ask("deadline", _key(story.id), wish, at=max(at, now))


def _is_due(story: Story) -> bool:
    """Whether somebody still has to hand it in."""
    shown = [post.shown_status for post in story.posts]
    return story.archived_at is None and rules.to_hand_in(shown)


def _tell(story: Story, deadline: datetime, *, late: bool) -> None:
    values = {"title": story.title, "by": story.owner.name}
    _notify(story.owner, "deadline_passed" if late else "deadline_near", values, story, deadline)
    by = _handed_out_by(story) if late else None
    if by is not None and by.id != story.owner_id:
        _notify(by, "assigned_late", values, story, deadline)


def _notify(
    person: User, kind: str, values: dict[str, Any], story: Story, deadline: datetime
) -> None:
    day = deadline.astimezone(zone_of(person.timezone)).date()
    notices.notify(person, kind, {**values, "day": day.isoformat()}, f"/stories/{story.id}")


def _handed_out_by(story: Story) -> User | None:
    """Who gave the story to its writer; None where nobody did."""
    assigned = (
        select(Event.actor_id)
        .where(Event.subject == "story", Event.subject_id == story.id, Event.verb == "assign")
        .order_by(Event.id.desc())
        .limit(1)
    )
    number = db.session.scalar(assigned)
    return db.session.get(User, number) if number else None


def _key(story_id: int) -> str:
    return f"deadline:{story_id}"


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
