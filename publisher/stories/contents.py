"""What a post becomes for its channel, and how its link plan sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace

from flask_babel import gettext as _

from channels import channel_class
from channels.base import Author, Content, Image, Problem
from channels.text import split_thread
from publisher.errors import Invalid, NotFound, Stale
from publisher.media import service as media
from publisher.stories import links
from publisher.stories.links import Node
from publisher.stories.models import Post
from publisher.stories.rules import ARCHIVED, Draft, MediaUse


def stale(post: Post, draft: Draft) -> Stale:
    """What refuses `draft`, written over something else than what the post says now: it keeps both."""
    return Stale(
        _("Somebody else saved this post while you were writing. Both texts are kept."),
        mine=asdict(draft),
        theirs=asdict(post.head.draft),
        version=post.version,
        revision=post.revision,
        base=post.head.hash,
    )


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
    return media.image(media.get(use.id), use.alt, use.cut)


def outlined(use: MediaUse) -> Image:
    """The picture without its bytes: enough to check its size and its alternative text."""
    return media.outline(media.get(use.id), use.alt, use.cut)


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


def pieces(post: Post, draft: Draft) -> list[Content]:
    """As `reserving`, one for each post that goes out: a thread's first has the link and the pictures."""
    whole = reserving(post, draft)
    texts = parts(draft, post.account.kind)
    if len(texts) < 2:
        return [whole]
    first, *rest = (replace(whole, text=links.reserve(text)) for text in texts)
    return [first, *(replace(each, link="", media=()) for each in rest)]


def broken_limits(post: Post, draft: Draft) -> list[Problem]:
    """What the channel says of it; of a thread, what it says of each part, once."""
    channel = channel_class(post.account.kind)
    found = [problem for piece in pieces(post, draft) for problem in channel.check(piece)]
    if draft.link and not takes_link(post):
        found.append(Problem("link_unsupported"))
    return [problem for index, problem in enumerate(found) if problem not in found[:index]]


def takes_link(post: Post) -> bool:
    """Whether the channel attaches a link of its own; on the others addresses stand in the text."""
    return post.account.kind == "facebook"


def parts(draft: Draft, kind: str) -> list[str]:
    """The texts that go out one after the other: one, or a thread's numbered parts.

    Placeholders stay in place. Each address counts with its reserved length, so that the same draft
    is always cut the same way.
    """
    limits = channel_class(kind).limits
    if not (draft.thread and limits.threads):
        return [draft.text]
    names = links.references(draft.text)
    stand_ins = {name: f"{links.RESERVED}{index}" for index, name in enumerate(names)}
    back = {stand_in: "{" + name + "}" for name, stand_in in stand_ins.items()}
    cut = split_thread(links.render(draft.text, stand_ins.get), limits.text)
    if not back:
        return cut
    pattern = re.compile("|".join(re.escape(each) for each in sorted(back, key=len, reverse=True)))
    return [pattern.sub(lambda match: back[match[0]], text) for text in cut]


def reserved(_reference: str) -> str:
    return links.RESERVED


def checked(draft: Draft) -> Draft:
    """`draft` as it is kept: normalised, each picture with words. Refuses what no channel could take."""
    draft = draft.normalised()
    if len(draft.text) > 200_000 or len(draft.title) > 1_000 or len(draft.link) > 2_000:
        raise Invalid(_("This text is too long to be kept."), fields={"text": _("Shorten it.")})
    if set(draft.when_late.values()) - set(links.WhenLate):
        raise Invalid(_("A link that is late can be held, left out, or drop the post."))
    return replace(draft, media=tuple(_worded(use) for use in draft.media)).normalised()


def _worded(use: MediaUse) -> MediaUse:
    """The picture's own alternative text where the post says nothing else: an approval covers it."""
    try:
        picture = media.get(use.id)
    except NotFound:
        gone = _("A picture of this post is gone. Remove it or choose another.")
        raise Invalid(gone, fields={"media": gone}) from None
    return replace(use, alt=use.alt or picture.alt)
