"""What is live: the public address of each published post of a story."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from publisher.accounts.models import Account
from publisher.extensions import Model
from publisher.storage import Instant
from publisher.stories.models import Post


class Address(Model):
    """Where a post can be seen: written with its receipt, replaced by the receipt of a later run."""

    __tablename__ = "addresses"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    remote_id: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))
    published_at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)
    """What was published, so that links can be written back below exactly that."""

    post: Mapped[Post] = relationship()
    account: Mapped[Account] = relationship()
