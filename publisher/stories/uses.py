"""Which pictures are used where: kept beside each post's newest text, so that nobody has to read them all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from publisher.extensions import db
from publisher.media import service as media
from publisher.stories.models import PictureUse, Post, Revision, Story
from publisher.stories.rules import ARCHIVED

WRITTEN = re.compile(r"/media/([A-Za-z0-9_-]{10,32})/")
"""A picture within a text, by the address that the library gives out."""


def keep(post: Post) -> None:
    """Write down which pictures the post's newest revision shows. Call inside `writing()`."""
    session = db.session()
    head = session.execute(
        select(Revision.text, Revision.media).where(
            Revision.post_id == post.id, Revision.number == post.revision
        )
    ).one()
    tokens = list(dict.fromkeys(WRITTEN.findall(head.text)))
    attached = media.by_ids([use["id"] for use in head.media])
    shown = {each.id for each in (*attached, *media.by_tokens(tokens))}
    known = set(
        session.scalars(select(PictureUse.media_id).where(PictureUse.post_id == post.id)).all()
    )
    if gone := known - shown:
        session.execute(
            delete(PictureUse).where(PictureUse.post_id == post.id, PictureUse.media_id.in_(gone))
        )
    session.add_all(PictureUse(post_id=post.id, media_id=each) for each in sorted(shown - known))


def of(pictures: Collection[int]) -> Mapping[int, Sequence[Post]]:
    """Picture → the posts that show it, the newest first; those put away are left out."""
    found: dict[int, list[Post]] = defaultdict(list)
    if not pictures:
        return found
    uses = db.session.scalars(
        select(PictureUse)
        .join(PictureUse.post)
        .join(Post.story)
        .where(PictureUse.media_id.in_(pictures))
        .where(Post.status != ARCHIVED, Story.archived_at.is_(None))
        .order_by(PictureUse.post_id.desc())
        .options(
            joinedload(PictureUse.post).joinedload(Post.account),
            joinedload(PictureUse.post).joinedload(Post.story).selectinload(Story.authors),
        )
    )
    for use in uses:
        found[use.media_id].append(use.post)
    return found
