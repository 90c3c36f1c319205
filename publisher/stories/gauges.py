"""What is measured while somebody writes: the count, the problems, and how a post will look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from channels.base import Measure
from publisher.blog import markdown
from publisher.blog.cards import Card
from publisher.config import Config
from publisher.media import service as media
from publisher.media.models import Media
from publisher.stories import checks, links, previews, problems
from publisher.stories.models import Post
from publisher.stories.previews import Part
from publisher.stories.problems import Remark
from publisher.stories.rules import Draft, MediaUse


@dataclass(frozen=True, slots=True)
class Count:
    """A text's length for the counter: used, left, limit (0: none) and the cost in words."""

    used: int
    limit: int
    left: int
    cost: str
    parts: int


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is measured while somebody writes: the count, the problems, and how it will look."""

    title: str
    count: Count
    remarks: tuple[Remark, ...]
    html: Markup
    parts: tuple[Part, ...]
    pictures: tuple[tuple[Media, str], ...]
    uses: Mapping[int, MediaUse]
    """How each of them is shown, by its id."""
    card: Card | None = None
    """A blog post's own card: what its article shows where it is linked to, and in lists."""


def measured(post: Post, draft: Draft, *, fields: bool = False) -> Gauge:
    """Count, problems and preview of `draft`, saved or not. With `fields` each problem leads to the field of
    the desk in which it is put right."""
    pictures = media.by_ids([use.id for use in draft.media])
    alts = {use.id: use.alt for use in draft.media}
    there = {each.id for each in pictures}
    known = replace(draft, media=tuple(use for use in draft.media if use.id in there))
    blog = post.account.kind == "blog"
    length = checks.measure(post, known)
    parts = () if blog else previews.parts(post, known, length.over_at)
    return Gauge(
        title=draft.title,
        count=_count(length, len(parts)),
        remarks=_remarks(post, draft, prefix_of(post) if fields else ""),
        html=_article(post, draft) if blog else Markup(),
        parts=parts,
        pictures=tuple((each, alts[each.id] or each.alt) for each in pictures),
        uses={use.id: use for use in draft.media},
        card=previews.card_of(post, known) if blog else None,
    )


def prefix_of(post: Post) -> str:
    """What the ids of the post's fields on the desk begin with."""
    return f"p{post.id}-"


def _remarks(post: Post, draft: Draft, prefix: str) -> tuple[Remark, ...]:
    """What blocks first, then what is only said."""
    found = sorted(checks.problems(post, draft), key=lambda problem: not problem.blocking)
    return tuple(problems.remark(problem, draft, prefix) for problem in found)


def _count(measured: Measure, parts: int) -> Count:
    cost = ""
    if measured.cost_usd:
        amount = f"{measured.cost_usd:.3f}".removesuffix("0")
        cost = _("about US$%(amount)s", amount=amount)
    return Count(measured.length, measured.limit, measured.left, cost, parts)


def _article(post: Post, draft: Draft) -> Markup:
    known = previews.targets(post)

    def address(reference: str) -> str:
        target = known.get(reference)
        return (target.url if target else "") or "#"

    text = links.render(draft.text, address)
    settings: Config = current_app.extensions["settings"]
    html = markdown.render(text, language=post.story.language, site=settings.base_url)
    return Markup(html)  # noqa: S704 - markdown.render sanitises
