"""What a post becomes for its channel, and how its link plan sees it."""

from __future__ import annotations

from collections.abc import Callable

from channels.base import Author, Content, Image
from publisher.media import service as media
from publisher.stories import links
from publisher.stories.links import Node
from publisher.stories.models import Post
from publisher.stories.rules import ARCHIVED, Draft, MediaUse


def content_of(
    post: Post,
    draft: Draft,
    *,
    address: Callable[[str], str | None],
    image: Callable[[MediaUse], Image] | None = None,
) -> Content:
    """As `content`, for a draft that may not be saved yet."""
    story = post.story
    return Content(
        title=draft.title,
        text=links.render(draft.text, address),
        link=links.render(draft.link, address),
        media=tuple((image or sendable)(use) for use in draft.media),
        author=Author(story.owner.name, story.owner.slug),
        category=story.category.slug if story.category else "",
        language=story.language,
    )


def sendable(use: MediaUse) -> Image:
    """The picture with its bytes, as the platform shall get it."""
    return media.image(media.get(use.id), use.alt)


def outlined(use: MediaUse) -> Image:
    """The picture without its bytes: enough to check its size and its alternative text."""
    picture = media.get(use.id)
    return Image(use.id, b"", "image/jpeg", picture.width, picture.height, alt=use.alt)


def nodes(post: Post, draft: Draft | None = None) -> list[Node]:
    """The link plan of the post's story, as `post` with `draft` would have it."""
    others = [
        other for other in post.story.posts if other.status != ARCHIVED and other.id != post.id
    ]
    return [node(other) for other in others] + [node(post, draft)]


def node(post: Post, draft: Draft | None = None) -> Node:
    """The post as the link plan sees it; where it went out already counts as its time."""
    draft = draft or post.head.draft
    at = post.published_at or post.planned_at
    return Node(
        post.id,
        post.account.slug,
        post.account.kind,
        (draft.text, draft.link),
        at.timestamp() if at else None,
    )


def reserving(post: Post, draft: Draft) -> Content:
    """The content to check and count: addresses as long as they will be, pictures without bytes."""
    return content_of(post, draft, address=reserved, image=outlined)


def reserved(_reference: str) -> str:
    return links.RESERVED
