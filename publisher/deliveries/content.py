"""What a delivery says on the wire: one part of a revision with every address filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from channels.base import Content
from publisher import clock
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets
from publisher.extensions import db
from publisher.stories import contents, links
from publisher.stories import service as stories
from publisher.stories.rules import MediaUse


def content_of(delivery: Delivery, targets: Targets, *, sent: bool = False) -> Content:
    """What this delivery says: its part of the text, its links with their addresses, whom it answers.

    With `sent` the text is the one that went on the wire, whatever became of the link targets since.
    """
    revision, story = delivery.revision, delivery.post.story
    content = stories.content(
        revision,
        address=targets.address(delivery.marker),
        image=contents.outlined if sent or delivery.part > 1 else contents.sendable,
    )
    parts = contents.parts(revision.draft, delivery.account.kind)
    if len(parts) > 1:
        text = links.render(parts[delivery.part - 1], targets.address(delivery.marker))
        content = replace(content, text=text)
    if sent and delivery.text:
        content = replace(content, text=delivery.text)
    marked = delivery.marker if f"={delivery.marker}" in content.text + content.link else ""
    return replace(
        content,
        media=content.media if delivery.part == 1 else (),
        language=story.language,
        marker=marked,
        reply_to=_answered(delivery),
        staged={int(key): kept["id"] for key, kept in usable(delivery).items()},
    )


def media_of(delivery: Delivery) -> tuple[MediaUse, ...]:
    """The pictures of this part: a thread carries them all on its first."""
    return delivery.revision.draft.media if delivery.part == 1 else ()


def _answered(delivery: Delivery) -> str:
    if delivery.part == 1:
        return ""
    before = db.session.scalar(
        select(Delivery.remote_id).where(
            Delivery.post_id == delivery.post_id,
            Delivery.run == delivery.run,
            Delivery.part == delivery.part - 1,
        )
    )
    return before or ""


def usable(delivery: Delivery) -> dict[str, dict[str, str]]:
    """Staged uploads that will still be valid when the create call is made."""
    soon = clock.now() + timedelta(seconds=60)
    return {
        key: kept
        for key, kept in delivery.staged.items()
        if datetime.fromisoformat(kept["expires"]) > soon
    }
