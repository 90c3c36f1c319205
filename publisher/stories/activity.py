"""What happened to a story: the newest lines on its desk, and all of them on a page of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from publisher import web
from publisher.deliveries.models import Delivery
from publisher.extensions import db
from publisher.people import audit
from publisher.people.details import Reader, details_of, note_of, verb_of
from publisher.people.models import Event
from publisher.people.rules import Role
from publisher.stories import service
from publisher.stories.models import Story

ACCESS = {"activity": Role.VIEWER}

FEW, PER_PAGE = 8, 50
ABOUT = {"account", "title", "zone"}
"""What a line on the story's own pages says otherwise, or need not say."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is told here; `account` is the label of the account whose post it is about."""

    event: Event
    verb: str
    account: str
    details: str
    note: str


def add_to(blueprint: Blueprint) -> None:
    """Put this page on the blueprint of stories."""
    blueprint.add_url_rule("/stories/<int:story_id>/activity", "activity", show)


def show(story_id: int) -> str:
    """All that happened, page by page, newest first."""
    story = service.get_story(web.me(), story_id)
    before = request.args.get("before", type=web.number)
    found = audit.of_story(story.id, before=before, most=PER_PAGE + 1)
    return render_template(
        "stories/activity.html",
        story=story,
        lines=_lines(story, found[:PER_PAGE]),
        older=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        before=before,
    )


def newest(story: Story) -> tuple[list[Line], bool]:
    """The few newest lines, and whether there are more."""
    found = audit.of_story(story.id, most=3 * FEW)
    lines = _lines(story, found)
    return lines[:FEW], len(lines) > FEW or len(found) == 3 * FEW


def _lines(story: Story, events: Sequence[Event]) -> list[Line]:
    labels = {post.account.slug: post.account.label for post in story.posts}
    of_post = {post.id: post.account.label for post in story.posts}
    of_delivery = _posts_of(events)
    reader = Reader(partial(web.local_time, pattern=_("d MMM y, HH:mm")), labels)
    return [
        Line(
            event,
            verb_of(event),
            _account(event, labels, of_post, of_delivery),
            details_of(event, reader, without=ABOUT),
            note_of(event, reader),
        )
        for event in _told(events)
    ]


def _posts_of(events: Sequence[Event]) -> dict[int, int]:
    """Delivery id → post id, of every delivery that the events are about and that is still there."""
    ids = {event.subject_id for event in events if event.subject == "delivery"}
    wanted = select(Delivery.id, Delivery.post_id).where(Delivery.id.in_(ids))
    return {row.id: row.post_id for row in db.session.execute(wanted)}


def _account(
    event: Event,
    labels: Mapping[str, str],
    of_post: Mapping[int, str],
    of_delivery: Mapping[int, int],
) -> str:
    """Whose account a line is about; nothing when it is about the story itself."""
    if event.subject == "delivery" and event.subject_id is not None:
        return of_post.get(of_delivery.get(event.subject_id, 0), "")
    if event.subject == "post" and event.subject_id is not None:
        return of_post.get(event.subject_id, "")
    slug = str(event.detail.get("account", ""))
    return labels.get(slug, slug)


def _told(events: Sequence[Event]) -> list[Event]:
    """`events`, newest first, without the autosaves that a save on purpose has made good."""
    newer = [None, *events]
    return [
        event
        for event, after in zip(events, newer, strict=False)
        if not (
            after
            and after.verb == "edit"
            and event.detail.get("autosaved")
            and (after.subject_id, after.actor_id) == (event.subject_id, event.actor_id)
            and after.detail.get("revision") == event.detail.get("revision")
        )
    ]
