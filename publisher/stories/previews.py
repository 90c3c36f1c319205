"""How a post will look: its text as the platform shows it, and the card of the page that it links to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from flask import current_app
from flask_babel import gettext as _

from channels import channel_class
from publisher.blog import cards
from publisher.blog import service as blog
from publisher.blog.cards import Card
from publisher.cards import service as linked
from publisher.config import Config
from publisher.errors import DomainError
from publisher.media import service as media
from publisher.stories import contents, pieces
from publisher.stories.models import Post
from publisher.stories.pieces import Meant, Piece
from publisher.stories.rules import ARCHIVED, Draft

WIDE = {"twitter": (300, 157), "facebook": (600, 315)}
"""Least pixels of a card's picture for it to be shown wide; below it stands small beside the words. From
developer.x.com (cards) and developers.facebook.com (images in link shares)."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What stands under a post for the first address in it: a card, or the reason why there is none."""

    host: str
    href: str = ""
    card: Card | None = None
    wide: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One post as its platform shows it; a thread has several. `folded` is read after "See more" alone."""

    number: int
    total: int
    pieces: tuple[Piece, ...]
    folded: tuple[Piece, ...] = ()
    shared: Shared | None = None

    @property
    def over(self) -> bool:
        """Whether some of it does not fit."""
        return any(piece.over for piece in (*self.pieces, *self.folded))


def parts(post: Post, draft: Draft, over_at: int | None) -> tuple[Part, ...]:
    """The post, or each post of the thread, that `draft` becomes on a platform without markup."""
    known = targets(post)
    meant = {name: Meant(target.account.label, target.url or "") for name, target in known.items()}
    texts = contents.parts(draft, post.account.kind)
    if post.account.kind == "facebook" and draft.media and draft.link not in draft.text:
        texts = [f"{texts[0]}\n\n{draft.link}".strip()]  # beside pictures there is no card
    found = []
    for number, text in enumerate(texts, 1):
        cut = pieces.marked(tuple(pieces.cut(text, meant)), over_at if len(texts) == 1 else None)
        before, after = pieces.folded(cut, channel_class(post.account.kind).limits.fold)
        first = number == 1
        shared = _shared(
            post, text, draft.link if first else "", known, pictured=first and bool(draft.media)
        )
        found.append(Part(number, len(texts), before, after, shared))
    return tuple(found)


def targets(post: Post) -> dict[str, Post]:
    """Every reference that can be written in `post`, and the post it means."""
    others = [
        other for other in post.story.posts if other.id != post.id and other.status != ARCHIVED
    ]
    blogs = [other for other in others if other.account.kind == "blog"]
    found = {f"link:{other.account.slug}": other for other in others}
    if len(blogs) == 1:
        found["blog"] = blogs[0]
    return found


def pages(post: Post, draft: Draft) -> list[str]:
    """The addresses elsewhere that `draft` shows cards of, each once: of each part the first one."""
    if post.account.kind == "blog":
        return []
    known, own = targets(post), f"{_settings().base_url}/"
    texts = contents.parts(draft, post.account.kind)
    firsts = [
        _first(text, draft.link if not index else "", known) for index, text in enumerate(texts)
    ]
    found = [each for each in firsts if isinstance(each, str) and not each.startswith(own)]
    return list(dict.fromkeys(found))


def card_of(post: Post, draft: Draft | None = None) -> Card | None:
    """The card of a blog post: of its article where that is out, else as its draft would have it."""
    if draft is None and post.published_at and post.url and (card := _own_card(post.url)):
        return card
    draft = draft or post.head.draft
    there = {each.id for each in media.by_ids([use.id for use in draft.media])}
    kept = replace(draft, media=tuple(use for use in draft.media if use.id in there))
    known = targets(post)
    content = contents.content_of(
        post,
        kept,
        address=lambda name: known[name].url or None if name in known else None,
        image=contents.outlined,
    )
    return cards.of_content(content)


def _shared(
    post: Post, text: str, link: str, known: Mapping[str, Post], *, pictured: bool
) -> Shared | None:
    """What the first address of a post shows: the attached one, or else that of the text."""
    first = _first(text, link, known)
    if first is None:
        return None
    if pictured:
        return Shared("", note=_("Beside pictures there is no card."))
    kind = post.account.kind
    if isinstance(first, Post):
        return _of_post(first, kind)
    return _of_page(first, kind)


def _first(text: str, link: str, known: Mapping[str, Post]) -> Post | str | None:
    """The first address of a post, as the post it means or as it is written: platforms make its card."""
    meant = {name: Meant(name) for name in known}
    for piece in pieces.cut(link or text, meant):
        if piece.kind == "reference":
            return known[piece.text]
        if piece.kind == "link":
            return piece.href
    return None


def _of_post(target: Post, kind: str) -> Shared:
    if target.account.kind != "blog":
        note = _("The card of this page is not known yet.")
        return Shared(target.account.label, target.url or "", note=note)
    card = card_of(target)
    if card is None:
        host = urlsplit(_settings().base_url).hostname or ""
        return Shared(host, note=_("The card is shown here once the article has a title."))
    return _with(card, target.url or "", kind)


def _of_page(url: str, kind: str) -> Shared:
    if card := _own_card(url):
        return _with(card, url, kind)
    host = pieces.host_of(url) or url
    page = linked.known(url)
    if page is None:
        return Shared(host, url, note=_("The card of this page is not known yet."))
    if not page.title:
        return Shared(host, url, note=_("This page has no card, or could not be read."))
    return _with(page, url, kind)


def _own_card(url: str) -> Card | None:
    """The card of one of our own articles, if `url` is the address of one that readers can open."""
    base = f"{_settings().base_url}/blog/"
    if not url.startswith(base):
        return None
    slug = unquote(urlsplit(url).path.rpartition("/")[2])
    if not slug.isprintable():
        return None
    with suppress(DomainError):
        return cards.of_article(blog.article(slug))
    return None


def _with(card: Card, href: str, kind: str) -> Shared:
    width, height = WIDE.get(kind, (0, 0))
    fits = bool(card.picture and card.picture.width >= width and card.picture.height >= height)
    wide = fits and (card.large or kind == "facebook")
    return Shared(urlsplit(card.url).hostname or card.site, href, card, wide)


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
