"""What a delivery says on the wire: one part of a revision with every address filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from channels.base import Content, Image
from publisher import clock
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets
from publisher.extensions import db
from publisher.stories import contents, links
from publisher.stories import service as stories
from publisher.stories.rules import MediaUse


def content_of(delivery: Delivery, targets: Targets, *, sent: bool = False) -> Content:
    """What this delivery says: its part of the text, its links with their addresses, whom it answers.

    With `sent` text and link are those that went on the wire, whatever became of the link targets since.
    """
    revision, story = delivery.revision, delivery.post.story
    content = stories.content(
        revision,
        address=targets.address(delivery.marker),
        image=contents.outlined if sent or delivery.part > 1 else contents.sendable,
    )
    text, link = (delivery.text, delivery.link) if sent else wording(delivery, targets)
    content = replace(content, text=text, link=link)
    marked = delivery.marker if f"={delivery.marker}" in content.text + content.link else ""
    return replace(
        content,
        media=content.media if delivery.part == 1 else (),
        language=story.language,
        marker=marked,
        reply_to=answered(delivery),
        staged=usable(delivery, content.media),
    )


def wording(delivery: Delivery, targets: Targets) -> tuple[str, str]:
    """Text and link as they would go out now, without its pictures."""
    draft, address = delivery.revision.draft, targets.address(delivery.marker)
    words = contents.parts(draft, delivery.account.kind)[delivery.part - 1]
    return links.render(words, address), links.render(draft.link, address)


def media_of(delivery: Delivery) -> tuple[MediaUse, ...]:
    """The pictures of this part: a thread carries them all on its first."""
    return delivery.revision.draft.media if delivery.part == 1 else ()


def answered(delivery: Delivery) -> str:
    """The remote id of the part before this one, or nothing."""
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


def usable(delivery: Delivery, images: Iterable[Image]) -> dict[int, str]:
    """The staged uploads of these images, by image: those of the same part, with the same alternative
    text, that will still be valid when the create call is made."""
    soon = clock.now() + timedelta(seconds=60)
    return {
        image.id: upload["id"]
        for image in images
        if (upload := delivery.staged.get(str(image.id)))
        and upload.get("alt") == image.alt
        and upload.get("cut", "") == image.cut
        and datetime.fromisoformat(upload["expires"]) > soon
    }
