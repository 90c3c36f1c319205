"""When accounts like to post, and when nobody should."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from publisher.accounts.models import Account
from publisher.extensions import Model
from publisher.storage import Instant
from publisher.stories.models import Story


class QueueSlot(Model):
    """A weekly time at which an account likes to post: `at` ("09:00") on `weekday` (0: Monday) in `zone`."""

    __tablename__ = "queue_slots"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    weekday: Mapped[int]
    at: Mapped[str] = mapped_column(String(5))
    zone: Mapped[str] = mapped_column(String(60))

    account: Mapped[Account] = relationship()

    __table_args__ = (UniqueConstraint("account_id", "weekday", "at", "zone"),)


class Blackout(Model):
    """Days, `first` to `last` in the installation's zone, on which nothing should go out, and why."""

    __tablename__ = "blackouts"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[date]
    last: Mapped[date] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(Instant)


Index("ix_stories_campaign", Story.campaign)  # moving a campaign finds its stories by name
