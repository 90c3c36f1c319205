"""What was last read of pages that posts link to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from publisher.extensions import Model
from publisher.storage import Instant


class LinkedPage(Model):
    """One page elsewhere and its card, as it was at `read_at`. `key` is the hash of its address.

    `silent`: it could not be read, or says nothing of itself. The picture is small, re-encoded here, and
    empty where there is none.
    """

    __tablename__ = "linked_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(Instant, index=True)
    silent: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(String(500), default="")
    site: Mapped[str] = mapped_column(String(100), default="")
    large: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    picture: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False, default=b""))
