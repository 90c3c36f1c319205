"""Subscriptions to the calendar, and the bytes of events already rendered for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from publisher.extensions import Model
from publisher.people.models import User
from publisher.storage import Instant


class Feed(Model):
    """One person's subscription. The address holds the token, the database only its hash.

    `filters` is {"account": [slug], "status": [...], "author": [id], "category": [slug], "campaign": [name],
    "mine": bool};
    `detail` is full, titles or busy.
    """

    __tablename__ = "feeds"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    detail: Mapped[str] = mapped_column(String(10), default="full")
    language: Mapped[str] = mapped_column(String(5), default="ko")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    agent: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    user: Mapped[User] = relationship()


class Installation(Model):
    """The one row of what stays the same wherever this installation moves."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid_domain: Mapped[str] = mapped_column(String(255))


class RenderedEvent(Model):
    """A post's VEVENT as bytes. The key says everything it depends on, so a row never goes stale."""

    __tablename__ = "rendered_events"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    sequence: Mapped[int] = mapped_column(primary_key=True)
    detail: Mapped[str] = mapped_column(String(10), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    template: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
