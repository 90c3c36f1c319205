"""What is measured while somebody writes: the count, the problems, and how a post will look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from channels.base import Measure
from publisher.blog import markdown
from publisher.config import Config
from publisher.media import service as media
from publisher.media.models import Media
from publisher.stories import contents, links, problems, service
from publisher.stories.models import Post
from publisher.stories.problems import Remark
from publisher.stories.rules import ARCHIVED, Draft

URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")


@dataclass(frozen=True, slots=True)
class Count:
    """A text's length for the counter: used, left, limit (0: none) and the cost in words."""

    used: int
    limit: int
    left: int
    cost: str
    parts: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of a text on a platform: plain words, a link, or the address of another post."""

    kind: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One post as its platform shows it; a thread has several."""

    number: int
    total: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is measured while somebody writes: the count, the problems, and how it will look."""

    title: str
    count: Count
    remarks: tuple[Remark, ...]
    html: Markup
    parts: tuple[Part, ...]
    link: Piece | None
    pictures: tuple[tuple[Media, str], ...]


def measured(post: Post, draft: Draft) -> Gauge:
    """Count, problems and preview of `draft`, saved or not."""
    pictures = media.by_ids([use.id for use in draft.media])
    alts = {use.id: use.alt for use in draft.media}
    there = {each.id for each in pictures}
    known = replace(draft, media=tuple(use for use in draft.media if use.id in there))
    blog = post.account.kind == "blog"
    texts = [] if blog else contents.parts(draft, post.account.kind)
    return Gauge(
        title=draft.title,
        count=_count(service.measure(post, known), len(texts)),
        remarks=_remarks(post, draft),
        html=_article(post, draft) if blog else Markup(),
        parts=tuple(
            Part(number, len(texts), tuple(_pieces(text, post)))
            for number, text in enumerate(texts, 1)
        ),
        link=next(_pieces(draft.link, post), None) if draft.link else None,
        pictures=tuple((each, alts[each.id] or each.alt) for each in pictures),
    )


def _remarks(post: Post, draft: Draft) -> tuple[Remark, ...]:
    """What blocks first, then what is only said."""
    found = sorted(service.problems(post, draft), key=lambda problem: not problem.blocking)
    return tuple(problems.remark(problem) for problem in found)


def _count(measured: Measure, parts: int) -> Count:
    cost = ""
    if measured.cost_usd:
        amount = f"{measured.cost_usd:.3f}".removesuffix("0")
        cost = _("about US$%(amount)s", amount=amount)
    return Count(measured.length, measured.limit, measured.left, cost, parts)


def _article(post: Post, draft: Draft) -> Markup:
    known = _targets(post)
    text = links.render(draft.text, lambda reference: _address(known.get(reference)) or "#")
    settings: Config = current_app.extensions["settings"]
    html = markdown.render(text, language=post.story.language, site=settings.base_url)
    return Markup(html)  # noqa: S704 - markdown.render sanitises


def _targets(post: Post) -> dict[str, Post]:
    """Every reference that can be written in `post`, and the post it means."""
    others = [
        other for other in post.story.posts if other.id != post.id and other.status != ARCHIVED
    ]
    blogs = [other for other in others if other.account.kind == "blog"]
    found = {f"link:{other.account.slug}": other for other in others}
    if len(blogs) == 1:
        found["blog"] = blogs[0]
    return found


def _address(target: Post | None) -> str:
    return target.url if target else ""


def _pieces(text: str, post: Post) -> Iterator[Piece]:
    """`text` cut into words, links and references, as the preview of a platform without markup shows it."""
    known = _targets(post)
    at = 0
    for match in re.finditer(f"{links.PLACEHOLDER.pattern}|({URL.pattern})", text):
        if match.start() > at:
            yield Piece("text", text[at : match.start()])
        if match[1]:
            target = known.get(match[1])
            label = target.account.label if target else match[0]
            yield Piece("reference" if target else "unknown", label, _address(target))
        else:
            yield Piece("link", match[0], match[0])
        at = match.end()
    if at < len(text):
        yield Piece("text", text[at:])
