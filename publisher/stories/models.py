"""Stories, their posts, and the immutable revisions that reviews and approvals speak of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from publisher.accounts.models import Account
from publisher.extensions import Base, Model
from publisher.people.models import User
from publisher.storage import Instant
from publisher.stories.rules import Draft, EditorialStatus, MediaUse

story_authors = Table(
    "story_authors",
    Base.metadata,
    Column("story_id", ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Category(Model):
    """A section of the editorial programme, named in both languages; `rhythm` posts of it should go out in
    each `rhythm_unit` ("week" or "month"), where that is more than none."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name_ko: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    rhythm: Mapped[int] = mapped_column(default=0)
    rhythm_unit: Mapped[str] = mapped_column(String(5), default="week")

    def name(self, language: str) -> str:
        return self.name_ko if language == "ko" else self.name_en


class FormerCategory(Model):
    """The address of a category that was merged into another: feeds and links that name it mean that one."""

    __tablename__ = "former_categories"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), index=True
    )


class Story(Model):
    """The thing to tell. Groups the posts that link to each other."""

    __tablename__ = "stories"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    brief: Mapped[str] = mapped_column(Text, default="")
    campaign: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(5), default="ko")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    deadline: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    archived_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    category: Mapped[Category | None] = relationship()
    owner: Mapped[User] = relationship()
    authors: Mapped[list[User]] = relationship(secondary=story_authors, order_by=User.name)
    posts: Mapped[list[Post]] = relationship(back_populates="story", order_by="Post.id")


class Post(Model):
    """A story written for one account.

    `version` rises with every change of content or time (the API's ETag); `revision` is the number of the
    newest revision, `approved_hash` the hash that the standing approval names. `planned_at` with the zone
    and wall time that were meant is set in any state. `delivery_status`, `due_at`, `published_at` and `url`
    mirror the deliveries; `shown_status` and `shown_at` are what calendar and feeds read; `sequence` rises
    with every visible change (an iCalendar SEQUENCE), `changed_at` says when.
    """

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    status: Mapped[EditorialStatus] = mapped_column(String(20), default=EditorialStatus.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    planned_at: Mapped[datetime | None] = mapped_column(Instant)
    planned_zone: Mapped[str] = mapped_column(String(60), default="")
    planned_wall: Mapped[str] = mapped_column(String(16), default="")
    grace_s: Mapped[float | None] = mapped_column()
    delivery_status: Mapped[str | None] = mapped_column(String(20))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    url: Mapped[str] = mapped_column(String(500), default="")
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    shown_status: Mapped[str] = mapped_column(String(20), default="draft")
    shown_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    story: Mapped[Story] = relationship(back_populates="posts")
    account: Mapped[Account] = relationship()
    head: Mapped[Revision] = relationship(
        primaryjoin="and_(Revision.post_id == Post.id, Revision.number == Post.revision)",
        viewonly=True,
    )
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="post", order_by="Revision.number", foreign_keys="Revision.post_id"
    )

    __table_args__ = (
        # Calendars read along the first two; the others let a feed's validator come from the index alone.
        Index(
            "ix_posts_shown_at",
            "shown_at",
            "id",
            "shown_status",
            "changed_at",
            "sequence",
            "account_id",
            "story_id",
        ),
        Index("ix_posts_status_planned_at", "status", "planned_at"),
        Index("ix_posts_shown_status", "shown_status", "shown_at"),
        Index("ix_posts_changed_at", "changed_at"),
    )


class Revision(Model):
    """A snapshot of a post's content, immutable once it was saved on purpose, read or submitted: only the
    autosaves of one writer fill it before that. `media` is a list of {"id", "alt"} and, where it is cut,
    "crop", "x" and "y"; `touch_up` says that it is an editor's hand on what they reviewed."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(Text, default="")
    media: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    thread: Mapped[bool] = mapped_column(default=False)
    when_late: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    hash: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    touch_up: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(Instant)

    post: Mapped[Post] = relationship(back_populates="revisions", foreign_keys=[post_id])
    author: Mapped[User | None] = relationship()

    __table_args__ = (UniqueConstraint("post_id", "number"),)

    @property
    def draft(self) -> Draft:
        """The content as a frozen value."""
        return Draft(
            title=self.title,
            text=self.text,
            link=self.link,
            media=tuple(MediaUse.of(use) for use in self.media),
            thread=self.thread,
            when_late=dict(self.when_late),
        )


class Approval(Model):
    """Who approved which revision's hash, when, and since when it no longer counts.

    `complete` says that it was the last one needed: with it the post was approved.
    """

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    hash: Mapped[str] = mapped_column(String(64))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    complete: Mapped[bool] = mapped_column(default=True)

    revision: Mapped[Revision] = relationship()
    approver: Mapped[User | None] = relationship()


class Comment(Model):
    """What somebody says about a story or one of its posts; `request` marks a change request's reason.

    `quote` are the words of the post's text that it speaks of, `quote_at` where they began in the revision
    that was read.
    """

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text, default="")
    quote_at: Mapped[int | None] = mapped_column()
    request: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)

    post: Mapped[Post | None] = relationship()
    author: Mapped[User | None] = relationship()


class StoryFilter(Model):
    """A way of looking at a page, "stories" or "calendar", that one person comes back to: `query` as in its
    address."""

    __tablename__ = "story_filters"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    page: Mapped[str] = mapped_column(String(20), default="stories")
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(500))

    __table_args__ = (UniqueConstraint("user_id", "page", "name"),)


class Outline(Model):
    """A story kept as a template: its brief, and per account the text to begin with (`slug`, `kind`, `title`,
    `text`, `link`, `thread`)."""

    __tablename__ = "outlines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    brief: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    texts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(Instant)


class PictureUse(Model):
    """Which pictures a post's newest text shows, attached or written into it."""

    __tablename__ = "picture_uses"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    media_id: Mapped[int] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    post: Mapped[Post] = relationship()


class Taken(Model):
    """The editor who has said that they review this post, until it is approved."""

    __tablename__ = "reviews_taken"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)

    user: Mapped[User] = relationship()


class ApprovalRule(Model):
    """How many approvals a post needs of which all of this is true: its category, its account, a word in it.
    What is empty is true of every post."""

    __tablename__ = "approval_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    word: Mapped[str] = mapped_column(String(80), default="")
    needed: Mapped[int]

    category: Mapped[Category | None] = relationship()
    account: Mapped[Account | None] = relationship()


class Absence(Model):
    """Days on which an editor is away, as their own zone counts days, and who stands in for them."""

    __tablename__ = "absences"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    first: Mapped[date]
    last: Mapped[date]

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    delegate: Mapped[User] = relationship(foreign_keys=[delegate_id])
