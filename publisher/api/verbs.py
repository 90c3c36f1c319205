"""The API's compound verbs: each all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from publisher.accounts import service as accounts
from publisher.api.operations import PreconditionFailed
from publisher.deliveries import lateness
from publisher.deliveries import service as deliveries
from publisher.errors import Stale
from publisher.media import service as media
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft, MediaUse

Start = tuple[str, Draft, datetime | None, str]
"""A post to begin with: its account's short name, its draft, and when it is planned, in which zone."""


def begin(actor: User, posts: Iterable[Start], **parts: Any) -> Story:
    """A story with its posts as drafts. Raises NotFound for an account that does not exist."""
    with writing():
        story = stories.create_story(actor, **parts)
        for slug, draft, planned_at, zone in posts:
            account = accounts.by_slug(slug)
            stories.add_post(actor, story, account, draft, planned_at=planned_at, zone=zone)
        return story


def change(
    actor: User,
    post: Post,
    changes: dict[str, Any],
    *,
    version: int,
    planned_at: datetime | None = None,
    zone: str = "",
    unplan: bool = False,
) -> Post:
    """Change a post's content, its time, or both; `unplan` takes the time away.

    Raises PreconditionFailed when `version` is outdated.
    """
    with writing():
        draft = replace(post.head.draft, **changes)
        try:
            stories.edit(actor, post, draft, version=version)
        except Stale as error:
            raise PreconditionFailed(error.message, code="stale", **error.values) from error
        if planned_at is not None:
            deliveries.move(actor, post, planned_at, zone)
        elif unplan:
            deliveries.unplan(actor, post)
    return post


def decide(
    actor: User, posts: Iterable[Post], given: BaseModel, verb: Callable[[], object]
) -> None:
    """Approve or schedule by `verb`, and keep how late these posts may go out if `given` says it: all or
    nothing."""
    with writing():
        if "grace_s" in given.model_fields_set:
            for post in posts:
                lateness.allow(actor, post, getattr(given, "grace_s", None))
        verb()


def pictures(ids: Iterable[int], before: Iterable[MediaUse] = ()) -> tuple[MediaUse, ...]:
    """Pictures by id: those of `before` as they were used there, others with the library's words. Raises
    NotFound for one that is not there."""
    used = {use.id: use for use in before}
    return tuple(
        used.get(media_id) or MediaUse(media_id, media.get(media_id).alt) for media_id in ids
    )
