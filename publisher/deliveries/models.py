"""Deliveries and their attempts. The constraints do the guarding, not care."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from publisher.accounts.models import Account
from publisher.deliveries.rules import CorrectionKind, DeliveryStatus
from publisher.extensions import Model
from publisher.storage import Instant
from publisher.stories.models import Post, Revision


class Delivery(Model):
    """One approved revision, or one part of its thread, on its way to its account.

    `next_at` is the earliest instant at which a claim can succeed; empty while the row waits for what
    `waits_for` names. `expires_at` is due time plus grace. Only claims raise `fence`; a writer whose fence is
    stale writes nothing. `wire_at` is committed just before the first byte of the create call. `text` is what
    was rendered for the wire, kept so that reconciling looks for exactly that. `look_at` is when it is looked
    ahead whether it will be able to go out, `concerns` what was found then: codes with commas between them.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    run: Mapped[int] = mapped_column(default=1)
    part: Mapped[int] = mapped_column(default=1)
    parts: Mapped[int] = mapped_column(default=1)
    status: Mapped[DeliveryStatus] = mapped_column(String(20), default=DeliveryStatus.SCHEDULED)
    due_at: Mapped[datetime] = mapped_column(Instant)
    zone: Mapped[str] = mapped_column(String(60), default="")
    wall: Mapped[str] = mapped_column(String(16), default="")
    expires_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    waits_for: Mapped[str] = mapped_column(String(20), default="")
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[str] = mapped_column(String(120), default="")
    wire_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    absences: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    marker: Mapped[str] = mapped_column(String(32), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(Text, default="", server_default="")
    staged: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    remote_id: Mapped[str | None] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500), default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    late_ms: Mapped[int | None] = mapped_column()
    problem: Mapped[str] = mapped_column(Text, default="")
    problem_code: Mapped[str] = mapped_column(String(60), default="")
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    concerns: Mapped[str] = mapped_column(String(200), default="", server_default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)

    post: Mapped[Post] = relationship()
    revision: Mapped[Revision] = relationship()
    account: Mapped[Account] = relationship()
    tries: Mapped[list[Attempt]] = relationship(back_populates="delivery", order_by="Attempt.fence")

    __table_args__ = (
        UniqueConstraint("post_id", "run", "part"),
        UniqueConstraint("account_id", "remote_id"),
        # What needs care or is late is a handful among many: found without reading the rest.
        Index("ix_deliveries_status_due_at", "status", "due_at"),
        Index(
            "uq_deliveries_sending",
            "account_id",
            unique=True,
            sqlite_where=sql("status = 'sending'"),
            postgresql_where=sql("status = 'sending'"),
        ),
        Index(
            "ix_deliveries_next_at",
            "next_at",
            sqlite_where=sql("next_at IS NOT NULL"),
            postgresql_where=sql("next_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_account_next_at",
            "account_id",
            "next_at",
            sqlite_where=sql("next_at IS NOT NULL"),
            postgresql_where=sql("next_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_look_at",
            "look_at",
            sqlite_where=sql("look_at IS NOT NULL"),
            postgresql_where=sql("look_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_concerns",
            "due_at",
            sqlite_where=sql("concerns != ''"),
            postgresql_where=sql("concerns != ''"),
        ),
        Index("ix_deliveries_account_published", "account_id", "published_at"),
        Index(
            "ix_deliveries_lease_until",
            "lease_until",
            sqlite_where=sql("lease_until IS NOT NULL"),
            postgresql_where=sql("lease_until IS NOT NULL"),
        ),
    )


class Attempt(Model):
    """One claim of a delivery, to send or to reconcile. Written before the platform is touched."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    fence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str] = mapped_column(String(120), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    wire_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    code: Mapped[str] = mapped_column(String(60), default="")
    detail: Mapped[str] = mapped_column(Text, default="")

    delivery: Mapped[Delivery] = relationship(back_populates="tries")

    __table_args__ = (UniqueConstraint("delivery_id", "fence"),)


class Correction(Model):
    """What a person wanted of a post that is out: that it says what a newer approved revision says, or that
    it is taken down. `run` is the one it is about.

    `ended_at` is set when that is so (`outcome` done), when a person did it on the platform (by_hand), when
    another wish took its place (replaced), or when the approval was void before (void). `problem` is what
    kept it from coming true last.
    """

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    run: Mapped[int]
    kind: Mapped[CorrectionKind] = mapped_column(String(20))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    actor_name: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    problem: Mapped[str] = mapped_column(Text, default="")

    post: Mapped[Post] = relationship()
    revision: Mapped[Revision | None] = relationship()

    __table_args__ = (
        # What is still to be done is a handful: counted on every page.
        Index(
            "ix_corrections_asked_at",
            "asked_at",
            sqlite_where=sql("ended_at IS NULL"),
            postgresql_where=sql("ended_at IS NULL"),
        ),
    )


class Beat(Model):
    """A sign of life of a process: who, when last. The dispatcher's silence is seen here."""

    __tablename__ = "beats"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
