"""Articles of the hosted blog: what went out, as it went out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from publisher.extensions import Model
from publisher.storage import Instant


class Article(Model):
    """One published article. `key` is the delivery's, so that writing it twice finds the first.

    `links` is the "discussed on" block: a list of {kind, label, url}. `media` lists {token, alt, width,
    height, send} of the pictures that belong to it, `send` being the path that link previews get.
    `corrected_at` is set by an approved correction, unlike `updated_at`, which new links move too.
    `html` is rendered and sanitised once, when it is written.
    """

    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(Text, default="")
    author_name: Mapped[str] = mapped_column(String(100), default="")
    author_slug: Mapped[str] = mapped_column(String(80), default="")
    category: Mapped[str] = mapped_column(String(80), default="")
    language: Mapped[str] = mapped_column(String(5), default="ko")
    media: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    links: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    published_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    corrected_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_articles_published_at", "published_at", "id"),
        Index("ix_articles_category", "category", "published_at", "id"),
        Index("ix_articles_author_slug", "author_slug", "published_at", "id"),
    )
