"""Drafting: stories, their posts and revisions, the planned time, and what others read of a post.

Reviewing is in `review.py`, lists are in `queries.py`, archiving is in `shelving.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _
from sqlalchemy import select, update

from channels.base import Content, Image
from publisher import clock, zones
from publisher.accounts.models import Account
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import access, contents, deadlines, lookups, rules, search, uses
from publisher.stories.access import lock, require_edit, sees
from publisher.stories.models import Approval, Category, Post, Revision, Story
from publisher.stories.rules import ARCHIVED, Draft, MediaUse

# ---- Reading ----


def get_story(actor: User | None, story_id: int) -> Story:
    """The story; NotFound also when `actor` may not open it: nobody learns that it exists."""
    story = db.session.get(Story, story_id)
    if story is None or not sees(actor, story):
        raise NotFound(_("There is no such story, or it is not shared with you."))
    return story


def get_post(actor: User | None, post_id: int) -> Post:
    """The post; NotFound also when `actor` may not open its story."""
    post = db.session.get(Post, post_id)
    if post is None or not sees(actor, post.story):
        raise NotFound(_("There is no such post, or it is not shared with you."))
    return post


# ---- Stories ----


def create_story(
    actor: User,
    *,
    title: str,
    brief: str = "",
    category_id: int | None = None,
    campaign: str = "",
    language: str = "",
    deadline: datetime | None = None,
    author_ids: Iterable[int] = (),
) -> Story:
    """A new story owned by `actor`, without posts yet. Raises Invalid naming the wrong field."""
    with writing() as session:
        if not at_least(actor.role, Role.AUTHOR):
            raise NotAllowed(_("Your role may read but not write stories."))
        now = clock.now()
        story = Story(owner_id=actor.id, created_at=now, changed_at=now)
        _fill(
            story,
            title=title,
            brief=brief,
            category_id=category_id,
            campaign=campaign,
            language=language or actor.language,
            deadline=deadline,
            author_ids=author_ids,
        )
        session.add(story)
        search.keep(story)
        deadlines.remind(story)
        audit.record(actor, "create", "story", story.id, story_id=story.id, title=story.title)
    return story


def update_story(actor: User | None, story: Story, *, version: int, **parts: Any) -> Story:
    """Change the story's own parts (those of `create_story`). Stale when `version` is outdated."""
    with writing():
        lock(story)
        require_edit(actor, story)
        if version != story.version:
            raise Stale(
                _("Somebody else changed this story while you were writing."), version=story.version
            )
        access.require_category(actor, story, parts["category_id"])
        before = story.title, story.campaign
        _fill(story, **parts)
        story.version += 1
        story.changed_at = clock.now()
        search.keep(story)
        deadlines.remind(story)
        if (story.title, story.campaign) != before:
            for post in story.posts:
                surface(post, changed=True)
        audit.record(actor, "change", "story", story.id, story_id=story.id, title=story.title)
    return story


def _fill(
    story: Story,
    *,
    title: str,
    brief: str,
    category_id: int | None,
    campaign: str,
    language: str,
    deadline: datetime | None,
    author_ids: Iterable[int],
) -> None:
    title = " ".join(rules.clean(title).split())
    if not title:
        raise Invalid(_("Give the story a title."), fields={"title": _("Give the story a title.")})
    if len(title) > 200:
        long = _("A title has at most 200 characters.")
        raise Invalid(long, fields={"title": long})
    if language not in {"ko", "en"}:
        raise Invalid(
            _("Choose Korean or English."), fields={"language": _("Choose Korean or English.")}
        )
    if category_id is not None and db.session.get(Category, category_id) is None:
        raise Invalid(
            _("There is no such category."), fields={"category_id": _("There is no such category.")}
        )
    wanted = set(author_ids) - {story.owner_id}
    authors = list(db.session.scalars(select(User).where(User.id.in_(wanted)))) if wanted else []
    if len(authors) != len(wanted):
        raise Invalid(
            _("One of the co-authors is not known here."), fields={"author_ids": _("Choose again.")}
        )
    story.title, story.brief = title, rules.clean(brief).strip()
    story.campaign = " ".join(rules.clean(campaign).split())[:100]
    story.category_id, story.language, story.deadline = category_id, language, deadline
    story.authors = authors


# ---- Posts ----


def add_post(
    actor: User | None,
    story: Story,
    account: Account,
    draft: Draft,
    *,
    planned_at: datetime | None = None,
    zone: str = "",
) -> Post:
    """The story written for `account`, as a draft with its first revision.

    `zone` is the one in which `planned_at` was meant.
    """
    with writing() as session:
        require_edit(actor, story)
        if story.archived_at is not None:
            raise Conflict(_("This story is archived. Restore it first."))
        draft = contents.checked(draft)
        now = clock.now()
        post = Post(story=story, account=account, uid=str(uuid4()), created_at=now, changed_at=now)
        session.add(post)
        session.flush()
        _add_revision(actor, post, draft, number=1)
        _plan(post, planned_at, zone)
        lookups.keep(post, draft)
        story.changed_at = now
        surface(post)
        audit.record(actor, "create", "post", post.id, story_id=story.id, account=account.slug)
    return post


def edit(
    actor: User | None,
    post: Post,
    draft: Draft,
    *,
    version: int,
    base: str | None = None,
    **detail: Any,
) -> Post:
    """Write a new revision if the content changed; the approval is void then, the time stays.

    Raises Stale, with both texts in `values` as `mine` and `theirs`, when somebody saved since
    `version` was read and wrote something else: no text is ever overwritten unseen. The row is
    locked meanwhile. `base`, if given, is the hash of the content that was read: when that still
    stands, only the time was moved meanwhile and nothing is lost. `detail` goes to the Event.
    """
    with writing():
        lock(post)
        require_edit(actor, post.story)
        draft = contents.checked(draft)
        lookups.keep(post, draft)
        if rules.content_hash(post.account_id, draft) == post.head.hash:
            return post
        if version != post.version and base != post.head.hash:
            raise contents.stale(post, draft)
        before = post.head.title
        if voided := void_approval(post):
            detail["voided"] = voided
        move(actor, post, "edit", revision=post.revision + 1, **detail)
        _add_revision(actor, post, draft, number=post.revision + 1)
        post.version += 1
        post.story.changed_at = clock.now()
        surface(post, changed=draft.title != before)
    return post


def plan(actor: User | None, post: Post, at: datetime | None, zone: str) -> Post:
    """Set or clear the planned time, keeping the wall time and zone that were meant, and approval.

    This is the idea of a time only: `deliveries.service.move` also moves what is scheduled.
    """
    with writing():
        lock(post)
        require_edit(actor, post.story)
        if post.status == ARCHIVED:
            raise Conflict(_("This post is archived. Restore it first."))
        before = post.planned_at
        _plan(post, at, zone)
        if post.planned_at != before:
            post.version += 1
            surface(post)
            audit.record(
                actor,
                "plan",
                "post",
                post.id,
                story_id=post.story_id,
                before=before.isoformat() if before else None,
                after=at.isoformat() if at else None,
                zone=post.planned_zone,
            )
    return post


def _plan(post: Post, at: datetime | None, zone: str) -> None:
    if at is None:
        post.planned_at, post.planned_zone, post.planned_wall = None, "", ""
        return
    zone = zone or "UTC"
    post.planned_at, post.planned_zone, post.planned_wall = at, zone, zones.wall(at, zone)


def _add_revision(actor: User | None, post: Post, draft: Draft, *, number: int) -> None:
    revision = Revision(
        post_id=post.id,
        number=number,
        author_id=actor.id if actor else None,
        created_at=clock.now(),
    )
    fill(revision, draft, rules.content_hash(post.account_id, draft))
    db.session.add(revision)
    post.revision = number
    search.keep(post.story)
    uses.keep(post)
    db.session.expire(post, ["head", "revisions"])


def fill(revision: Revision, draft: Draft, content_hash: str) -> None:
    """Write the content into a revision that nobody has read yet: a new one, or one being autosaved."""
    revision.title, revision.text, revision.link = draft.title, draft.text, draft.link
    revision.media = [use.stored() for use in draft.media]
    revision.thread, revision.when_late = draft.thread, dict(draft.when_late)
    revision.hash = content_hash


def void_approval(post: Post, by: User | None = None) -> list[str]:
    """Whatever was approved no longer counts, or only what `by` did; answers whose word that was. The post is
    not approved then in any case. Call inside `writing()`."""
    post.approved_hash = None
    standing = [Approval.post_id == post.id, Approval.voided_at.is_(None)]
    if by is not None:
        standing.append(Approval.approver_id == by.id)
    names = select(User.name).join(Approval, Approval.approver_id == User.id).where(*standing)
    voided = list(dict.fromkeys(db.session.scalars(names.order_by(Approval.id))))
    db.session.execute(update(Approval).where(*standing).values(voided_at=clock.now()))
    return voided


# ---- What a post shows ----


def move(actor: User | None, post: Post, verb: str, *, note: str = "", **detail: Any) -> None:
    """The one place that writes a post's editorial status: asks the table and leaves an Event.

    Raises Conflict where the table has no such transition. Call inside `writing()`.
    """
    to = rules.after(post.status, verb)
    if to is None:
        raise Conflict(_refusal(verb), status=str(post.status), verb=verb)
    before, post.status = post.status, to
    audit.record(
        actor,
        verb,
        "post",
        post.id,
        story_id=post.story_id,
        note=note,
        before=str(before),
        after=str(to),
        account=post.account.slug,
        **detail,
    )
    surface(post)


def _refusal(verb: str) -> str:
    return {
        "submit": _("Only a draft can be submitted for review."),
        "approve": _("Only a post that is in review can be approved."),
        "request_changes": _("Changes can only be requested of a post that is in review."),
        "edit": _("This post is archived. Restore it first."),
        "expire": _("Only the approval of an approved post can expire."),
        "withdraw": _("Only a post that is in review can be taken back from it."),
        "take_back": _("This post is not approved."),
        "archive": _("This post is archived already."),
        "restore": _("This post is not archived."),
    }[verb]


def surface(post: Post, *, changed: bool = False) -> None:
    """Recompute what calendar and feeds show; `sequence` rises when it changed.

    Pass `changed=True` for a visible change that the two states and the time do not tell, such as
    a title or an address. Call inside `writing()`.
    """
    status = rules.shown(post.status, post.delivery_status)
    due = post.due_at if status == post.delivery_status else None
    at = post.published_at or due or post.planned_at or post.due_at
    if changed or status != post.shown_status or at != post.shown_at:
        post.shown_status, post.shown_at = status, at
        post.sequence += 1
        post.changed_at = clock.now()


def reflect(
    post: Post,
    *,
    delivery_status: str | None,
    due_at: datetime | None,
    published_at: datetime | None,
    url: str,
) -> None:
    """Mirror what the post's deliveries say now. Called by deliveries, inside their transaction."""
    moved = url != post.url
    post.delivery_status, post.due_at = delivery_status, due_at
    post.published_at, post.url = published_at, url
    surface(post, changed=moved)


# ---- Content ----


def content(
    revision: Revision,
    *,
    address: Callable[[str], str | None],
    image: Callable[[MediaUse], Image] | None = None,
) -> Content:
    """The revision as its channel gets it, with every reference replaced by what `address` says.

    `address` gets "blog" or "link:SLUG"; None leaves that link out. `image` loads a picture; by
    default with all its bytes, ready to send. Raises NotFound when a picture is gone.
    """
    return contents.content_of(revision.post, revision.draft, address=address, image=image)
