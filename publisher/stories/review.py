"""Reviewing: submit, approve, request changes, comment."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from publisher import clock
from publisher.config import Config
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role, at_least, may_approve
from publisher.storage import writing
from publisher.stories import access, rules, service
from publisher.stories import problems as found_problems
from publisher.stories.models import Approval, Comment, Post, Revision, Story


def submit(actor: User | None, post: Post) -> Post:
    """Hand the newest revision to the editors. Raises Invalid that lists every blocking problem."""
    with writing():
        access.lock(post)
        access.require_edit(actor, post.story)
        _refuse_problems([post])
        _submit(actor, post)
        _tell_editors(actor, post.story, [post])
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
        _tell_editors(actor, story, ready)
    return ready


def approve(actor: User | None, post: Post, revision: int) -> Approval:
    """Approve exactly that revision; only the editorial part of `deliveries.service.approve`.

    Raises Stale when there is a newer revision than the one that was read, NotAllowed for one's
    own writing (unless the installation allows it), Invalid when a problem has come up since.
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
        service.move(actor, post, "approve", revision=revision)
        post.approved_hash = post.head.hash
        approval = Approval(
            post_id=post.id,
            revision_id=post.head.id,
            hash=post.head.hash,
            approver_id=actor.id if actor else None,
            at=clock.now(),
        )
        session.add(approval)
        session.flush()
        _tell_writers(actor, post, "approved", {})
    return approval


def request_changes(actor: User | None, post: Post, reason: str) -> Comment:
    """Send the post back with the reason, which is required and stays with the post."""
    with writing():
        access.lock(post)
        if not access.sees(actor, post.story):
            raise NotFound(_("There is no such post, or it is not shared with you."))
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors decide on a post."))
        reason = _worded(reason, "reason", _("Say what should change."))
        service.move(actor, post, "request_changes", note=reason, revision=post.revision)
        said = _say(actor, post.story, reason, post, request=True)
        _tell_writers(actor, post, "changes_requested", {"reason": reason[:300]})
    return said


def comment(actor: User | None, story: Story, text: str, post: Post | None = None) -> Comment:
    """Say something about the story, or about one of its posts as it is now."""
    with writing():
        if not access.sees(actor, story):
            raise NotFound(_("There is no such story, or it is not shared with you."))
        if post is not None and post.story_id != story.id:
            raise NotFound(_("There is no such post, or it is not shared with you."))
        text = _worded(text, "text", _("Write something first."))
        said = _say(actor, story, text, post)
        audit.record(
            actor, "comment", "story", story.id, story_id=story.id, post=post.id if post else None
        )
        if actor is None or actor.id != story.owner_id:
            values = {
                "title": story.title,
                "by": actor.name if actor else audit.SYSTEM,
                "text": text[:300],
            }
            notices.notify(story.owner, "comment", values, f"/stories/{story.id}#comments")
    return said


def get_comment(actor: User | None, comment_id: int) -> Comment:
    """The comment; NotFound also when `actor` may not open its story."""
    said = db.session.get(Comment, comment_id)
    if said is None:
        raise NotFound(_("There is no such comment."))
    service.get_story(actor, said.story_id)
    return said


def resolve(actor: User | None, said: Comment) -> Comment:
    """Mark a comment as dealt with, or open it again."""
    with writing():
        story = service.get_story(actor, said.story_id)
        access.require_edit(actor, story)
        said.resolved_at = None if said.resolved_at else clock.now()
        audit.record(
            actor, "resolve", "comment", said.id, story_id=story.id, open=said.resolved_at is None
        )
    return said


def may_decide(actor: User | None, post: Post) -> bool:
    """Whether `actor` may approve this post, whatever its state."""
    settings: Config = current_app.extensions["settings"]
    return actor is None or may_approve(
        actor.role, actor.id, _writers(post), allow_self=settings.allow_self_approval
    )


def last_approved(post: Post) -> Revision | None:
    """The newest revision that was ever approved; None before the first approval."""
    return db.session.scalar(
        select(Revision)
        .join(Approval, Approval.revision_id == Revision.id)
        .where(Approval.post_id == post.id)
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
        select(Revision.author_id).where(Revision.post_id == post.id).distinct()
    )
    return rules.writers(authors, post.story.owner_id)


def _submit(actor: User | None, post: Post) -> None:
    service.move(actor, post, "submit", revision=post.revision)
    post.submitted_at = clock.now()


def _refuse_problems(posts: list[Post]) -> None:
    blocking = [
        (post, problem) for post in posts for problem in service.problems(post) if problem.blocking
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


def _worded(text: str, field: str, empty: str) -> str:
    text = rules.clean(text).strip()
    if not text:
        raise Invalid(empty, fields={field: empty})
    if len(text) > 10_000:
        long = _("Please write at most 10,000 characters.")
        raise Invalid(long, fields={field: long})
    return text


def _say(
    actor: User | None, story: Story, text: str, post: Post | None, *, request: bool = False
) -> Comment:
    said = Comment(
        story_id=story.id,
        post_id=post.id if post else None,
        revision_id=post.head.id if post else None,
        author_id=actor.id if actor else None,
        text=text,
        request=request,
        at=clock.now(),
    )
    db.session.add(said)
    db.session.flush()
    return said


def _tell_editors(actor: User | None, story: Story, posts: list[Post]) -> None:
    """One notice per editor, whatever the number of posts; the one who submits knows already."""
    path = f"/review/{posts[0].id}" if len(posts) == 1 else "/review"
    values = {
        "title": story.title,
        "by": actor.name if actor else audit.SYSTEM,
        "count": len(posts),
    }
    for person in people.everyone():
        if (
            person.active
            and at_least(person.role, Role.EDITOR)
            and (not actor or person.id != actor.id)
        ):
            notices.notify(person, "review_requested", values, path)


def _tell_writers(actor: User | None, post: Post, kind: str, more: dict[str, str]) -> None:
    story = post.story
    values = {
        "title": story.title,
        "account": post.account.label,
        "by": actor.name if actor else audit.SYSTEM,
        **more,
    }
    for person in {story.owner, *story.authors}:
        if actor is None or person.id != actor.id:
            notices.notify(
                person, kind, values, f"/stories/{story.id}?post={post.id}#post-{post.id}"
            )
