"""What a shared article shows on other platforms. The article's page says it to their crawlers, and the
composer's previews show it before it is out: both ask here, so that they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from channels.base import Content
from publisher.blog import service
from publisher.blog.models import Article
from publisher.media.service import path as picture_path


@dataclass(frozen=True, slots=True)
class Picture:
    """A card's picture: `shown` is its path on our own pages, `sent` the one that platforms fetch."""

    shown: str
    width: int
    height: int
    alt: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says of itself to those who link to it. `large`: it asks X for a wide picture."""

    title: str
    description: str
    site: str
    url: str
    picture: Picture | None = None
    large: bool = False


def of_article(article: Article) -> Card:
    """The card of an article, published or not."""
    cover = article.media[0] if article.media else None
    picture = cover and Picture(
        shown=cover.get("web") or picture_path(cover["token"]),
        width=cover["width"],
        height=cover["height"],
        alt=cover["alt"],
        sent=cover["send"],
    )
    return Card(
        title=article.title,
        description=article.excerpt,
        site=current_app.extensions["settings"].site_name,
        url=service.address(article.slug),
        picture=picture or None,
        large=picture is not None,
    )


def of_content(content: Content) -> Card | None:
    """The card that the article will have once `content` is out; None while its title will not do."""
    article = service.sketched(content)
    return of_article(article) if article else None
