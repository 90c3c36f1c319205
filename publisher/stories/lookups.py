"""Having the pages read that a post links to, so that its preview can show their cards."""

from __future__ import annotations

from typing import Any

from publisher.cards import service as cards
from publisher.extensions import db
from publisher.stories import previews
from publisher.stories.models import Post
from publisher.stories.rules import Draft


def keep(post: Post, draft: Draft) -> None:
    """Want the cards of the pages that `draft` links to. Call inside `writing()`."""
    for url in previews.pages(post, draft):
        cards.want(url, post=post.id)


def read_card(desired: dict[str, Any]) -> None:
    """Effect `card`: read the page, if the post still links to it: what was half typed is no address."""
    post = db.session.get(Post, desired["post"])
    if post is not None and desired["url"] in previews.pages(post, post.head.draft):
        db.session.rollback()  # strangers may take seconds, and nothing of ours shall wait for them
        cards.read(desired["url"])
