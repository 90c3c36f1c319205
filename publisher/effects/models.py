"""The outbox: work that never decides a delivery's status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from publisher.extensions import Model
from publisher.storage import Instant


class Effect(Model):
    """One piece of side work with a desired state. `key` makes asking for it twice harmless.

    Due when `next_at` has come; done when `done_at` is set and nobody asked for another state since;
    stuck (shown to people) when `attempts` ran out, which leaves `next_at` empty and `problem` filled.
    """

    __tablename__ = "effects"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    desired: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    problem: Mapped[str] = mapped_column(Text, default="")

    @property
    def stuck(self) -> bool:
        """Whether nobody tries it any more."""
        return self.next_at is None and self.done_at is None

    __table_args__ = (
        Index("ix_effects_next_at", "next_at"),
        # What gave up is a handful among many that are done, and every page counts it.
        Index(
            "ix_effects_stuck",
            "id",
            sqlite_where=text("next_at IS NULL AND done_at IS NULL"),
            postgresql_where=text("next_at IS NULL AND done_at IS NULL"),
        ),
    )
