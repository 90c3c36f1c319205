"""What was answered to a request with an Idempotency-Key, so that sending it twice does its work once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from publisher.extensions import Model
from publisher.storage import Instant


class Answered(Model):
    """One answered request: whose, under which key, of which content, and the sealed answer. Kept a day."""

    __tablename__ = "answered"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_answered_at", "at"),)
