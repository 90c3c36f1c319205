"""What tests of corrections share: a story that is out, and its posts written anew."""

from __future__ import annotations

from dataclasses import replace

from publisher.crosslinks.models import Address
from publisher.deliveries import patch
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Correction
from publisher.extensions import db
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom

PATCHED = 3.2
"""After so many seconds the links under the posts are written, too."""


def published(newsroom: Newsroom, *slugs: str, **drafts: Draft) -> Story:
    """A story whose posts are all out and link to each other."""
    story = newsroom.approve(newsroom.story(*slugs, **drafts))
    newsroom.work(0.0 if len(slugs) == 1 else PATCHED)
    assert set(newsroom.statuses(story).values()) == {"published"}
    return story


def rewrite(newsroom: Newsroom, post: Post, **changes: object) -> Post:
    """Another text, submitted for review."""
    draft = replace(post.head.draft, **changes)  # type: ignore[arg-type]
    stories.edit(newsroom.author, post, draft, version=post.version)
    review.submit(newsroom.author, post)
    return post


def corrected(newsroom: Newsroom, post: Post, **changes: object) -> Post:
    """Another text, approved. Its effect is still to come."""
    rewrite(newsroom, post, **changes)
    deliveries.approve(newsroom.editor, post, post.revision)
    return post


def wish(post: Post) -> Correction:
    """What was wanted of the post last."""
    db.session.rollback()
    return patch.of_post(post)[0]


def shown_hash(post: Post) -> str:
    """The hash of the revision that the world sees."""
    db.session.rollback()
    address = db.session.get_one(Address, post.id)
    return db.session.get_one(Revision, address.revision_id).hash
