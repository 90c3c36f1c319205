"""Reviewing: submit, approve, request changes, touch up."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from publisher import clock
from publisher.config import Config
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role, at_least, may_approve
from publisher.storage import writing
from publisher.stories import (
    absences,
    access,
    approvals,
    checks,
    comments,
    contents,
    rules,
    service,
    taking,
    telling,
)
from publisher.stories import problems as found_problems
from publisher.stories.models import Approval, Comment, Post, Revision, Story
from publisher.stories.rules import IN_REVIEW, Draft


def submit(actor: User | None, post: Post) -> Post:
    """Hand the newest revision to the editors. Raises Invalid that lists every blocking problem."""
    with writing():
        access.lock(post)
        access.require_edit(actor, post.story)
        _refuse_problems([post])
        _submit(actor, post)
        telling.editors(actor, post.story, [post])
    return post


def submit_story(actor: User | None, story: Story) -> list[Post]:
    """Submit every draft of the story, all or none."""
    with writing():
        access.lock(story)
        access.require_edit(actor, story)
        ready = [post for post in story.posts if rules.after(post.status, "submit")]
        if not ready:
            raise Conflict(_("This story has no draft to submit."))
        _refuse_problems(ready)
        for post in ready:
            _submit(actor, post)
        telling.editors(actor, story, ready)
    return ready


def approve(actor: User | None, post: Post, revision: int) -> Approval:
    """Approve exactly that revision; only the editorial part of `deliveries.service.approve`.

    Where a rule asks for more than one approval the post stays in review until the last one, and nobody
    counts twice. Raises Stale when there is a newer revision than the one that was read, NotAllowed for
    one's own writing (unless the installation allows it), Invalid when a problem has come up since,
    Conflict when one has approved it already and others are still missing.
    """
    with writing() as session:
        access.lock(post)
        if not access.sees(actor, post.story):
            raise NotFound(_("There is no such post, or it is not shared with you."))
        _require_approver(actor, post)
        if revision != post.revision:
            raise Stale(
                _("There is a newer revision than the one you read. Read it before you decide."),
                revision=post.revision,
            )
        if rules.after(post.status, "approve") is not None:
            _refuse_problems([post])
        approval = Approval(
            post_id=post.id,
            revision_id=post.head.id,
            hash=post.head.hash,
            approver_id=actor.id if actor else None,
            at=clock.now(),
            complete=_is_last(actor, post),
        )
        detail: dict[str, Any] = {}
        if actor and approvals.touched_up(actor, post):
            detail = {"own_touch_up": True}
        if approval.complete:
            service.move(actor, post, "approve", revision=revision, **detail)
            post.approved_hash = post.head.hash
            taking.end(post)
        else:
            audit.record(
                actor,
                "approve_in_part",
                "post",
                post.id,
                story_id=post.story_id,
                account=post.account.slug,
                revision=revision,
                **detail,
            )
        session.add(approval)
        session.flush()
        if approval.complete:
            telling.writers(actor, post, "approved")
    return approval


def _is_last(actor: User | None, post: Post) -> bool:
    """Whether no approval is missing after this one. The machine's own word is enough by itself."""
    if actor is None or rules.after(post.status, "approve") is None:
        return True
    standing = approvals.standing(post)
    if actor not in standing.by:
        return standing.missing <= 1
    if standing.missing:
        raise Conflict(
            _("You have approved this already. Somebody else has to approve it, too."),
            code="approved_already",
            missing=standing.missing,
        )
    return True


def request_changes(actor: User | None, post: Post, reason: str) -> Comment:
    """Send the post back with the reason, which is required and stays with the post.

    Approvals that it got so far are void then.
    """
    with writing():
        access.lock(post)
        if not access.sees(actor, post.story):
            raise NotFound(_("There is no such post, or it is not shared with you."))
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors decide on a post."))
        reason = comments.worded(reason, "reason", _("Say what should change."))
        service.move(actor, post, "request_changes", note=reason, revision=post.revision)
        service.void_approval(post)
        said = comments.say(actor, post.story, reason, post, request=True)
        telling.writers(actor, post, "changes_requested", reason=reason[:300])
    return said


def touch_up(
    actor: User | None, post: Post, draft: Draft, *, version: int, base: str | None = None
) -> Post:
    """An editor's own hand on a post in review: a new revision that stays in review.

    Its writers are told, former approvals are void and stay on record, and the other editors are asked
    where this one may not decide on their own words. Raises what `service.edit` and `submit` raise, and Stale
    whenever something else was read than what stands now, be it a picture that the form does not show.
    """
    with writing():
        access.lock(post)
        if not access.sees(actor, post.story):
            raise NotFound(_("There is no such post, or it is not shared with you."))
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors decide on a post."))
        if post.status != IN_REVIEW:
            raise Conflict(_("This post is not in review."))
        if base != post.head.hash if base else version != post.version:
            raise contents.stale(post, contents.checked(draft))
        before, waits_since = post.revision, post.submitted_at
        service.edit(actor, post, draft, version=version, base=base, touched_up=True)
        if post.revision == before:
            return post
        post.head.touch_up = True
        _refuse_problems([post])
        _submit(actor, post)
        post.submitted_at = waits_since
        telling.writers(actor, post, "edited")
        if not may_decide(actor, post):
            telling.editors(actor, post.story, [post])
    return post


def may_decide(actor: User | None, post: Post) -> bool:
    """Whether `actor` may approve this post, whatever its state."""
    settings: Config = current_app.extensions["settings"]
    return actor is None or may_approve(
        actor.role, actor.id, _writers(post), allow_self=settings.allow_self_approval
    )


def approves_touch_up(actor: User | None, post: Post) -> bool:
    """Whether `actor` may approve the post in the same step in which they touch it up."""
    settings: Config = current_app.extensions["settings"]
    own_words = settings.allow_self_approval or settings.allow_touch_up_approval
    return own_words and may_decide(actor, post)


def others_who_decide(actor: User, post: Post) -> list[User]:
    """Who else could approve the post: whom a touch-up by `actor` would leave it to."""
    settings: Config = current_app.extensions["settings"]
    wrote, allow = _writers(post), settings.allow_self_approval
    return [
        person
        for person in people.everyone()
        if person.id != actor.id
        and absences.may_review(person)
        and may_approve(person.role, person.id, wrote, allow_self=allow)
    ]


def last_approved(post: Post) -> Revision | None:
    """The newest revision that was ever approved by all who had to; None before that."""
    return db.session.scalar(
        select(Revision)
        .join(Approval, Approval.revision_id == Revision.id)
        .where(Approval.post_id == post.id, Approval.complete)
        .order_by(Approval.id.desc())
        .limit(1)
    )


def _require_approver(actor: User | None, post: Post) -> None:
    if may_decide(actor, post):
        return
    if actor and at_least(actor.role, Role.EDITOR):
        raise NotAllowed(
            _("You wrote part of this post, so somebody else has to approve it."), code="own_post"
        )
    raise NotAllowed(_("Only editors decide on a post."))


def _writers(post: Post) -> set[int]:
    authors = db.session.scalars(
        select(Revision.author_id)
        .where(Revision.post_id == post.id, approvals.makes_a_writer())
        .distinct()
    )
    return rules.writers(authors, post.story.owner_id)


def _submit(actor: User | None, post: Post) -> None:
    service.move(actor, post, "submit", revision=post.revision)
    post.submitted_at = clock.now()


def _refuse_problems(posts: list[Post]) -> None:
    blocking = [
        (post, problem) for post in posts for problem in checks.problems(post) if problem.blocking
    ]
    if not blocking:
        return
    lines = [
        f"{post.account.label}: {found_problems.sentence(problem)}" for post, problem in blocking
    ]
    raise Invalid(
        _("This cannot go out yet.") + " " + " ".join(lines),
        code="problems",
        problems=[
            {"post": post.id, "code": problem.code, "message": found_problems.sentence(problem)}
            for post, problem in blocking
        ],
    )
