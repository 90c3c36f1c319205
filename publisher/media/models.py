"""Pictures and their renditions, kept in the database: one backup holds everything, every host
sees them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from publisher.extensions import Model
from publisher.people.models import User
from publisher.storage import Instant


class Media(Model):
    """One uploaded picture, re-encoded. `alt` is the default; a post may say it differently."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    alt: Mapped[str] = mapped_column(Text, default="")
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    owner: Mapped[User] = relationship()


class Rendition(Model):
    """Bytes of one size of a picture: `web` (WebP, at most 2048 px), `thumb` (WebP, 320 px),
    `send` (JPEG or PNG within what X and Facebook take); and cuts that an article shows, named as `cut_name`
    says."""

    __tablename__ = "renditions"

    id: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(10))
    mime: Mapped[str] = mapped_column(String(30))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary))

    __table_args__ = (UniqueConstraint("media_id", "name"),)
