"""What people are told, in the app and by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from publisher.extensions import Model
from publisher.storage import Instant


class Notice(Model):
    """One message to one person. `kind` chooses the sentence, `values` fill it, `path` is where to act.

    `mailed_at` is when a mail that tells it was handed over, alone or in a digest.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    path: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    mailed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_notices_user_id", "user_id", "id"),
        Index(
            "ix_notices_unread",
            "user_id",
            "id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )


class MailWish(Model):
    """How a person wants to be mailed, where they said so: a way per kind, and wall times of their zone
    as HH:MM. Quiet hours are empty where both ends are."""

    __tablename__ = "mail_wishes"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    ways: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    digest_at: Mapped[str] = mapped_column(String(5))
    quiet_from: Mapped[str] = mapped_column(String(5), default="")
    quiet_until: Mapped[str] = mapped_column(String(5), default="")
    urgent_anyway: Mapped[bool] = mapped_column(default=True)
