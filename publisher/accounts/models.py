"""Connected channel accounts: authority, health, pace and pauses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from publisher.accounts.rules import AccountStatus
from publisher.extensions import Model
from publisher.storage import Instant
from publisher.vault import EncryptedJSON


class Account(Model):
    """One connected identity: a blog, a handle, a Page.

    `spacing_s` is the least number of seconds between two posts, `next_slot_at` the earliest instant of the
    next. `api_url` replaces the platform's own (the sandbox uses it). `public_name` is what `identify` said.
    `strikes` counts failures in a row of the way to the platform; since `silent_since` they are so many that
    one post is tried at `paused_until` and the others wait for it. `quota_…` is what the platform's headers
    said last. `expires_at` is when the credentials end, where somebody knows.
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    credentials: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON, deferred=True)
    api_url: Mapped[str] = mapped_column(String(300), default="")
    sandbox: Mapped[bool] = mapped_column(default=False)
    public_name: Mapped[str] = mapped_column(String(100), default="")
    status: Mapped[AccountStatus] = mapped_column(String(10), default=AccountStatus.ACTIVE)
    problem: Mapped[str] = mapped_column(Text, default="")
    paused_until: Mapped[datetime | None] = mapped_column(Instant)
    spacing_s: Mapped[float] = mapped_column(default=0.0)
    next_slot_at: Mapped[datetime | None] = mapped_column(Instant)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    strikes: Mapped[int] = mapped_column(default=0, server_default="0")
    silent_since: Mapped[datetime | None] = mapped_column(Instant)
    quota_left: Mapped[int | None] = mapped_column()
    quota_percent: Mapped[float | None] = mapped_column()
    quota_resets_at: Mapped[datetime | None] = mapped_column(Instant)
    quota_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Hold(Model):
    """Somebody stopped everything (`account_id` empty) or one account, and why; open until released.

    One open hold per account, one for everything and one for a moved clock at most. What the machine itself
    holds for has a `code`, which `values` belong to: it is said in the reader's language.
    """

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    scope: Mapped[int] = mapped_column(default=0)
    """The account's id, 0 for everything, -1 for a moved clock, which holds everything too. The unique index
    compares this, as NULLs are all different."""
    reason: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(String(20), default="", server_default="")
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    actor_name: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    released_by: Mapped[str] = mapped_column(String(100), default="")

    __table_args__ = (
        Index(
            "uq_holds_open",
            "scope",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
    )


class HostClock(Model):
    """What a machine's two clocks said when its time was last believed, so that a restart forgets nothing."""

    __tablename__ = "host_clocks"

    host: Mapped[str] = mapped_column(String(120), primary_key=True)
    wall: Mapped[float]
    boot: Mapped[float]
    boot_id: Mapped[str] = mapped_column(String(40))
