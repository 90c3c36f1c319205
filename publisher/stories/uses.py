"""Which pictures are used where: kept beside each post's newest text, so that nobody has to read them all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import Text, cast, delete, or_, select
from sqlalchemy.orm import joinedload

from publisher.blog.models import Article
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.media import service as media
from publisher.media.models import Media
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access
from publisher.stories.models import Approval, Outline, PictureUse, Post, Revision, Story
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


def discard(actor: User | None, picture: Media) -> None:
    """Delete a picture that nothing needs any more.

    Kept is what a post's newest text shows, archived or not; what was ever approved, as that may be out and
    is sent anew when links are written back; and what articles and templates show. Raises Conflict then, and
    NotAllowed.
    """
    with writing():
        if places := _needed_by(actor, picture):
            where = ", ".join(places)
            raise Conflict(
                _("This picture is used: %(where)s. Take it out there first.", where=where)
            )
        media.delete(actor, picture)


def _needed_by(actor: User | None, picture: Media) -> list[str]:
    """Where it is used, in words; stories that `actor` may not open are not named."""
    session = db.session()
    posts = session.scalars(
        select(Post).join(PictureUse).where(PictureUse.media_id == picture.id).order_by(Post.id)
    ).all()
    places = [f"“{post.story.title}”" for post in posts if access.sees(actor, post.story)][:5]
    in_text = f"/media/{picture.token}/"
    approved = select(Revision.id).where(
        Revision.id.in_(select(Approval.revision_id)),
        or_(
            Revision.text.contains(in_text, autoescape=True),
            cast(Revision.media, Text).contains(f'"id": {picture.id},', autoescape=True),
        ),
    )
    if not places and (posts or session.scalar(approved.limit(1)) is not None):
        places.append(_("a post or one of its revisions"))
    article = select(Article.id).where(
        or_(
            Article.html.contains(in_text, autoescape=True),
            cast(Article.media, Text).contains(picture.token, autoescape=True),
        )
    )
    if session.scalar(article.limit(1)) is not None:
        places.append(_("an article on the blog"))
    template = select(Outline.name).where(
        cast(Outline.texts, Text).contains(picture.token, autoescape=True)
    )
    return [*places, *(f"“{name}”" for name in session.scalars(template))]


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
