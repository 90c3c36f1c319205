"""Undoing what was handed over: an author takes a submission back, an editor an approval."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import select, update

from publisher import clock
from publisher.errors import Conflict, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import absences, access, approvals, review, service, taking, telling
from publisher.stories.models import Approval, Post, Story, Taken
from publisher.stories.rules import IN_REVIEW


def withdraw(actor: User | None, post: Post) -> Post:
    """Take a post back from review; it is a draft again, and whoever has taken it to review is told.

    Raises Conflict once somebody has decided, be it only one of several who have to approve.
    """
    with writing():
        access.lock(post)
        access.require_edit(actor, post.story)
        if post.status == IN_REVIEW and approvals.standing(post).by:
            raise Conflict(
                _("Somebody has approved this already. Ask them to send it back."), code="decided"
            )
        service.move(actor, post, "withdraw", revision=post.revision)
        service.void_approval(post)
        _tell_reviewer(actor, post)
    return post


def withdraw_some(actor: User | None, story: Story, ids: Collection[int]) -> list[Post]:
    """Take these posts of the story back, all or none. Raises NotFound for one that it does not have."""
    with writing():
        access.lock(story)
        return [withdraw(actor, post) for post in chosen(story, ids)]


def take_back(actor: User | None, post: Post, revision: int) -> Post:
    """An approval of that revision counts no more, and the post waits for a decision again; only the
    editorial part of `deliveries.recall.take_back`.

    Of several approvals only one's own is void, and all of them where an editor who has not approved takes
    them back. Who takes it back has the post to review, so that it does not lie about. Raises Stale when
    something else stands there by now, Conflict when there is nothing to take back.
    """
    with writing():
        access.lock(post)
        if not access.sees(actor, post.story):
            raise NotFound(_("There is no such post, or it is not shared with you."))
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors decide on a post."))
        if revision != post.revision:
            raise Stale(_("There is a newer revision than the one that was approved."))
        in_part = post.status == IN_REVIEW
        own = actor is not None and actor in approvals.standing(post).by
        if in_part and not own:
            raise Conflict(_("You have not approved this post."), code="not_approved")
        service.move(actor, post, "take_back", revision=post.revision)
        service.void_approval(post, actor if own else None)
        if not in_part:
            _was_none(post)
            telling.writers(actor, post, "approval_taken_back")
            _hand_on(actor, post)
    return post


def _was_none(post: Post) -> None:
    """What was approved and taken back is not what was approved last, and waits from now on."""
    revoked = (Approval.post_id == post.id, Approval.revision_id == post.head.id)
    db.session.execute(update(Approval).where(*revoked).values(complete=False))
    post.submitted_at = clock.now()


def chosen(story: Story, ids: Collection[int]) -> list[Post]:
    """The posts of the story with these ids. Raises NotFound for one that it does not have."""
    posts = {post.id: post for post in story.posts}
    if set(ids) - set(posts):
        raise NotFound(_("There is no such post, or it is not shared with you."))
    return [posts[post_id] for post_id in sorted(ids)]


def _hand_on(actor: User | None, post: Post) -> None:
    """It is reviewed by who took the approval back, or by the others where that one may not decide."""
    if actor and absences.may_review(actor) and review.may_decide(actor, post):
        taking.take(actor, post)
    else:
        telling.editors(actor, post.story, [post])


def _tell_reviewer(actor: User | None, post: Post) -> None:
    taken = db.session.scalar(select(Taken).where(Taken.post_id == post.id))
    if taken is None or (actor and taken.user_id == actor.id):
        return
    values = {
        "title": post.story.title,
        "account": post.account.label,
        "by": telling.name_of(actor),
    }
    notices.notify(taken.user, "withdrawn", values, f"/stories/{post.story_id}?post={post.id}")
