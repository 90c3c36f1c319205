"""The hosted blog: putting articles on the shelf, and finding them for readers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer

from channels.base import Content, Image, Link, Receipt
from channels.errors import Rejected
from publisher import clock
from publisher.blog import rules
from publisher.blog.markdown import rendered
from publisher.blog.models import Article
from publisher.config import Config
from publisher.errors import Gone, NotFound
from publisher.extensions import db
from publisher.media import service as media
from publisher.media.models import Media

PER_PAGE = 12
MAX_TITLE = 200
SITEMAP_PART = 5_000

_PICTURE = re.compile(r"/media/([A-Za-z0-9_-]{16,32})/web\.webp")
_UNSAYABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def sketched(content: Content) -> Article | None:
    """The article that `content` would become, kept nowhere; None while its title will not do.

    The parts of pictures that nobody has kept yet are shown from where the desk looks at them.
    """
    article = _drafted("", content, shown_at=media.look_path)
    return article if isinstance(article, Article) else None


class Shelf:
    """Where `channels.blog` puts articles. Flushes and never commits: the caller's transaction
    decides.

    So an article and its delivery's status become visible at once, or not at all.
    """

    def put(self, content: Content, *, key: str) -> Receipt:
        """Write one article and answer its id and address. The same `key` again answers the first
        receipt.

        Raises Rejected for a title that is empty or too long. Two articles of one title, even at
        the same moment, get different addresses.
        """
        (answer,) = self.put_all([(key, content)])
        if isinstance(answer, Rejected):
            raise answer
        return answer

    def put_all(self, parcels: Sequence[tuple[str, Content]]) -> list[Receipt | Rejected]:
        """As `put` for several, by key, with as many statements as for one. What is wrong with one
        of them is answered in its place and keeps no other from the shelf."""
        drafts = [_drafted(key, content) for key, content in parcels]
        _keep_cuts(content for _key, content in parcels)
        for _attempt in range(2 * len(drafts)):  # each sees what took an address since the last
            answers = _placed(drafts)
            fresh = [each for each in answers if isinstance(each, Article) and each in drafts]
            try:
                with db.session.begin_nested():
                    db.session.add_all(fresh)
            except IntegrityError:
                continue
            return [each if isinstance(each, Rejected) else receipt(each) for each in answers]
        return [_address_taken() for _parcel in parcels]

    def show_links(self, remote_id: str, links: Sequence[Link]) -> None:
        """Replace the block that says where else the story is told. Idempotent."""
        article = _by_remote_id(remote_id)
        shown = [
            {"kind": link.kind, "label": link.label, "url": link.url}
            for link in links
            if urlsplit(link.url).scheme in {"http", "https"}
        ]
        if article.links != shown:
            article.links = shown
            article.updated_at = clock.now()
            db.session.flush()

    def edit(self, remote_id: str, content: Content) -> None:
        """Correct a published article. Its address, its date and its links stay."""
        article = _by_remote_id(remote_id)
        _write(article, content)
        _keep_cuts([content])
        article.corrected_at = article.updated_at
        db.session.flush()

    def withdraw(self, remote_id: str) -> None:
        """Take a published article off every list; its address answers that it is gone. Idempotent."""
        article = _by_remote_id(remote_id)
        if article.withdrawn_at is None:
            article.withdrawn_at = clock.now()
            db.session.flush()


def _keep_cuts(contents: Iterable[Content]) -> None:
    media.keep_cuts(
        {(image.id, image.cut) for content in contents for image in content.media if image.cut}
    )


def _drafted(
    key: str, content: Content, shown_at: Callable[[Media, str], str] | None = None
) -> Article | Rejected:
    """An article that has no address yet, or why it cannot be one."""
    article = Article(key=key, published_at=clock.now(), links=[])
    article.slug = rules.slug(content.slug or content.title)
    try:
        _write(article, content, shown_at)
    except Rejected as refused:
        return refused
    return article


def _placed(drafts: Sequence[Article | Rejected]) -> list[Article | Rejected]:
    """Each draft with an address that is free, or the article that its key has put there before."""
    wanted = {
        draft.key: tuple(filter(None, (draft.slug, rules.slug_with_suffix(draft.slug, draft.key))))
        for draft in drafts
        if isinstance(draft, Article)
    }
    names = {name for some in wanted.values() for name in some}
    there = db.session.scalars(
        select(Article).where(or_(Article.key.in_(wanted), Article.slug.in_(names)))
    ).all()
    known, taken = {each.key: each for each in there}, {each.slug for each in there}

    def place(draft: Article | Rejected) -> Article | Rejected:
        if isinstance(draft, Rejected) or draft.key in known:
            return draft if isinstance(draft, Rejected) else known[draft.key]
        free = next((name for name in wanted[draft.key] if name not in taken), None)
        if free is None:
            return _address_taken()
        draft.slug = free
        taken.add(free)
        return draft

    return [place(draft) for draft in drafts]


def _address_taken() -> Rejected:
    return Rejected(_("Another article has this address. Change the title a little."))


def receipt(article: Article) -> Receipt:
    return Receipt(remote_id=str(article.id), url=address(article.slug))


def address(slug: str) -> str:
    """An article's public address: percent-encoded, as X cuts addresses at the first Hangul
    letter."""
    return f"{_settings().base_url}/blog/{quote(slug)}"


def is_live(url: str) -> bool:
    """Whether `url`, an address or a path, leads to an article that readers can open now."""
    slug = unquote(urlsplit(url).path).removeprefix("/blog/")
    query = select(Article.id).where(Article.slug == slug, Article.withdrawn_at.is_(None))
    return db.session.scalar(query) is not None


def article(slug: str) -> Article:
    """The article at that address. Raises NotFound, or Gone for one that was withdrawn."""
    slug = unicodedata.normalize("NFC", slug)
    found = db.session.scalar(select(Article).where(Article.slug == slug))
    if found is None:
        raise NotFound(_("There is no such article."))
    if found.withdrawn_at is not None:
        raise Gone(_("This article was withdrawn."))
    return found


@dataclass(frozen=True, slots=True)
class Shelved:
    """One page of a list, newest first. `older` is the id that the next page begins before, if any.

    Pages hang on ids, not on numbers: the thousandth costs what the first does, and an address
    keeps showing the same articles however many are written after them.
    """

    articles: Sequence[Article]
    older: int | None


def shelved(*, category: str = "", author: str = "", before: int | None = None) -> Shelved:
    """What readers find: everything, one category's or one author's articles, without their
    texts."""
    query = _newest_first().options(defer(Article.text), defer(Article.html))
    if category:
        query = query.where(Article.category == category)
    if author:
        query = query.where(Article.author_slug == author)
    if before is not None:
        if (last := db.session.get(Article, before)) is None:
            raise NotFound(_("There is no such page."))
        query = query.where(_moment() < _at(last))
    found = db.session.scalars(query.limit(PER_PAGE + 1)).all()
    page = found[:PER_PAGE]
    return Shelved(page, page[-1].id if len(found) > PER_PAGE else None)


def in_use(categories: Sequence[str]) -> set[str]:
    """Those of `categories` that have an article, by one index look-up each."""
    if not categories:
        return set()
    wanted = [
        select(literal(category)).where(
            select(Article.id)
            .where(Article.category == category, Article.withdrawn_at.is_(None))
            .exists()
        )
        for category in categories
    ]
    return set(db.session.scalars(union_all(*wanted)))


def latest(number: int = 20) -> Sequence[Article]:
    """The newest articles with everything in them, for the Atom feed."""
    return db.session.scalars(_newest_first().limit(number)).all()


def neighbours(article: Article) -> tuple[Article | None, Article | None]:
    """The article before this one and the one after it, in time."""
    live = select(Article).where(Article.withdrawn_at.is_(None))
    live = live.options(defer(Article.text), defer(Article.html))
    moment, here = _moment(), _at(article)
    older = live.where(moment < here).order_by(Article.published_at.desc(), Article.id.desc())
    newer = live.where(moment > here).order_by(Article.published_at, Article.id)
    return db.session.scalar(older.limit(1)), db.session.scalar(newer.limit(1))


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the sitemap."""

    url: str
    updated_at: datetime


def sitemap_parts() -> int:
    """How many files the sitemap needs: each holds at most SITEMAP_PART addresses."""
    last = db.session.scalar(select(func.max(Article.id))) or 0
    return max(1, -(-last // SITEMAP_PART))


def sitemap(part: int) -> list[Place]:
    """The articles of one part, by id, so that a part that is full never changes its members."""
    first = (part - 1) * SITEMAP_PART
    rows = db.session.execute(
        select(Article.slug, Article.updated_at)
        .where(Article.id > first, Article.id <= first + SITEMAP_PART)
        .where(Article.withdrawn_at.is_(None))
        .order_by(Article.id)
    )
    return [Place(address(slug), updated_at) for slug, updated_at in rows]


def _newest_first() -> Select[Article]:
    live = select(Article).where(Article.withdrawn_at.is_(None))
    return live.order_by(Article.published_at.desc(), Article.id.desc())


def file_under(category: str, new: str) -> None:
    """Let the articles of one category be of another. Call inside `writing()`."""
    db.session.execute(update(Article).where(Article.category == category).values(category=new))


def _moment() -> ColumnElement[Any]:
    return tuple_(Article.published_at, Article.id)


def _at(article: Article) -> ColumnElement[Any]:
    return tuple_(
        literal(article.published_at, Article.published_at.type), literal(article.id, Integer())
    )


def _write(
    article: Article, content: Content, shown_at: Callable[[Media, str], str] | None = None
) -> None:
    """Fill `article` from `content`; its HTML is rendered here, once. Raises Rejected for a bad
    title."""
    title = " ".join(_sayable(content.title).split())
    if not title:
        raise Rejected(_("An article needs a title."))
    if len(title) > MAX_TITLE:
        raise Rejected(_("The title is longer than %(max)s characters.", max=MAX_TITLE))
    text = _sayable(content.text)
    language = content.language if content.language in {"ko", "en"} else "ko"
    article.title, article.text, article.language = title, text, language
    article.media, sizes = _pictures(content, text, shown_at)
    article.html, article.excerpt = rendered(
        text,
        language=language,
        site=_settings().base_url,
        sizes=sizes,
    )
    article.author_name = content.author.name[:100] if content.author else ""
    article.author_slug = content.author.slug[:80] if content.author else ""
    article.category = content.category[:80]
    article.updated_at = clock.now()


def _pictures(
    content: Content, text: str, shown_at: Callable[[Media, str], str] | None
) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:
    """The pictures that go along, then those that only the text shows, each once; and how large those in the
    text are, by their paths."""
    images = {image.id: image for image in content.media}
    along = media.by_ids([image.id for image in content.media])
    in_text = media.by_tokens(list(dict.fromkeys(_PICTURE.findall(text))))
    chosen = {picture.token: picture for picture in [*along, *in_text]}
    sizes = {media.path(each.token): (each.width, each.height) for each in chosen.values()}
    return [_shown(each, images.get(each.id), shown_at) for each in chosen.values()], sizes


def _shown(
    picture: Media, image: Image | None, shown_at: Callable[[Media, str], str] | None
) -> dict[str, Any]:
    """What an article keeps of a picture. A part of one is both shown and handed on in its own size: it is
    shown from where it is kept, unless `shown_at` says otherwise."""
    alt = (image.alt if image else "") or picture.alt
    if image is None or not image.cut:
        size = {"width": picture.width, "height": picture.height}
        return {"token": picture.token, "alt": alt, **size, "send": media.url(picture, "send")}
    part = media.part(picture, image.cut)
    shown = shown_at(picture, image.cut) if shown_at else part.path
    size = {"width": part.width, "height": part.height}
    return {"token": picture.token, "alt": alt, **size, "send": part.path, "web": shown}


def _sayable(text: str) -> str:
    """`text` in NFC and without the control characters that XML, and so the Atom feed, cannot
    hold."""
    return unicodedata.normalize("NFC", _UNSAYABLE.sub("", text))


def _by_key(key: str) -> Article | None:
    return db.session.scalar(select(Article).where(Article.key == key))


def _by_remote_id(remote_id: str) -> Article:
    found = (
        db.session.get(Article, int(remote_id))
        if remote_id.isascii() and remote_id.isdigit()
        else None
    )
    if found is None:
        raise Rejected(_("There is no such article."))
    return found


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
